package sqlserver

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"itmsbot/estate"
	"itmsbot/lab/tds"
	"itmsbot/lab/world"
)

// inCMDB is what the world's CMDB has, by name; of two of one name the managed one.
func (p *practice) inCMDB(name string) world.Computer {
	p.t.Helper()
	for _, c := range p.world.Computers() {
		if c.Name == name && c.Managed {
			return c
		}
	}
	p.t.Fatalf("the CMDB has no %s", name)
	return world.Computer{}
}

// asRead is a computer of the world as the adapter should have read it.
func (p *practice) asRead(c world.Computer) estate.Computer {
	one := estate.Computer{GUID: c.GUID, Name: c.Name, Domain: c.Domain, Addresses: []string{c.Address}, Managed: c.Managed, Agent: c.Agent}
	if c.Domain != "" {
		one.FQDN = c.Name + "." + strings.ToLower(c.Domain)
	}
	if c.Second != "" {
		one.Addresses = append(one.Addresses, c.Second)
	}
	if one.Asked = !c.Contact.IsZero(); one.Asked {
		one.Age = p.world.SQL().Now.Sub(c.Contact)
	}
	return one
}

// sameComputer compares without the slice that a computer holds.
func sameComputer(a, b estate.Computer) bool { return fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b) }

func TestComputersNamed(t *testing.T) {
	p := practiceIn(t, world.New(world.Options{Manual: true, Managed: 1000}))
	s := p.open(p.instance(), Options{})
	for name, want := range map[string]string{
		"WS-0412": "WS-0412", "ws-0412": "WS-0412", " WS-0412 ": "WS-0412", "WS-0412.LAB": "WS-0412",
		"WS-0977": "WS-0977", "WS-0021": "WS-0021", "SITE1": "SITE1", "sql1.lab": "SQL1", "GW1": "GW1",
		"WS-0415": "WS-0415", // at home
	} {
		l, err := s.ComputersNamed(p.ctx(), name)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if one := p.asRead(p.inCMDB(want)); len(l.List) != 1 || !sameComputer(l.List[0], one) || l.More || !l.Now.Equal(p.world.Now()) {
			t.Errorf("%q: %+v, want %+v alone", name, l, one)
		}
	}
	two, err := s.ComputersNamed(p.ctx(), "WS-0777")
	if err != nil || len(two.List) != 2 || two.More {
		t.Fatalf("a name of two computers: %+v, %v", two, err)
	}
	if now, former := two.List[0], two.List[1]; !sameComputer(now, p.asRead(p.inCMDB("WS-0777"))) ||
		former.Managed || former.GUID == now.GUID || former.Age < 40*24*time.Hour || former.Name != "WS-0777" {
		t.Errorf("now %+v, formerly %+v", now, former)
	}
}

// TestComputersOfNoName holds that what a name holds is compared and never read: nothing
// in it is a wildcard or a statement.
func TestComputersOfNoName(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	for _, name := range []string{
		"WS-9999", "WS-002", "WS-00211", "GW1.lab", ".lab", "WS-0021.", "WS-0021.elsewhere", "%", "WS-%", "WS-00_1", "[W]S-0021", "*", "?",
		"' OR 1=1 --", `" OR ""="`, "WS-0021'; DROP TABLE Item; --", "@name", "$(hostname)", "<@U123>", "WS–0021",
		strings.Repeat("x", 64), strings.Repeat("é", 64), "NULL",
	} {
		if l, err := s.ComputersNamed(p.ctx(), name); err != nil || len(l.List) != 0 || l.List == nil || l.More || l.Now.IsZero() {
			t.Errorf("%q: %+v, %v", name, l, err)
		}
	}
	if st := p.server.Stats(); st.Unlisted != 0 || st.Connections != 1 {
		t.Errorf("over the wire: %+v", st)
	}
}

// TestRefusedBeforeTheWire holds that what nobody can have meant is not sent anywhere.
func TestRefusedBeforeTheWire(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	named := func(name string) error { _, err := s.ComputersNamed(p.ctx(), name); return err }
	at := func(address string) error { _, err := s.ComputersAt(p.ctx(), address); return err }
	since := func(n int64) error { _, err := s.ClientsSince(p.ctx(), n); return err }
	for what, err := range map[string]error{
		"no name":              named(""),
		"spaces":               named("  "),
		"a long name":          named(strings.Repeat("x", 65)),
		"a long name of runes": named(strings.Repeat("é", 65)),
		"a new line":           named("WS-0021\nWS-0022"),
		"a zero":               named("WS-0021\x00"),
		"a bell":               named("WS\x07"),
		"right to left":        named("WS-\u202e1200"),
		"no width":             named("WS-\u200b0021"),
		"no UTF-8":             named("WS-\xff"),
		"no address":           at(""),
		"a name":               at("WS-0021"),
		"a network":            at("10.20.0.0/24"),
		"part of an address":   at("10.20.0"),
		"an address and more":  at("10.20.0.1' OR 1=1 --"),
		"a zone":               at("fe80::1%eth0"),
		"before now":           since(-1),
		"longer than a year":   since(366*24*3600 + 1),
		"beyond all numbers":   since(1 << 62),
	} {
		var e *estate.Error
		if !errors.As(err, &e) || e.Kind != estate.Failed || e.Host != "SQL1" || e.Op == "" || e.Detail == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if st := p.server.Stats(); st.Connections != 0 || p.asked.Load() != 0 {
		t.Errorf("over the wire: %+v", st)
	}
}

func FuzzUnfit(f *testing.F) {
	for _, name := range []string{"WS-0412", "ws-0412.corp.example", "", "\n", "a\x00", strings.Repeat("é", 64), "\u202e", "\xff"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		why := unfit(name)
		fit := name != "" && utf8.ValidString(name) && len([]rune(name)) <= 64
		for _, r := range name {
			fit = fit && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r)
		}
		if why == "" && !fit {
			t.Errorf("%q is sent", name)
		}
		if strings.ContainsAny(why, "\n\x00") {
			t.Errorf("%q is refused with %q", name, why)
		}
	})
}

func TestComputersAt(t *testing.T) {
	p := practiceIn(t, world.New(world.Options{Manual: true, Managed: 3000}))
	s := p.open(p.instance(), Options{})
	laptop, former := p.inCMDB("WS-0021"), "10.21.17.250"
	for address, want := range map[string]string{
		"10.22.0.21": "WS-0021", laptop.Address: "WS-0021", "::ffff:10.22.0.21": "WS-0021", " 10.20.0.12 ": "SITE1",
		p.inCMDB("WS-0777").Address: "WS-0777", former: "WS-0777", "10.20.0.99": "", "203.0.113.5": "", "::1": "",
	} {
		l, err := s.ComputersAt(p.ctx(), address)
		switch {
		case err != nil:
			t.Errorf("%s: %v", address, err)
		case want == "" && len(l.List) != 0, want != "" && (len(l.List) != 1 || l.List[0].Name != want || l.List[0].Managed != (address != former)):
			t.Errorf("%s: %+v, want %q", address, l.List, want)
		}
	}
	// People at home have the same routers.
	l, err := s.ComputersAt(p.ctx(), p.inCMDB("WS-0415").Address)
	if err != nil || len(l.List) != 20 || !l.More {
		t.Fatalf("an address of many: %d, more %t, %v", len(l.List), l.More, err)
	}
	asked := func(a, b estate.Computer) int { return int(a.Age - b.Age) }
	if !slices.IsSortedFunc(l.List, asked) {
		t.Errorf("not the latest first: %+v", l.List)
	}
}

func TestWithAddress(t *testing.T) {
	var list []string
	for _, a := range []string{"10.21.1.11", "", "0.0.0.0", " 10.22.0.21 ", "10.21.1.11", "::", "fe80::1", "no address"} {
		list = withAddress(list, a)
	}
	if want := []string{"10.21.1.11", "10.22.0.21", "fe80::1", "no address"}; !slices.Equal(list, want) {
		t.Errorf("%q, want %q", list, want)
	}
}

// contactsOf are those that the world's CMDB has within a time.
func (p *practice) contactsOf(within time.Duration) map[string]world.Computer {
	list, now := map[string]world.Computer{}, p.world.SQL().Now
	for _, c := range p.world.Computers() {
		if !c.Contact.IsZero() && now.Sub(c.Contact) <= within {
			list[c.GUID] = c
		}
	}
	return list
}

// TestClientsSince follows the doors: nobody comes in while they are closed, and who
// comes in afterwards is listed.
func TestClientsSince(t *testing.T) {
	p := practiceIn(t, world.New(world.Options{Manual: true, Managed: 1000}))
	s := p.open(p.instance(), Options{})
	read := func(within time.Duration) estate.Contacts {
		t.Helper()
		c, err := s.ClientsSince(p.ctx(), int64(within/time.Second))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	check := func(within time.Duration) {
		t.Helper()
		c, want := read(within), p.contactsOf(within)
		if c.Count != int64(len(want)) || len(c.List) != len(want) || c.Within != within || c.Complete() != (within < 41*24*time.Hour) || !c.Now.Equal(p.world.Now()) || c.Agents["8.0"] != c.Count || len(c.Agents) != 1 {
			t.Errorf("within %v: %d of %d, agents %v, complete %t; want %d", within, len(c.List), c.Count, c.Agents, c.Complete(), len(want))
		}
		for i, one := range c.List {
			w := want[one.GUID]
			if want := (estate.Contact{GUID: w.GUID, Name: w.Name, Address: w.Address, Age: p.world.Now().Sub(w.Contact), Agent: w.Agent}); one != want {
				t.Errorf("%+v, want %+v", one, want)
			}
			if i > 0 && one.Age < c.List[i-1].Age {
				t.Errorf("%s after %s", one.Name, c.List[i-1].Name)
			}
		}
	}
	for _, within := range []time.Duration{time.Minute, time.Hour, 24 * time.Hour, 366 * 24 * time.Hour} {
		check(within)
	}
	p.set(world.Condition{Field: "service", Host: "SMP1", Name: "W3SVC", Word: "Stopped"})
	p.world.Advance(2 * time.Hour)
	if c := read(2 * time.Hour); c.Count != 0 || c.List == nil || len(c.Agents) != 0 || !c.Complete() {
		t.Errorf("nobody was let in, and %+v", c)
	}
	p.set(world.Condition{Field: "service", Host: "SMP1", Name: "W3SVC", Word: "Running"})
	p.world.Advance(30 * time.Minute)
	if c := read(30 * time.Minute); c.Count < 20 {
		t.Errorf("%d computers came in", c.Count)
	}
	check(30 * time.Minute)
}

// TestContactsThatAreNotKept holds that a table without requests is not read as nobody.
func TestContactsThatAreNotKept(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	for _, tt := range []struct {
		keep, within time.Duration
		complete     bool
	}{
		{time.Hour, 2 * time.Minute, true},
		{time.Hour, 2 * time.Hour, false},
		{0, time.Minute, false},
	} {
		p.world.PurgeRequests(tt.keep)
		c, err := s.ClientsSince(p.ctx(), int64(tt.within/time.Second))
		if err != nil || c.Complete() != tt.complete || (c.Reach == 0) != (tt.keep == 0) {
			t.Errorf("kept for %v: within %v complete %t, reach %v, %v", tt.keep, tt.within, c.Complete(), c.Reach, err)
		}
	}
	l, err := s.ComputersNamed(p.ctx(), "SITE1")
	if err != nil || len(l.List) != 1 || l.List[0].Asked || l.List[0].Age != 0 {
		t.Errorf("a computer without a request: %+v, %v", l, err)
	}
}

// TestContactsAndClocks holds that ages are the SQL Server's, and that a request from its
// future is one of now.
func TestContactsAndClocks(t *testing.T) {
	p := newPractice(t)
	s := p.open(p.instance(), Options{})
	p.world.Advance(20 * time.Minute)
	p.set(world.Condition{Field: "clock", Host: "SQL1", Number: of(600)})
	l, err := s.ComputersNamed(p.ctx(), "SITE1")
	if want := p.world.Now().Add(10 * time.Minute).Sub(p.inCMDB("SITE1").Contact); err != nil || l.List[0].Age != want || !l.Now.Equal(p.world.Now().Add(10*time.Minute)) {
		t.Errorf("%+v, %v, want an age of %v", l, err, want)
	}
	p.set(world.Condition{Field: "clock", Host: "SQL1", Number: of(0)})
	p.set(world.Condition{Field: "clock", Host: "SMP1", Number: of(3600)})
	p.world.Advance(20 * time.Minute)
	c, err := s.ClientsSince(p.ctx(), 0)
	if err != nil || c.Count == 0 || c.List[0].Age != 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestMoreContactsThanAreListed holds that the count is that of all.
func TestMoreContactsThanAreListed(t *testing.T) {
	p := practiceIn(t, world.New(world.Options{Manual: true, Managed: 5100}))
	s := p.open(p.instance(), Options{})
	c, err := s.ClientsSince(p.ctx(), 60*24*3600)
	if want := int64(len(p.contactsOf(60 * 24 * time.Hour))); err != nil || len(c.List) != 5000 || c.Count != want || want <= 5000 || c.Agents["8.0"] != want {
		t.Errorf("%d of %d, agents %v, %v, want %d", len(c.List), c.Count, c.Agents, err, want)
	}
}

// TestNewerAgents holds that agents which are upgraded are counted as newer, as soon as
// the CMDB knows of it.
func TestNewerAgents(t *testing.T) {
	p := practiceIn(t, upgraded(t))
	s := p.open(p.instance(), Options{})
	p.world.Advance(40 * time.Minute)
	c, err := s.ClientsSince(p.ctx(), 40*60)
	if err != nil {
		t.Fatal(err)
	}
	var want int64
	for _, one := range p.contactsOf(40 * time.Minute) {
		if one.Agent == "8.1" {
			want++
		}
	}
	if newer, unknown := c.Newer("8.0"); newer != want || unknown != 0 || want == 0 || c.Count == want {
		t.Errorf("%d of %d are newer, %d unknown, want %d", newer, c.Count, unknown, want)
	}
	l, err := s.ComputersNamed(p.ctx(), "WS-0412")
	if err != nil || len(l.List) != 1 || l.List[0].Agent != "8.1" {
		t.Errorf("%+v, %v", l, err)
	}
}

// upgraded is a world whose SMP has just become 8.1.
func upgraded(t *testing.T) *world.World {
	t.Helper()
	saved, err := world.New(world.Options{Manual: true, Managed: 1000}).Save()
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.Resume(world.Options{Manual: true}, bytes.Replace(saved, []byte(`"Version":"8.0"`), []byte(`"Version":"8.1"`), 1))
	if err != nil {
		t.Fatal(err)
	}
	if h := w.Truth().Hosts[0]; h.Role != "smp" || h.Version != "8.1" {
		t.Fatalf("%s has %s", h.Name, h.Version)
	}
	return w
}

// TestComputersInTime holds that a look at computers ends, whatever the server does.
func TestComputersInTime(t *testing.T) {
	for statement, name := range map[string]string{"computers-named": "named", "computers-at": "at", "clients-since": "since"} {
		p := newPractice(t)
		s := p.open(p.instance(), Options{Look: 300 * time.Millisecond})
		if err := p.server.Inject(tds.Fault{Kind: tds.FaultHang, On: statement}); err != nil {
			t.Fatal(err)
		}
		_, err := looksOf(s)[name](p.ctx())
		p.server.Clear()
		if estate.TroubleOf(err) != estate.Unreachable || !strings.Contains(err.Error(), "no answer in time") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
