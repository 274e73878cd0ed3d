package wsman

import (
	"encoding/json"
	"slices"
	"strings"

	"itmsbot/lab/world"
)

// looking is what the scripts that change nothing have in common: their parameter, and
// the machine as it is.
func (m machine) looking(args json.RawMessage) (in object, v world.Inside, err error) {
	if in, err = parseArgs(args); err != nil {
		return nil, v, err
	}
	v, err = m.world.Inside(m.host)
	return in, v, err
}

// answerOf is what every script says about its machine.
func answerOf(v world.Inside) object {
	return object{"machine": v.Machine, "name": v.Name, "now": dotnetTime(v.Now)}
}

// with adds to what an object says.
func (o object) with(more object) object {
	for k, v := range more {
		o[k] = v
	}
	return o
}

// hostRecord is the twin of host-record.ps1.
func hostRecord(m machine, args json.RawMessage) (object, error) {
	_, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	networks, products := []object{}, []object{}
	for _, n := range v.Networks {
		networks = append(networks, object{"interface": n.Interface, "name": n.Name, "profile": n.Profile})
	}
	for _, p := range v.Products {
		products = append(products, object{"code": p.Code, "name": p.Name, "version": p.Version, "publisher": p.Publisher})
	}
	account := object{
		"domain": v.Account.Domain, "joined": v.Account.Joined, "trusted": nil, "password_seconds": nil,
		"password_days": 30, "password_fixed": false,
	}
	if v.Account.Joined {
		account["trusted"] = v.Account.Trusted
		account["password_seconds"] = int64(v.Now.Sub(v.Account.Renewed).Seconds())
	}
	return answerOf(v).with(object{
		"bios": strings.ToUpper(v.BIOS), "windows": v.Windows, "boot": dotnetTime(v.Boot),
		"networks": networks, "products": products, "account": account,
		"services": servicesOf(v, func(world.Service) bool { return true }),
	}), nil
}

// servicesOf are the services that somebody wants, as the scripts write them.
func servicesOf(v world.Inside, wanted func(world.Service) bool) []object {
	list := []object{}
	for _, s := range v.Services {
		if wanted(s) {
			list = append(list, object{"name": s.Name, "display": s.Display, "state": s.State, "start": s.Start, "account": s.Account})
		}
	}
	return list
}

// diskRead is the twin of disk-read.ps1.
func diskRead(m machine, args json.RawMessage) (object, error) {
	_, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	disks := []object{}
	for _, d := range v.Disks {
		disks = append(disks, object{"name": d.Drive, "free": int64(d.FreeGB) << 30, "size": int64(d.SizeGB) << 30, "system": d.Drive == "C:"})
	}
	return answerOf(v).with(object{"disks": disks}), nil
}

// queueRead is the twin of queue-read.ps1.
func queueRead(m machine, args json.RawMessage) (object, error) {
	in, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	if !v.SMP {
		return nil, &exception{"System.InvalidOperationException", "this machine has no Notification Server"}
	}
	limit, err := property[float64](in, "cap")
	if err != nil {
		return nil, err
	}
	wanted, err := in.strings("services")
	if err != nil {
		return nil, err
	}
	folder := func(name string, files int) object {
		return object{"name": name, "there": true, "files": min(files, int(limit)), "capped": files > int(limit)}
	}
	return answerOf(v).with(object{
		"path": world.QueuePath, "path_default": false,
		"folders":  []object{folder("EvtInbox", v.Inbox), folder("EvtQueue", v.Bodies)},
		"services": servicesOf(v, func(s world.Service) bool { return contains(wanted, s.Name) }),
		"flushes":  v.Flush, "paused": v.Paused,
	}), nil
}

// rebootRead is the twin of reboot-read.ps1.
func rebootRead(m machine, args json.RawMessage) (object, error) {
	in, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	key, err := property[string](in, "key")
	if err != nil {
		return nil, err
	}
	reasons, installers := []object{}, []object{}
	for _, p := range v.Pending {
		items := slices.Clone(p.Items)
		reasons = append(reasons, object{
			"code": p.Code, "count": max(1, len(items)), "items": append([]string{}, items[:min(len(items), 20)]...),
		})
	}
	for _, p := range v.Installers {
		installers = append(installers, object{"process": p.Name, "pid": p.PID, "since": dotnetTime(p.Since)})
	}
	out := answerOf(v).with(object{
		"boot": dotnetTime(v.Boot), "laid": nil, "ordered": nil, "reasons": reasons, "agent": nil,
		"installers": installers, "in_progress": v.Installing, "schedules": v.Schedules,
	})
	if at, ok := v.Laid[key]; ok {
		out["laid"] = dotnetTime(at)
	}
	if at, ok := v.Ordered[key]; ok {
		out["ordered"] = dotnetTime(at)
	}
	if v.Action != nil {
		out["agent"] = object{"action": v.Action.Action, "deadline": v.Action.Deadline}
	}
	return out, nil
}

// What the scripts name what they changed.
const (
	bootKeyName = `HKLM\SOFTWARE\itmsbot\Boot`
	restartName = "restart"
)

// rebootLay is the twin of reboot-lay.ps1.
func rebootLay(m machine, args json.RawMessage) (object, error) {
	key, out, mine, err := m.keyed(args, "a boot key needs a name")
	if err != nil || !mine {
		return out.object(), err
	}
	changed, err := m.world.LayBootKey(m.host, key)
	if changed {
		out.changed = append(out.changed, bootKeyName)
	}
	return out.object(), err
}

// rebootOrder is the twin of reboot-order.ps1.
func rebootOrder(m machine, args json.RawMessage) (object, error) {
	key, out, mine, err := m.keyed(args, "an order needs a boot key")
	if err != nil || !mine {
		return out.object(), err
	}
	v, err := m.world.Inside(m.host)
	if err != nil {
		return nil, err
	}
	if _, ok := v.Laid[key]; !ok {
		out.missing = append(out.missing, bootKeyName)
		return out.object(), nil
	}
	if _, ok := v.Ordered[key]; ok {
		return out.object(), nil
	}
	ordered, err := m.world.OrderRestart(m.host, key)
	if err != nil {
		return nil, err
	}
	if !ordered { // ERROR_SHUTDOWN_IS_SCHEDULED
		return nil, &exception{"System.InvalidOperationException", "shutdown.exe ended with code 1190"}
	}
	out.changed = append(out.changed, restartName)
	return out.object(), nil
}

// keyed is what the changing scripts have in common whose other parameter is a key.
func (m machine) keyed(args json.RawMessage, needed string) (key string, out report, mine bool, err error) {
	in, _, out, mine, err := m.changing(args)
	if err != nil || !mine {
		return "", out, mine, err
	}
	if key, err = property[string](in, "key"); err != nil {
		return "", out, true, err
	}
	if key == "" {
		return "", out, true, &exception{"System.ArgumentException", needed}
	}
	return key, out, true, nil
}
