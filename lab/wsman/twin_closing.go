package wsman

import (
	"encoding/json"
	"regexp"
	"time"

	"itmsbot/lab/world"
)

// closingName is what the scripts call the task of a closing, before its key.
const closingName = "itmsbot-close "

// closingKey is what the scripts take for a key: the name of the task must be one.
var closingKey = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,98}[A-Za-z0-9])?$`)

// closingsOf are the closings as firewall-read.ps1 writes them.
func closingsOf(v world.View) []object {
	list := []object{}
	for _, c := range v.Closings {
		list = append(list, object{"key": c.Key, "due": dotnetTime(c.Due), "enabled": !c.Off})
	}
	return list
}

// closingArm is the twin of closing-arm.ps1.
func closingArm(m machine, args json.RawMessage) (object, error) {
	in, v, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	key, err := property[string](in, "key")
	if err != nil {
		return nil, err
	}
	seconds, err := property[float64](in, "seconds")
	if err != nil {
		return nil, err
	}
	names, err := in.strings("names")
	if err != nil {
		return nil, err
	}
	if !closingKey.MatchString(key) || seconds < 60 || seconds > 604800 || len(names) == 0 {
		return nil, &exception{"System.ArgumentException", "a closing needs a plain key, 60 to 604800 seconds and the names of rules"}
	}
	due := v.Now.Truncate(time.Second).Add(time.Duration(seconds) * time.Second)
	if err := m.world.RegisterClosing(m.host, world.Closing{Key: key, Due: due, Names: names}); err != nil {
		return nil, err
	}
	out.changed = append(out.changed, closingName+key)
	return out.object(), nil
}

// closingDisarm is the twin of closing-disarm.ps1.
func closingDisarm(m machine, args json.RawMessage) (object, error) {
	in, _, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	key, err := property[string](in, "key")
	if err != nil {
		return nil, err
	}
	if !closingKey.MatchString(key) {
		return nil, &exception{"System.ArgumentException", "a closing has a plain key"}
	}
	removed, err := m.world.RemoveClosing(m.host, key)
	if err != nil {
		return nil, err
	}
	if removed {
		out.changed = append(out.changed, closingName+key)
	}
	return out.object(), nil
}
