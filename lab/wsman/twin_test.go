package wsman

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/lab/world"
)

const smpGUID = "8d1f0c6e-52b4-4b7a-9a53-0f6b2f7d1a01"

// TestTwinsAreCompared holds that every script's text is in twins.txt under its own
// name, so that nobody changes a script without looking at its twin.
func TestTwinsAreCompared(t *testing.T) {
	known, err := parseTwins(twinsText)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../estate/winrm/scripts/*.ps1")
	if err != nil || len(files) == 0 {
		t.Fatalf("scripts of estate/winrm: %d, %v", len(files), err)
	}
	tests, err := filepath.Glob("../../selftest/*.ps1")
	if err != nil || len(tests) == 0 {
		t.Fatalf("scripts of the self-test: %d, %v", len(tests), err)
	}
	for _, file := range append(append(files, "../../estate/winrm/bootstrap.ps1"), tests...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, sum := strings.TrimSuffix(filepath.Base(file), ".ps1"), sumOf(string(text))
		if slices.Contains(tests, file) {
			name = "selftest-" + name
		}
		if known[sum].name != name {
			t.Errorf("%s has changed. Compare it with its twin, then write in twins.txt:\n%s  %s  %s  %s",
				filepath.Base(file), sum, name, time.Now().UTC().Format(time.DateOnly), name)
		}
		delete(known, sum)
	}
	for sum, entry := range known {
		t.Errorf("twins.txt has %s for %s, which no script is", sum, entry.name)
	}
}

// TestEveryTwinIsThere holds that each name of twins.txt leads to a twin.
func TestEveryTwinIsThere(t *testing.T) {
	known, err := parseTwins(twinsText)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range known {
		if _, ok := twins()[entry.twin]; !ok && entry.twin != bootstrapTwin {
			t.Errorf("%s: there is no twin %q", entry.name, entry.twin)
		}
	}
}

func TestParseTwinsRefuses(t *testing.T) {
	sum := strings.Repeat("a", 64)
	for _, line := range []string{
		"abc  name  2026-11-22  twin",
		sum + "  name  2026-11-22",
		sum + "  name  yesterday  twin",
	} {
		if _, err := parseTwins("# list\n" + line + "\n"); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: err = %v, want one that names line 2", line, err)
		}
	}
}

// estateHost is a world and one of its hosts, for calls as the product makes them.
type estateHost struct {
	*testing.T
	world *world.World
	name  string
}

func newHost(t *testing.T, name string) estateHost {
	return estateHost{t, world.New(world.Options{Manual: true}), name}
}

// call plays a twin with what the product sends and reads the answer as strictly as
// it can be read: no key that the struct has not, none missing.
func (h estateHost) call(script string, args, into any) {
	h.Helper()
	if err := h.try(script, args, into); err != nil {
		h.Fatalf("%s: %v", script, err)
	}
}

func (h estateHost) try(script string, args, into any) error {
	h.Helper()
	in, err := json.Marshal(args)
	if err != nil {
		h.Fatal(err)
	}
	out, err := twins()[script](machine{h.world, h.name, newCommand("")}, in)
	if err != nil {
		return err
	}
	text, err := json.Marshal(out)
	if err != nil {
		h.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		h.Fatalf("%s: %v in %s", script, err, text)
	}
	sameKeys(h.T, script, out, reflect.TypeOf(into).Elem())
	return nil
}

// sameKeys holds that an object has exactly the keys of a struct, all the way down.
func sameKeys(t *testing.T, path string, v any, typ reflect.Type) {
	t.Helper()
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch v := v.(type) {
	case object:
		keys := jsonKeys(typ)
		for name, field := range keys {
			value, ok := v[name]
			if !ok {
				t.Errorf("%s has no %q", path, name)
			} else if value == nil && field.Kind() != reflect.Pointer {
				t.Errorf("%s.%s is null", path, name)
			} else {
				sameKeys(t, path+"."+name, value, field)
			}
		}
		for name := range v {
			if _, ok := keys[name]; !ok {
				t.Errorf("%s has %q, which nobody reads", path, name)
			}
		}
	case []object:
		for i, o := range v {
			sameKeys(t, fmt.Sprintf("%s[%d]", path, i), o, typ.Elem())
		}
	}
}

// jsonKeys are the keys by which encoding/json reads a struct, embedded ones too.
func jsonKeys(typ reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			for name, t := range jsonKeys(f.Type) {
				keys[name] = t
			}
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys[name] = f.Type
	}
	return keys
}

type (
	addOrder struct {
		Machine string           `json:"machine"`
		Group   string           `json:"group"`
		Rules   []estate.NewRule `json:"rules"`
	}
	switchOrder struct {
		Machine string   `json:"machine"`
		Names   []string `json:"names"`
		On      bool     `json:"on"`
	}
	removeOrder struct {
		Machine string   `json:"machine"`
		Group   string   `json:"group"`
		Names   []string `json:"names"`
	}
	armOrder struct {
		Machine string `json:"machine"`
		estate.RestoreOrder
	}
	closeOrder struct {
		Machine string `json:"machine"`
		estate.ClosingOrder
	}
	disarmOrder struct {
		Machine string `json:"machine"`
		Key     string `json:"key"`
	}
)

func (h estateHost) read(names ...string) estate.Firewall {
	h.Helper()
	var fw estate.Firewall
	h.call("firewall-read", estate.FirewallQuery{
		Names: append([]string{}, names...), Ports: []string{"80", "443", "4726", "50120-50124"}, WinRMPort: 5985,
	}, &fw)
	return fw
}

func TestFirewallReadShowsTheDoors(t *testing.T) {
	h := newHost(t, "SMP1")
	fw := h.read("ITMS-CEM-4726", "no such rule")
	host := estate.Host{Name: "SMP1", ClientPorts: []string{"80", "443", "4726", "50120-50124"}, WinRMPort: 5985}
	doors := estate.DoorsOf(host, fw, nil)
	if got := len(doors.Wide); got != 4 || len(doors.Policy)+len(doors.AnyPort)+len(doors.Faults) != 0 {
		t.Errorf("doors = %+v, want four wide rules and nothing else", doors)
	}
	if fw.Machine != smpGUID || fw.Name != "SMP1" || !fw.Now.Equal(h.world.Now()) {
		t.Errorf("answer = %+v", fw.Answer)
	}
	if len(fw.Local) != 1 || fw.Local[0].Name != "ITMS-CEM-4726" {
		t.Errorf("local = %+v, want the one that is there", fw.Local)
	}
	if len(fw.Peers) == 0 || fw.Restore != nil {
		t.Errorf("%d peers and restore %v, want some and none", len(fw.Peers), fw.Restore)
	}
}

func TestFirewallAdd(t *testing.T) {
	h := newHost(t, "SMP1")
	order := addOrder{smpGUID, "itmsbot", []estate.NewRule{
		{Name: "itmsbot-jump", Display: "jump host", Ports: []string{"443", "80"}, Remote: []string{"10.20.0.5/32"}},
	}}
	var c estate.Changed
	h.call("firewall-add", order, &c)
	if !slices.Equal(c.Changed, []string{"itmsbot-jump"}) {
		t.Fatalf("changed = %q, want the new rule", c.Changed)
	}
	order.Rules[0].Ports = []string{"80", "443"} // the same in another order
	h.call("firewall-add", order, &c)
	if len(c.Changed) != 0 {
		t.Errorf("changed = %q the second time, want nothing", c.Changed)
	}
	order.Rules[0].Remote = []string{"10.20.0.5", "10.20.1.0/28"}
	h.call("firewall-add", order, &c)
	if !slices.Equal(c.Changed, []string{"itmsbot-jump"}) {
		t.Errorf("changed = %q, want the rule that differs", c.Changed)
	}
	if got := h.read().Local; len(got) != 1 || !slices.Equal(got[0].Remote, order.Rules[0].Remote) || got[0].Group != "itmsbot" {
		t.Errorf("local = %+v, want the one rule as it was asked for last", got)
	}
}

func TestFirewallAddLeavesOthersAlone(t *testing.T) {
	h := newHost(t, "SMP1")
	before := h.world.Dump()
	order := addOrder{smpGUID, "itmsbot", []estate.NewRule{
		{Name: "itmsbot-new", Display: "new", Ports: []string{"443"}, Remote: []string{"10.20.0.5"}},
		{Name: "ITMS-CEM-4726", Display: "somebody else's", Ports: []string{"4726"}, Remote: []string{"10.20.0.5"}},
	}}
	err := h.try("firewall-add", order, new(estate.Changed))
	if e, ok := err.(*exception); !ok || e.class != "System.InvalidOperationException" {
		t.Errorf("err = %v, want an InvalidOperationException", err)
	}
	if !reflect.DeepEqual(before, h.world.Dump()) {
		t.Error("a rule was changed although one of them is somebody else's")
	}
}

func TestFirewallSwitch(t *testing.T) {
	h := newHost(t, "SMP1")
	order := switchOrder{Machine: smpGUID, Names: []string{"itms-cem-4726", "nobody"}}
	var c estate.Changed
	h.call("firewall-switch", order, &c)
	if !slices.Equal(c.Changed, []string{"itms-cem-4726"}) || !slices.Equal(c.Missing, []string{"nobody"}) {
		t.Errorf("changed %q missing %q, want the rule and nobody", c.Changed, c.Missing)
	}
	h.call("firewall-switch", order, &c)
	if len(c.Changed) != 0 {
		t.Errorf("changed %q the second time, want nothing", c.Changed)
	}
	if got := h.read("ITMS-CEM-4726").Local; len(got) != 1 || got[0].Enabled {
		t.Errorf("local = %+v, want the rule switched off", got)
	}
}

func TestFirewallRemoveGoesByGroup(t *testing.T) {
	h := newHost(t, "SMP1")
	h.call("firewall-add", addOrder{smpGUID, "itmsbot", []estate.NewRule{
		{Name: "itmsbot-jump", Display: "jump host", Ports: []string{"443"}, Remote: []string{"10.20.0.5"}},
	}}, new(estate.Changed))
	order := removeOrder{smpGUID, "itmsbot", []string{"itmsbot-jump", "ITMS-CEM-4726", "nobody"}}
	var c estate.Changed
	h.call("firewall-remove", order, &c)
	if !slices.Equal(c.Changed, []string{"itmsbot-jump"}) || !slices.Equal(c.Missing, []string{"ITMS-CEM-4726", "nobody"}) {
		t.Errorf("changed %q missing %q, want only the bot's own rule removed", c.Changed, c.Missing)
	}
	if got := h.read("ITMS-CEM-4726").Local; len(got) != 1 {
		t.Errorf("local = %+v, want somebody else's rule still there", got)
	}
}

func TestRestore(t *testing.T) {
	h := newHost(t, "SMP1")
	names := []string{"ITMS-CEM-4726"}
	order := armOrder{smpGUID, estate.RestoreOrder{Key: "U-1 R-12", Seconds: 1800, Names: names}}
	var c estate.Changed
	h.call("restore-arm", order, &c)
	if len(c.Changed) != 2 {
		t.Errorf("changed %q, want marker and task", c.Changed)
	}
	want := estate.Restore{Key: "U-1 R-12", Due: h.world.Now().Add(30 * time.Minute), Armed: true}
	if got := h.read().Restore; got == nil || *got != want {
		t.Errorf("restore = %+v, want %+v", got, want)
	}

	other := order
	other.Key = "U-1 R-13"
	h.call("restore-arm", other, &c)
	if len(c.Changed) != 0 || !slices.Equal(c.Missing, []string{"itmsbot-restore"}) {
		t.Errorf("arming for another: changed %q missing %q, want the task left", c.Changed, c.Missing)
	}
	h.call("restore-disarm", disarmOrder{smpGUID, "U-1 R-13"}, &c)
	if len(c.Changed) != 0 || len(c.Missing) != 2 {
		t.Errorf("disarming for another: changed %q missing %q, want both left", c.Changed, c.Missing)
	}
	h.call("restore-disarm", disarmOrder{smpGUID, "U-1 R-12"}, &c)
	if len(c.Changed) != 2 || len(c.Missing) != 0 {
		t.Errorf("disarming: changed %q missing %q, want both gone", c.Changed, c.Missing)
	}
	h.call("restore-disarm", disarmOrder{smpGUID, "U-1 R-12"}, &c)
	if len(c.Changed)+len(c.Missing) != 0 || h.read().Restore != nil {
		t.Errorf("disarming again: changed %q missing %q", c.Changed, c.Missing)
	}
}

func TestRestoreArmRefuses(t *testing.T) {
	h := newHost(t, "SMP1")
	for name, order := range map[string]estate.RestoreOrder{
		"no key":    {Seconds: 600, Names: []string{"a"}},
		"too soon":  {Key: "k", Seconds: 59, Names: []string{"a"}},
		"too late":  {Key: "k", Seconds: 86401, Names: []string{"a"}},
		"no names":  {Key: "k", Seconds: 600, Names: []string{}},
		"no moment": {Key: "k", Seconds: -1, Names: []string{"a"}},
	} {
		err := h.try("restore-arm", armOrder{smpGUID, order}, new(estate.Changed))
		if e, ok := err.(*exception); !ok || e.class != "System.ArgumentException" {
			t.Errorf("%s: err = %v, want an ArgumentException", name, err)
		}
	}
	if r := h.read().Restore; r != nil {
		t.Errorf("restore = %+v, want none", r)
	}
}

// TestAnotherMachineIsLeftAlone holds for every changing script: where the machine is
// not the one that was meant, nothing changes and the answer says who it is.
func TestAnotherMachineIsLeftAlone(t *testing.T) {
	const other = "00000000-0000-0000-0000-000000000000"
	names := []string{"ITMS-CEM-4726", "itmsbot-old"}
	for script, order := range map[string]any{
		"firewall-add":    addOrder{other, "itmsbot", []estate.NewRule{{Name: "itmsbot-x", Display: "x", Ports: []string{"443"}, Remote: []string{"10.20.0.5"}}}},
		"firewall-copy":   copyOrder{other, "itmsbot", []estate.RuleCopy{{Name: "itmsbot-y", Display: "y", From: names[0], Protocol: "TCP", Ports: []string{"1"}}}},
		"firewall-switch": switchOrder{Machine: other, Names: names},
		"firewall-remove": removeOrder{other, "itmsbot", names},
		"restore-arm":     armOrder{other, estate.RestoreOrder{Key: "k", Seconds: 600, Names: names}},
		"restore-disarm":  disarmOrder{other, "k"},
		"service-switch":  switchOrder{Machine: other, Names: []string{"AeXSvc"}},
		"closing-arm":     closeOrder{other, estate.ClosingOrder{Key: "k", Seconds: 600, Names: names}},
		"closing-disarm":  disarmOrder{other, "k"},
		"reboot-lay":      disarmOrder{other, "k"},
		"reboot-order":    disarmOrder{other, "k"},
	} {
		t.Run(script, func(t *testing.T) {
			h := newHost(t, "SMP1")
			if err := h.world.AddRule("SMP1", world.Rule{
				Name: "itmsbot-old", Group: "itmsbot", Enabled: true, Action: "Allow", Profile: "Any",
				Protocol: "TCP", Ports: []string{"443"}, Remote: []string{"10.20.0.5"}, Program: "Any",
			}); err != nil {
				t.Fatal(err)
			}
			if err := h.world.RegisterClosing("SMP1", world.Closing{Key: "k", Due: h.world.Now().Add(time.Hour), Names: names}); err != nil {
				t.Fatal(err)
			}
			if err := h.world.SetMarker("SMP1", "k"); err != nil {
				t.Fatal(err)
			}
			if _, err := h.world.LayBootKey("SMP1", "k2"); err != nil {
				t.Fatal(err)
			}
			before, view, marks := h.world.Dump(), h.read().Restore, h.marks()
			var c estate.Changed
			h.call(script, order, &c)
			if c.Machine != smpGUID || len(c.Changed)+len(c.Missing) != 0 {
				t.Errorf("answer = %+v, want the machine and nothing changed", c)
			}
			if !reflect.DeepEqual(before, h.world.Dump()) || *h.read().Restore != *view || !reflect.DeepEqual(marks, h.marks()) {
				t.Error("the machine was changed")
			}
		})
	}
}

// TestMissingPropertyEndsAScript is strict mode: a script that reads what it was not
// given fails, and its twin with it.
func TestMissingPropertyEndsAScript(t *testing.T) {
	h := newHost(t, "SMP1")
	for script := range twins() {
		switch script {
		case "host-record", "disk-read", "selftest-cmdlets", "selftest-throw", "selftest-exit":
			continue // they take nothing
		}
		args := object{"machine": smpGUID}
		err := h.try(script, args, new(map[string]any))
		if e, ok := err.(*exception); !ok || !strings.HasSuffix(e.class, "PropertyNotFoundException") {
			t.Errorf("%s: err = %v, want a PropertyNotFoundException", script, err)
		}
	}
}
