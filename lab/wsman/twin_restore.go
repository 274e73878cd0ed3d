package wsman

import (
	"encoding/json"
	"time"

	"itmsbot/lab/world"
)

// What the scripts name what they changed.
const (
	taskName   = "itmsbot-restore"
	markerName = `HKLM\SOFTWARE\itmsbot\Restore`
)

// restoreOf is the self-restore as firewall-read.ps1 writes it.
func restoreOf(v world.View) any {
	switch {
	case v.Task != nil:
		return object{
			"key": v.Task.Key, "due": dotnetTime(v.Task.Due),
			"armed": v.Marker == v.Task.Key && v.Task.Due.After(v.Now),
		}
	case v.Marker != "":
		return object{"key": v.Marker, "due": "0001-01-01T00:00:00Z", "armed": false}
	}
	return nil
}

// restoreArm is the twin of restore-arm.ps1.
func restoreArm(m machine, args json.RawMessage) (object, error) {
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
	if key == "" || seconds < 60 || seconds > 86400 || len(names) == 0 {
		return nil, &exception{"System.ArgumentException", "a restore needs a key, 60 to 86400 seconds and the names of rules"}
	}
	if v.Task != nil && v.Task.Key != key {
		out.missing = append(out.missing, taskName)
		return out.object(), nil
	}
	if err := m.world.SetMarker(m.host, key); err != nil {
		return nil, err
	}
	due := v.Now.Truncate(time.Second).Add(time.Duration(seconds) * time.Second)
	task := world.Task{Key: key, Due: due, End: due.Add(5 * time.Minute), Names: names}
	if err := m.world.RegisterTask(m.host, task); err != nil {
		return nil, err
	}
	out.changed = append(out.changed, markerName, taskName)
	return out.object(), nil
}

// restoreDisarm is the twin of restore-disarm.ps1.
func restoreDisarm(m machine, args json.RawMessage) (object, error) {
	in, v, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return out.object(), err
	}
	key, err := property[string](in, "key")
	if err != nil {
		return nil, err
	}
	switch v.Marker {
	case key:
		if err := m.world.SetMarker(m.host, ""); err != nil {
			return nil, err
		}
		out.changed = append(out.changed, markerName)
	case "":
	default:
		out.missing = append(out.missing, markerName)
	}
	switch {
	case v.Task == nil:
	case v.Task.Key == key:
		if err := m.world.RemoveTask(m.host); err != nil {
			return nil, err
		}
		out.changed = append(out.changed, taskName)
	default:
		out.missing = append(out.missing, taskName)
	}
	return out.object(), nil
}
