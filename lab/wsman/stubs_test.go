package wsman

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"itmsbot/lab/world"
)

// findings are what the stubs give to whoever asks for it, as Windows would have it.
func findings(t *testing.T, v world.View, in world.Inside) object {
	t.Helper()
	rules := []object{}
	for _, r := range v.Rules {
		rules = append(rules, object{"name": r.Name, "display": r.Display, "group": r.Group, "enabled": r.Enabled, "action": r.Action, "store": r.Store,
			"source": r.Source, "profile": r.Profile, "protocol": r.Protocol, "ports": r.Ports, "remote": masked(r.Remote), "program": r.Program})
	}
	networks := []object{}
	for _, n := range in.Networks {
		networks = append(networks, object{"name": n.Name, "interface": n.Interface, "category": strings.ReplaceAll(n.Profile, "Domain", "DomainAuthenticated")})
	}
	own := netip.MustParseAddr("10.99.0.1")
	connections := []object{tcp(own, 443, "Established"), tcp(netip.MustParseAddr("127.0.0.1"), 443, "Established")}
	for _, c := range v.Connections {
		for range c.Count {
			connections = append(connections, tcp(c.Remote, c.Port, "Established"))
		}
		connections = append(connections, tcp(c.Remote, c.Port, "TimeWait"))
	}
	if v.Caller.IsValid() {
		connections = append(connections, tcp(v.Caller, 5985, "Established"))
	}
	return object{"profiles": profilesOf(v), "networks": networks, "rules": rules, "addresses": []string{own.String(), "fe80::1%4"},
		"connections": connections, "tasks": tasksOf(v), "registry": registryOf(t, v, in), "cim": cimOf(in)}
}

func tcp(remote netip.Addr, port int, state string) object {
	return object{"remote": remote.String(), "port": port, "state": state}
}

// masked is how Windows gives the prefix length of an IPv4 network.
func masked(remote []string) []string {
	list := []string{}
	for _, r := range remote {
		if p, err := netip.ParsePrefix(r); err == nil && p.Addr().Is4() {
			r = p.Addr().String() + "/" + net.IP(net.CIDRMask(p.Bits(), 32)).String()
		}
		list = append(list, r)
	}
	return list
}

// key is a key of the registry and its values. Texts have a sign before them.
func key(path string, pairs ...any) object {
	values := []object{}
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		switch v := value.(type) {
		case string:
			value = "=" + v
		case []string:
			signed := []string{}
			for _, s := range v {
				signed = append(signed, "="+s)
			}
			value = signed
		}
		values = append(values, object{"name": pairs[i], "value": value})
	}
	return object{"path": `HKLM:\` + path, "values": values}
}

// registryOf has what the scripts read, and the folders of the queue on this machine.
func registryOf(t *testing.T, v world.View, in world.Inside) []object {
	t.Helper()
	const control, current = `SYSTEM\CurrentControlSet\Control`, `SOFTWARE\Microsoft\Windows\CurrentVersion`
	queue := filepath.Join(t.TempDir(), "queue")
	for folder, files := range map[string]int{`\EvtInbox`: in.Inbox, `\EvtQueue`: in.Bodies} {
		if err := os.MkdirAll(queue+folder, 0o700); err != nil {
			t.Fatal(err)
		}
		for n := range files {
			if err := os.WriteFile(filepath.Join(queue+folder, strconv.Itoa(n)+".nse"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	keys := []object{key(`SOFTWARE\Microsoft\Cryptography`, "MachineGuid", v.Machine), key(control+`\ComputerName\ActiveComputerName`, "ComputerName", v.Name)}
	server := []any{"EventQueuePath", queue + `\`, "FlushAgentEvents", digit(in.Flush), "PauseActivities", digit(in.Paused)}
	if in.Schedules {
		server = append(server, "RecreateAllSchedulesPostUpgrade", 1)
	}
	if in.SMP {
		keys = append(keys, key(`SOFTWARE\Altiris\eXpress\Notification Server`, server...))
	}
	if v.Marker != "" {
		keys = append(keys, key(`SOFTWARE\itmsbot`, "Restore", v.Marker))
	}
	keys = append(keys, key(current+`\Uninstall`), key(current+`\Uninstall\{0A1B2C3D-0000-0000-0000-000000000001}`, "DisplayName", "Somebody else's", "Publisher", "Contoso"),
		key(current+`\Uninstall\WIC`)) // as Windows has keys without a name
	for _, p := range in.Products {
		keys = append(keys, key(current+`\Uninstall\`+p.Code, "DisplayName", p.Name, "DisplayVersion", p.Version, "Publisher", p.Publisher))
	}
	keys = append(keys, key(`SYSTEM\CurrentControlSet\Services\`+sessionService, "Type", 0xe0))
	for at, marks := range map[string]map[string]string{"Boot": times(in.Laid), "Restart": times(in.Ordered)} {
		pairs := []any{}
		for name, when := range marks {
			pairs = append(pairs, name, when)
		}
		keys = append(keys, key(`SOFTWARE\itmsbot\`+at, pairs...))
	}
	wanted, session, netlogon := v.Name, []any{}, []any{}
	for _, p := range in.Pending {
		switch p.Code {
		case "file-rename":
			pairs := []string{}
			for _, file := range p.Items {
				pairs = append(pairs, `\??\`+file, "")
			}
			session = append(session, "PendingFileRenameOperations", pairs)
		case "servicing":
			keys = append(keys, key(current+`\Component Based Servicing\RebootPending`))
		case "windows-update":
			keys = append(keys, key(current+`\WindowsUpdate\Auto Update\RebootRequired`))
		case "domain-join":
			netlogon = append(netlogon, "JoinDomain", 1)
		case "computer-rename":
			wanted += "-NEW"
		default:
			t.Fatalf("no registry for %s", p.Code)
		}
	}
	if in.Action != nil {
		keys = append(keys, key(`SOFTWARE\Altiris\Altiris Agent\Dynamic Data\PowerActions`, "ScheduledPowerAction", in.Action.Action, "ScheduledPowerActionDeferralLimit", in.Action.Deadline))
	}
	if in.Installing {
		keys = append(keys, key(current+`\Installer\InProgress`))
	}
	return append(keys, key(control+`\Session Manager`, session...), key(`SYSTEM\CurrentControlSet\Services\Netlogon`, netlogon...),
		key(control+`\ComputerName\ComputerName`, "ComputerName", wanted))
}

// times are as the scripts write them.
func times(marks map[string]time.Time) map[string]string {
	list := map[string]string{}
	for name, at := range marks {
		list[name] = dotnetTime(at)
	}
	return list
}

// sessionService is the copy of a service for one logon session.
const sessionService = "CDPUserSvc_4a2f1"

// tasksOf has the self-restore where there is one, the closings, and a task of somebody
// else's that is named like one of ours.
func tasksOf(v world.View) []object {
	task := func(name, description, start, interval string) object {
		return object{"name": name, "description": description, "start": "=" + start, "end": nil, "interval": interval, "available": interval != "", "off": false, "arguments": ""}
	}
	list := []object{task("itmsbot-report", "somebody's", "2026-01-01T00:00:00", "")}
	if v.Task != nil {
		list = append(list, task(taskName, v.Task.Key, dotnetTime(v.Task.Due), ""))
	}
	for _, c := range v.Closings {
		closing := task(closingName+c.Key, c.Key, dotnetTime(c.Due), "PT1M")
		closing["off"] = c.Off
		list = append(list, closing)
	}
	return list
}

func digit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// cimOf are the instances that Get-CimInstance finds.
func cimOf(in world.Inside) []object {
	instance := func(class string, times []object, pairs ...any) object {
		properties := []object{}
		for i := 0; i < len(pairs); i += 2 {
			properties = append(properties, object{"name": pairs[i], "value": pairs[i+1]})
		}
		return object{"class": class, "properties": properties, "times": times}
	}
	list := []object{
		instance("Win32_ComputerSystem", []object{}, "Domain", in.Account.Domain, "PartOfDomain", in.Account.Joined),
		instance("Win32_ComputerSystemProduct", []object{}, "UUID", strings.ToUpper(in.BIOS)),
		instance("Win32_Service", []object{}, "Name", sessionService, "DisplayName", "Connected Devices", "State", "Running", "StartMode", "Manual", "StartName", "", "ProcessId", 0),
		instance("Win32_OperatingSystem", []object{{"name": "LastBootUpTime", "value": in.Boot.Unix()}}, "Version", in.Windows),
		instance("Win32_Process", []object{}, "Name", "Idle", "ProcessId", 0, "ExecutablePath", nil, "CreationDate", nil),
		instance("Win32_Volume", []object{}, "Name", `\\?\Volume{4c1b2a3d-0000-0000-0000-100000000000}\`, "DriveType", 3, "Capacity", 500<<20, "FreeSpace", 100<<20),
		instance("Win32_Volume", []object{}, "Name", `Z:\`, "DriveType", 5, "Capacity", nil, "FreeSpace", nil),
	}
	for _, s := range in.Services {
		list = append(list, instance("Win32_Service", []object{}, "Name", s.Name, "DisplayName", s.Display, "State", s.State, "StartMode", s.Start, "StartName", s.Account, "ProcessId", 0))
	}
	for _, d := range in.Disks {
		list = append(list, instance("Win32_Volume", []object{}, "Name", d.Drive+`\`, "DriveType", 3, "Capacity", int64(d.SizeGB)<<30, "FreeSpace", int64(d.FreeGB)<<30))
	}
	for _, p := range in.Installers {
		list = append(list, instance("Win32_Process", []object{{"name": "CreationDate", "value": p.Since.Unix()}}, "Name", p.Name, "ProcessId", p.PID, "ExecutablePath", `C:\Windows\System32\`+p.Name))
	}
	return list
}
