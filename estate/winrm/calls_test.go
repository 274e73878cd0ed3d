package winrm_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/estate"
	"itmsbot/estate/winrm"
	"itmsbot/estate/winrm/scripts"
)

// TestCalls holds what each typed call sends: which script, and its arguments in
// the shape that the script's header states. Lists are lists even when empty.
func TestCalls(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, nil)
	m := w.machine
	changed := func(_ estate.Changed, err error) error { return err }
	for _, tt := range []struct {
		script string
		call   func() error
		args   string
	}{
		{"firewall-read", func() error {
			_, err := f.Firewall(t.Context(), "SMP1", estate.Look, estate.FirewallQuery{WinRMPort: 5985})
			return err
		}, `{"names":[],"ports":[],"winrm_port":5985}`},
		{"firewall-read", func() error {
			_, err := f.Firewall(t.Context(), "SMP1", estate.Change, estate.FirewallQuery{Names: []string{"a"}, Ports: []string{"80"}, WinRMPort: 5986})
			return err
		}, `{"names":["a"],"ports":["80"],"winrm_port":5986}`},
		{"firewall-add", func() error {
			return changed(f.AddRules(t.Context(), "SMP1", m, []estate.NewRule{{Name: "n", Display: "d", Ports: []string{"80"}}}))
		}, `{"machine":"` + m + `","group":"itmsbot","rules":[{"name":"n","display":"d","ports":["80"],"remote":[]}]}`},
		{"firewall-add", func() error { return changed(f.AddRules(t.Context(), "SMP1", m, nil)) },
			`{"machine":"` + m + `","group":"itmsbot","rules":[]}`},
		{"firewall-copy", func() error {
			return changed(f.CopyRules(t.Context(), "SMP1", m, []estate.RuleCopy{{Name: "n", Display: "d", From: "o", Protocol: "ICMPv4"}}))
		}, `{"machine":"` + m + `","group":"itmsbot","copies":[{"name":"n","display":"d","from":"o","protocol":"ICMPv4","ports":[]}]}`},
		{"firewall-copy", func() error { return changed(f.CopyRules(t.Context(), "SMP1", m, nil)) },
			`{"machine":"` + m + `","group":"itmsbot","copies":[]}`},
		{"firewall-switch", func() error { return changed(f.SwitchRules(t.Context(), "SMP1", m, []string{"a", "b"}, true)) },
			`{"machine":"` + m + `","names":["a","b"],"on":true}`},
		{"firewall-switch", func() error { return changed(f.SwitchRules(t.Context(), "SMP1", m, nil, false)) },
			`{"machine":"` + m + `","names":[],"on":false}`},
		{"firewall-remove", func() error { return changed(f.RemoveRules(t.Context(), "SMP1", m, []string{"a"})) },
			`{"machine":"` + m + `","names":["a"],"group":"itmsbot"}`},
		{"restore-arm", func() error {
			return changed(f.ArmRestore(t.Context(), "SMP1", m, estate.RestoreOrder{Key: "U-1 R-2", Seconds: 600, Names: []string{"a"}}))
		}, `{"machine":"` + m + `","key":"U-1 R-2","seconds":600,"names":["a"]}`},
		{"restore-disarm", func() error { return changed(f.DisarmRestore(t.Context(), "SMP1", m, "U-1 R-2")) },
			`{"machine":"` + m + `","key":"U-1 R-2"}`},
		{"service-switch", func() error {
			return changed(f.SwitchServices(t.Context(), "SMP1", m, []string{"AeXSvc", "EventEngine"}, true))
		},
			`{"machine":"` + m + `","names":["AeXSvc","EventEngine"],"on":true}`},
		{"service-switch", func() error { return changed(f.SwitchServices(t.Context(), "SMP1", m, nil, false)) },
			`{"machine":"` + m + `","names":[],"on":false}`},
		{"closing-arm", func() error {
			return changed(f.ArmClosing(t.Context(), "SMP1", m, estate.ClosingOrder{Key: "U-1 R-2", Seconds: 7200, Names: []string{"itmsbot-a"}}))
		}, `{"machine":"` + m + `","key":"U-1 R-2","seconds":7200,"names":["itmsbot-a"]}`},
		{"closing-arm", func() error {
			return changed(f.ArmClosing(t.Context(), "SMP1", m, estate.ClosingOrder{Key: "U-1 R-2", Seconds: 60}))
		}, `{"machine":"` + m + `","key":"U-1 R-2","seconds":60,"names":[]}`},
		{"closing-disarm", func() error { return changed(f.DisarmClosing(t.Context(), "SMP1", m, "U-1 R-2")) },
			`{"machine":"` + m + `","key":"U-1 R-2"}`},
		{"host-record", func() error { _, err := f.Record(t.Context(), "SMP1", estate.Look); return err }, `{}`},
		{"disk-read", func() error { _, err := f.Disks(t.Context(), "SMP1", estate.Change); return err }, `{}`},
		{"file-newest", func() error { _, err := f.NewestFile(t.Context(), "SMP1", estate.Look, `D:\Backup`); return err },
			`{"path":"D:\\Backup","cap":100000,"seconds":12}`},
		{"queue-read", func() error { _, err := f.QueueFiles(t.Context(), "SMP1", estate.Look); return err },
			`{"cap":100000,"services":["AeXSvc","AltirisClientMsgDispatcher","AltirisReceiverService","EventEngine","EventReceiver"]}`},
		{"log-read", func() error {
			_, err := f.ReadLogs(t.Context(), "SMP1", estate.Look, estate.LogQuery{Hours: 24, MaxGroups: 10})
			return err
		}, `{"hours":24,"groups":10}`},
		{"iis-read", func() error {
			_, err := f.ReadIIS(t.Context(), "SMP1", estate.Change, estate.IISQuery{Seconds: 600, MaxCallers: 1000})
			return err
		}, `{"seconds":600,"callers":1000}`},
		{"evidence-read", func() error {
			_, err := f.Evidence(t.Context(), "SMP1", estate.Look, estate.EvidenceQuery{Kinds: []string{"smp-logs"}, Since: time.Unix(1764313200, 5).In(time.FixedZone("CET", 3600)), FileBytes: 1 << 10, MostBytes: 1 << 20})
			return err
		}, `{"kinds":["smp-logs"],"since":"2025-11-28T07:00:00Z","file_bytes":1024,"most_bytes":1048576}`},
		{"reboot-read", func() error { _, err := f.RebootState(t.Context(), "SMP1", estate.Look, "U-1 R-2 6.1"); return err },
			`{"key":"U-1 R-2 6.1"}`},
		{"reboot-lay", func() error { return changed(f.LayBootKey(t.Context(), "SMP1", m, "U-1 R-2 6.1")) },
			`{"machine":"` + m + `","key":"U-1 R-2 6.1"}`},
		{"reboot-order", func() error { return changed(f.OrderReboot(t.Context(), "SMP1", m, "U-1 R-2 6.1")) },
			`{"machine":"` + m + `","key":"U-1 R-2 6.1"}`},
	} {
		t.Run(tt.script, func(t *testing.T) {
			if err := tt.call(); err != nil {
				t.Fatal(err)
			}
			seen := w.calls()
			last := seen[len(seen)-1]
			text, err := scripts.Text(tt.script)
			if err != nil {
				t.Fatal(err)
			}
			if last.Script != text {
				t.Errorf("another script was run: %.60s", last.Script)
			}
			var got, want any
			if err := json.Unmarshal(last.Args, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tt.args), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDisarmLogsOnAnew: the self-restore goes only when a new connection has
// proved that the bot gets in.
func TestDisarmLogsOnAnew(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, nil)
	if _, err := f.SwitchRules(t.Context(), "SMP1", w.machine, nil, false); err != nil {
		t.Fatal(err)
	}
	before := w.Stats()
	if _, err := f.DisarmRestore(t.Context(), "SMP1", w.machine, "U-1 R-2"); err != nil {
		t.Fatal(err)
	}
	if after := w.Stats(); after.Connections != before.Connections+1 || after.Handshakes != before.Handshakes+1 {
		t.Errorf("from %+v to %+v", before, after)
	}

	// Where no new connection can be made, nothing is disarmed.
	f = w.fleet(t, func(h *winrm.Host, _ *winrm.Options) {
		h.Login.Password = func() (string, error) { return "wrong", nil }
	})
	commands := w.Stats().Commands
	_, err := f.DisarmRestore(t.Context(), "SMP1", w.machine, "U-1 R-2")
	expect(t, err, estate.Refused, "")
	if w.Stats().Commands != commands {
		t.Error("a command was run")
	}
}
