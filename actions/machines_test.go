package actions

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// whatMachines are wrong: nothing is begun with them.
func TestMachineRefusal(t *testing.T) {
	good := machine{host: estate.Host{Name: "SMP1", Role: estate.SMP}}
	for name, tt := range map[string]struct {
		change func(*machine)
		want   string
	}{
		"good":          {func(*machine) {}, ""},
		"slightly off":  {func(m *machine) { m.skew = 4 * time.Minute }, ""},
		"wrong clock":   {func(m *machine) { m.skew = -time.Hour }, "The clock of SMP1 is 1h0m0s behind the bot's."},
		"no machine":    {func(m *machine) { m.unbound = "vCenter has no such" }, "Which virtual machine SMP1 is cannot be told"},
		"long chain":    {func(m *machine) { m.vm = estate.VM{Name: "SMP1", Chain: 3} }, "could not get a snapshot at the end"},
		"raw disk":      {func(m *machine) { m.vm = estate.VM{Name: "SMP1", Unsupported: []string{"a physical raw disk"}} }, "a physical raw disk"},
		"not reachable": {func(m *machine) { m.err = &estate.Error{Kind: estate.Unreachable, Host: "SMP1"} }, "could not be read, so there is no plan"},
		"off now":       {func(m *machine) { m.vm = estate.VM{Name: "SMP1", Power: estate.VMOff} }, ""}, // it may be on when its time comes
	} {
		m := good
		tt.change(&m)
		err := m.refusal()
		var no *runbook.Refusal
		if (err == nil) != (tt.want == "") || err != nil && (!errors.As(err, &no) || !strings.Contains(no.Reason, tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// probed is a CMDB of which only the probe is asked.
type probed struct {
	CMDB
	db  estate.CMDB
	err error
}

func (p probed) Probe(context.Context) (estate.CMDB, error) { return p.db, p.err }

func TestNoSnapshotOfAMemberAlone(t *testing.T) {
	sql := estate.Host{Name: "SQL1", Role: estate.SQL}
	backed := sql
	backed.Way = estate.ByBackup
	for name, tt := range map[string]struct {
		host estate.Host
		cmdb probed
		want string
	}{
		"alone":        {sql, probed{}, ""},
		"cluster":      {sql, probed{db: estate.CMDB{Clustered: true}}, "a failover cluster"},
		"availability": {sql, probed{db: estate.CMDB{Available: true}}, "availability groups"},
		"by backup":    {backed, probed{db: estate.CMDB{Clustered: true}}, ""},
		"not known":    {sql, probed{err: &estate.Error{Kind: estate.Unreachable, Host: "SQL1"}}, "could not be read"},
	} {
		err := alone(t.Context(), Env{CMDB: tt.cmdb}, []estate.Host{tt.host})
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestServicesBesideTheRecord(t *testing.T) {
	then := recordFacts{Services: []estate.Service{
		{Name: "AeXSvc", State: "Running", Start: "Auto", Account: "LAB\\svc"}, {Name: "AeXAgentSrvHost", State: "Stopped", Start: "Manual"},
		{Name: "EventEngine", State: "Running", Start: "Auto"}, {Name: "Gone", State: "Running", Start: "Auto"}}}
	now := []estate.Service{{Name: "aexsvc", State: "Running", Start: "Auto", Account: "LocalSystem"}, {Name: "EventEngine", State: "Stop Pending", Start: "Disabled"}, {Name: "New"}}
	got := strings.Join(append(notRunning(then.ranThen(), now), changedServices(then.Services, now)...), "; ")
	want := "EventEngine is Stop Pending; Gone is not installed any more; aexsvc runs as LocalSystem, was LAB\\svc; EventEngine starts Disabled, was Auto; New is new"
	if got != want {
		t.Errorf("got %s", got)
	}
}
