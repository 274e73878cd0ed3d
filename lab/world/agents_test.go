package world

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"
)

// computer is what the CMDB has of the managed computer of a name.
func (l lab) computer(name string) Computer {
	l.Helper()
	for _, c := range l.Computers() {
		if c.Name == name && c.Managed {
			return c
		}
	}
	l.Fatalf("the CMDB has no computer %s", name)
	return Computer{}
}

func (l lab) client(name string) ClientTruth {
	l.Helper()
	c, err := l.Client(name)
	if err != nil {
		l.Fatal(err)
	}
	return c
}

// upgradeSMP is the part of an upgrade that agents see.
func (l lab) upgradeSMP() { l.smp().version = "8.1" }

func TestComputersAtTheStart(t *testing.T) {
	l := newLab(t)
	list := l.Computers()
	guids, never, now := map[string]int{}, 0, l.Now()
	home := netip.MustParsePrefix("192.168.0.0/16")
	for _, c := range list {
		guids[c.GUID]++
		if len(c.GUID) != 36 || c.Agent != "8.0" || c.Contact.After(now) {
			t.Fatalf("%+v", c)
		}
		if c.Contact.IsZero() {
			never++
		}
		if a, err := netip.ParseAddr(c.Address); err != nil || home.Contains(a) != c.Gateway {
			t.Errorf("%s has the address %s, gateway %t", c.Name, c.Address, c.Gateway)
		}
	}
	if len(list) != 5001 || len(guids) != 5001 || never > 10 {
		t.Errorf("%d computers, %d GUIDs, %d that never asked", len(list), len(guids), never)
	}
	for name, want := range map[string]Computer{
		"SQL1":    {Domain: "LAB", Address: "10.20.0.11"},
		"SITE1":   {Domain: "LAB", Address: "10.20.0.12"},
		"GW1":     {Address: "10.20.0.13"},
		"WS-0021": {Domain: "LAB", Address: "10.21.1.11", Second: "10.22.0.21"},
		"WS-0412": {Domain: "LAB", Address: "10.21.12.30"},
		"WS-0977": {Domain: "LAB", Address: "10.21.17.58"},
		"WS-0415": {Domain: "LAB", Address: "192.168.1.75", Gateway: true},
	} {
		got := l.computer(name)
		want.GUID, want.Name, want.Managed, want.Agent, want.Contact = got.GUID, name, true, "8.0", got.Contact
		if got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if got := l.computer("SITE1").GUID; got != l.SQL().Sites[1].GUID {
		t.Errorf("the CMDB has SITE1 as %s, and as a site server another", got)
	}
}

// TestOneNameTwoComputers: what was installed anew is there under both identities, and
// only one of them is managed.
func TestOneNameTwoComputers(t *testing.T) {
	l := newLab(t)
	var both []Computer
	for _, c := range l.Computers() {
		if c.Name == "WS-0777" {
			both = append(both, c)
		}
	}
	if len(both) != 2 {
		t.Fatalf("%+v", both)
	}
	now, former := both[0], both[1]
	if !now.Managed || former.Managed || now.GUID == former.GUID || now.Address == former.Address || l.Now().Sub(former.Contact) < 40*24*time.Hour {
		t.Errorf("now %+v, formerly %+v", now, former)
	}
	l.Advance(24 * time.Hour)
	for _, c := range l.Computers() {
		if c.GUID == former.GUID && c != former {
			t.Errorf("the former identity became %+v", c)
		}
	}
}

// TestContactsReachTheCMDB: with the doors open it knows when a computer came; with the
// doors, the console service or the database closed it does not learn of it.
func TestContactsReachTheCMDB(t *testing.T) {
	shut := map[string][2]Condition{
		"the console service": {{Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Stopped"}, {Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Running"}},
		"the database":        {{Field: "service", Host: "SQL1", Name: "MSSQLSERVER", Word: "Stopped"}, {Field: "service", Host: "SQL1", Name: "MSSQLSERVER", Word: "Running"}},
	}
	l := newLab(t)
	l.Advance(20 * time.Minute)
	if cmdb, truth := l.computer("WS-0412").Contact, l.client("WS-0412").Contact; !cmdb.Equal(truth) || l.Now().Sub(cmdb) > 20*time.Minute {
		t.Errorf("at %v the CMDB has a contact at %v, it was at %v", l.Now(), cmdb, truth)
	}
	for name, c := range shut {
		before := l.Computers()
		l.set(c[0])
		l.Advance(time.Hour)
		if !slices.Equal(before, l.Computers()) {
			t.Errorf("without %s the CMDB goes on", name)
		}
		l.set(c[1])
		l.Advance(20 * time.Minute)
		if slices.Equal(before, l.Computers()) {
			t.Errorf("with %s again the CMDB learns nothing", name)
		}
	}
	l.closeDoors()
	l.Advance(5 * time.Minute)
	before := l.Computers()
	l.Advance(time.Hour)
	if !slices.Equal(before, l.Computers()) {
		t.Error("closed doors, and the CMDB learns of contacts")
	}
}

// TestRequestsHaveTheClockOfTheSMP: it is the SMP that writes the time down.
func TestRequestsHaveTheClockOfTheSMP(t *testing.T) {
	l := newSmall(t)
	l.set(Condition{Field: "clock", Host: "SMP1", Number: number(300)})
	l.Advance(20 * time.Minute)
	if cmdb, truth := l.computer("SITE1").Contact, l.client("SITE1").Contact; cmdb.Sub(truth) != 5*time.Minute {
		t.Errorf("written down %v, happened %v", cmdb, truth)
	}
}

// TestAgentsUpgrade walks one agent through it: first the policy, then the installation,
// and with the next contact the CMDB knows.
func TestAgentsUpgrade(t *testing.T) {
	l := newLab(t)
	l.Advance(20 * time.Minute)
	started := l.Now()
	l.upgradeSMP()
	next := func() {
		t.Helper()
		for before := l.client("WS-0412").Contact; l.client("WS-0412").Contact.Equal(before); l.Advance(10 * time.Second) {
			if l.Now().Sub(before) > time.Hour {
				t.Fatal("no contact for an hour")
			}
		}
	}
	next()
	if truth, cmdb := l.client("WS-0412").Agent, l.computer("WS-0412").Agent; truth != "8.0" || cmdb != "8.0" {
		t.Errorf("with its policy the agent is %s, in the CMDB %s", truth, cmdb)
	}
	next()
	if truth, cmdb := l.client("WS-0412").Agent, l.computer("WS-0412").Agent; truth != "8.1" || cmdb != "8.1" {
		t.Errorf("a contact later the agent is %s, in the CMDB %s", truth, cmdb)
	}
	for _, h := range l.Truth().TestClients {
		if h.Name == "WS-0412" && h.Version != "8.1" {
			t.Errorf("Windows on WS-0412 shows %s", h.Version)
		}
	}
	halfway := l.Computers()
	l.Advance(30 * time.Minute)
	upgraded := 0
	for i, c := range l.Computers() {
		switch was := halfway[i].Contact; {
		case c.Agent == "8.1":
			upgraded++
		case was.After(started) && c.Contact.After(was):
			t.Errorf("%s asked at %v and at %v, and has %s", c.Name, was, c.Contact, c.Agent)
		}
	}
	if upgraded < 200 || upgraded > 1000 {
		t.Errorf("%d agents are upgraded on a Saturday morning, want a few hundred", upgraded)
	}
}

// TestAgentsWaitForTheDoors: who is not let in has no policy, and who has one goes on
// with it although the doors are closed.
func TestAgentsWaitForTheDoors(t *testing.T) {
	l := newLab(t)
	l.closeDoors()
	l.upgradeSMP()
	l.Advance(2 * time.Hour)
	if got := l.client("WS-0412").Agent; got != "8.0" {
		t.Fatalf("behind closed doors the agent became %s", got)
	}
	l.openDoors()
	for before := l.client("WS-0412").Contact; l.client("WS-0412").Contact.Equal(before); l.Advance(10 * time.Second) {
	}
	l.closeDoors()
	l.Advance(time.Hour)
	if truth, cmdb := l.client("WS-0412").Agent, l.computer("WS-0412").Agent; truth != "8.1" || cmdb != "8.0" {
		t.Errorf("the agent is %s, in the CMDB %s", truth, cmdb)
	}
}

// TestRevertLeavesTheAgents: the CMDB goes back with the SQL Server, the agents stay what
// they are, and an older SMP does not take their version back.
func TestRevertLeavesTheAgents(t *testing.T) {
	l := newLab(t)
	l.Advance(20 * time.Minute)
	then := l.Computers()
	for id, host := range map[string]string{"snapshot-1": "SMP1", "snapshot-2": "SQL1"} {
		if err := l.KeepHost(host, id, "before"); err != nil {
			t.Fatal(err)
		}
	}
	l.upgradeSMP()
	l.Advance(time.Hour)
	if got := l.computer("WS-0412").Agent; got != "8.1" {
		t.Fatalf("before the revert the CMDB has %s", got)
	}
	for _, id := range []string{"snapshot-1", "snapshot-2"} {
		if err := l.RevertHost(id); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(then, l.Computers()) {
		t.Error("the CMDB has not what it had")
	}
	if got := l.client("WS-0412").Agent; got != "8.1" {
		t.Errorf("the agent went back to %s with servers that are not its own", got)
	}
	for _, host := range []string{"SQL1", "SMP1"} {
		if err := l.PowerOn(host); err != nil {
			t.Fatal(err)
		}
	}
	l.Advance(time.Hour)
	if truth, cmdb := l.client("WS-0412").Agent, l.computer("WS-0412").Agent; truth != "8.1" || cmdb != "8.1" {
		t.Errorf("after the next contact the agent is %s, in the CMDB %s", truth, cmdb)
	}
}

// TestRevertOfTheSMPAlone: what the CMDB knows is with the SQL Server.
func TestRevertOfTheSMPAlone(t *testing.T) {
	l := newSmall(t)
	if err := l.KeepHost("SMP1", "snapshot-1", "before"); err != nil {
		t.Fatal(err)
	}
	l.Advance(time.Hour)
	before := l.Computers()
	if err := l.RevertHost("snapshot-1"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, l.Computers()) {
		t.Error("the CMDB went back with the SMP")
	}
}

// TestRevertTakesAServersOwnAgentBack: it is on the disk of the server.
func TestRevertTakesAServersOwnAgentBack(t *testing.T) {
	l := newSmall(t)
	if err := l.KeepHost("SITE1", "snapshot-1", "before"); err != nil {
		t.Fatal(err)
	}
	l.upgradeSMP()
	l.Advance(time.Hour)
	if got := l.client("SITE1").Agent; got != "8.1" {
		t.Fatalf("before the revert it is %s", got)
	}
	if err := l.RevertHost("snapshot-1"); err != nil {
		t.Fatal(err)
	}
	if truth, cmdb := l.client("SITE1").Agent, l.computer("SITE1").Agent; truth != "8.0" || cmdb != "8.1" {
		t.Errorf("the agent is %s, in the CMDB %s", truth, cmdb)
	}
}

// TestPurgedRequests: only the younger ones are left.
func TestPurgedRequests(t *testing.T) {
	l := newLab(t)
	l.PurgeRequests(time.Hour)
	left := 0
	for _, c := range l.Computers() {
		switch {
		case c.Contact.IsZero():
		case l.Now().Sub(c.Contact) <= time.Hour:
			left++
		default:
			t.Errorf("%s asked %v ago", c.Name, l.Now().Sub(c.Contact))
		}
	}
	if left == 0 || left > 1000 {
		t.Errorf("%d requests are left", left)
	}
}

// TestSavedAgents: a saved world has what the CMDB knows, that of its snapshots, and the
// agents that are being installed.
func TestSavedAgents(t *testing.T) {
	l := newSmall(t)
	if err := l.KeepHost("SQL1", "snapshot-1", "before"); err != nil {
		t.Fatal(err)
	}
	then := l.Computers()
	l.upgradeSMP()
	l.Advance(15 * time.Minute)
	again := lab{t, resumed(t, l.World)}
	if !slices.Equal(l.Computers(), again.Computers()) || !reflect.DeepEqual(l.clients, again.clientsOf(l)) {
		t.Error("the resumed world has other computers")
	}
	for i, h := range l.hosts {
		if got := again.hosts[i].agent; got != h.agent {
			t.Errorf("%s has the agent %+v, had %+v", h.name, got, h.agent)
		}
	}
	l.Advance(time.Hour)
	again.Advance(time.Hour)
	if !slices.Equal(l.Computers(), again.Computers()) || again.client("SITE1").Agent != "8.1" {
		t.Error("the resumed world goes another way")
	}
	if err := again.RevertHost("snapshot-1"); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(then, again.Computers()) {
		t.Error("the snapshot has another CMDB")
	}
}

// clientsOf are the clients with the hosts of another world, for a comparison.
func (l lab) clientsOf(other lab) []client {
	list := slices.Clone(l.clients)
	for i := range list {
		list[i].home, list[i].server = other.clients[i].home, other.clients[i].server
	}
	return list
}

func TestResumeRefusesAnotherCMDB(t *testing.T) {
	l := newSmall(t)
	if err := l.KeepHost("SQL1", "snapshot-1", "before"); err != nil {
		t.Fatal(err)
	}
	b, err := l.Save()
	if err != nil {
		t.Fatal(err)
	}
	for name, shorten := range map[string]func(*savedWorld){
		"the database": func(s *savedWorld) { s.Database.Computers = s.Database.Computers[1:] },
		"a snapshot":   func(s *savedWorld) { s.Snapshots[0].Database.Computers = nil },
	} {
		var s savedWorld
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatal(err)
		}
		shorten(&s)
		short, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Resume(Options{Manual: true}, short); err == nil {
			t.Errorf("%s without all computers was taken up", name)
		}
	}
}

func TestNewer(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"8.1", "8.0", true},
		{"8.0", "8.1", false},
		{"8.0", "8.0", false},
		{"8.10", "8.9", true},
		{"8.7.9", "8.7.10", false},
		{"8.1.1", "8.1", true},
		{"", "8.0", false},
		{"8.0", "", true},
	}
	for _, tt := range tests {
		if got := newer(tt.a, tt.b); got != tt.want {
			t.Errorf("newer(%q, %q) = %t, want %t", tt.a, tt.b, got, tt.want)
		}
	}
}
