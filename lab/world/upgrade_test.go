package world

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestUpgrade: each server's upgrade is seen on it, and of the SMP's in its database.
func TestUpgrade(t *testing.T) {
	for _, tt := range []struct {
		word, host, product string
		schema              string
	}{
		{"smp", "SMP1", "Symantec Management Platform", "8.1"},
		{"site", "SITE1", "Symantec Management Agent", "8.0"},
		{"gateway", "GW1", "Symantec Internet Gateway", "8.0"},
	} {
		t.Run(tt.word, func(t *testing.T) {
			l := newSmall(t)
			before := l.Dump()
			l.set(Condition{Field: "upgrade", Word: tt.word})
			if got := l.host(tt.host).Version; got != "8.1" {
				t.Errorf("%s has version %s", tt.host, got)
			}
			if truth, seen := l.host("SQL1").Schema, l.SQL().Schema; truth != tt.schema || seen != tt.schema {
				t.Errorf("the CMDB is of version %s, and %s to who logs on; want %s", truth, seen, tt.schema)
			}
			v, err := l.Inside(tt.host)
			if err != nil || !slices.ContainsFunc(v.Products, func(p Product) bool { return p.Name == tt.product && p.Version == "8.1" }) {
				t.Errorf("installed: %+v, %v", v.Products, err)
			}
			after := l.Dump()
			for i, h := range after.Hosts {
				was := before.Hosts[i]
				if changed := h.Version != was.Version; changed != (h.Name == tt.host) {
					t.Errorf("%s went from %q to %q", h.Name, was.Version, h.Version)
				}
				h.Version, h.Products, h.Databases = was.Version, was.Products, was.Databases
				same(t, was, h)
			}
		})
	}
}

// TestUpgradeIsTorn: reverting one of the two leaves versions that do not belong
// together, and a second upgrade mends it.
func TestUpgradeIsTorn(t *testing.T) {
	for _, tt := range []struct{ host, version, schema string }{{"SMP1", "8.0", "8.1"}, {"SQL1", "8.1", "8.0"}} {
		t.Run(tt.host, func(t *testing.T) {
			l := newSmall(t)
			l.keep(tt.host)
			l.set(Condition{Field: "upgrade", Word: "smp"})
			l.goBack(tt.host)
			if v, s := l.host("SMP1").Version, l.host("SQL1").Schema; v != tt.version || s != tt.schema {
				t.Errorf("the SMP is %s and its database %s, want %s and %s", v, s, tt.version, tt.schema)
			}
			l.set(Condition{Field: "upgrade", Word: "smp"})
			if v, s := l.host("SMP1").Version, l.host("SQL1").Schema; v != "8.1" || s != "8.1" {
				t.Errorf("after another upgrade the SMP is %s and its database %s", v, s)
			}
		})
	}
}

func TestUpgradeIsRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		first []Condition
		word  string
		says  string
	}{
		"no role":            {word: "client", says: "smp, site or gateway"},
		"the SQL Server":     {word: "sql", says: "smp, site or gateway"},
		"twice":              {[]Condition{{Field: "upgrade", Word: "site"}}, "site", "8.1 already"},
		"the SMP twice":      {[]Condition{{Field: "upgrade", Word: "smp"}}, "smp", "8.1 already"},
		"an SMP that is off": {[]Condition{{Field: "power", Host: "SMP1", On: on(false)}}, "smp", "SMP1 is not running"},
		"a site that is off": {[]Condition{{Field: "power", Host: "SITE1", On: on(false)}}, "site", "SITE1 is not running"},
		"without a database": {[]Condition{{Field: "power", Host: "SQL1", On: on(false)}}, "smp", "SQL Server on SQL1 does not run"},
		"a stopped instance": {[]Condition{{Field: "service", Host: "SQL1", Name: "MSSQLSERVER", Word: "Stopped"}}, "smp", "SQL Server on SQL1 does not run"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newSmall(t)
			for _, c := range tt.first {
				l.set(c)
			}
			before := l.Dump()
			if err := l.Set(Condition{Field: "upgrade", Word: tt.word}); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want %q", err, tt.says)
			}
			same(t, before, l.Dump())
		})
	}
}

// TestInstallerRule: the next upgrade switches the rule on and no later one does.
func TestInstallerRule(t *testing.T) {
	const rule = "ITMS-Tasks-50120-50124"
	l := newSmall(t)
	l.keep("SITE1")
	l.set(Condition{Field: "installer-rule", Host: "SITE1", Name: rule})
	for round, want := range []bool{true, false} {
		l.set(Condition{Field: "rule", Host: "SITE1", Name: rule, On: on(false)})
		l.set(Condition{Field: "upgrade", Word: "site"})
		rules := l.host("SITE1").Rules
		i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == rule })
		if rules[i].Enabled != want {
			t.Errorf("upgrade %d: the rule is enabled: %t", round+1, rules[i].Enabled)
		}
		l.goBack("SITE1")
	}
	if err := l.Set(Condition{Field: "installer-rule", Host: "SITE1", Name: "none"}); !Missing(err) {
		t.Errorf("a rule that is not there: %v", err)
	}
}

// keep takes a snapshot of a host, by whose name it goes back.
func (l lab) keep(host string) {
	l.Helper()
	if err := l.KeepHost(host, "of "+host, "before"); err != nil {
		l.Fatal(err)
	}
}

// goBack reverts a host to the snapshot that keep took, and boots it.
func (l lab) goBack(host string) {
	l.Helper()
	if err := l.RevertHost("of " + host); err != nil {
		l.Fatal(err)
	}
	if err := l.PowerOn(host); err != nil {
		l.Fatal(err)
	}
	l.Advance(5 * time.Minute)
}
