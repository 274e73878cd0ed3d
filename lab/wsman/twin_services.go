package wsman

import (
	"encoding/json"
	"slices"

	"itmsbot/lab/world"
)

// serviceSwitch is the twin of service-switch.ps1. In the world no service takes long,
// and none depends on another.
func serviceSwitch(m machine, args json.RawMessage) (object, error) {
	in, _, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	on, err := property[bool](in, "on")
	if err != nil {
		return nil, err
	}
	names, err := in.strings("names")
	if err != nil {
		return nil, err
	}
	if !on && (contains(names, "WinRM") || contains(names, "MpsSvc")) {
		return nil, &exception{"System.ArgumentException", "remote management and the firewall are not stopped here"}
	}
	if !on {
		slices.Reverse(names)
	}
	for _, name := range names {
		changed, err := m.world.SwitchService(m.host, name, on)
		switch {
		case world.Missing(err):
			out.missing = append(out.missing, name)
		case err != nil:
			return nil, err
		case changed:
			out.changed = append(out.changed, name)
		}
	}
	return out.object(), nil
}
