package estate

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestNewestBackup(t *testing.T) {
	hours := func(n int, b Backup) Backup { b.Age = time.Duration(n) * time.Hour; return b }
	tests := []struct {
		name string
		full []Backup
		want int // hours; -1 is none
	}{
		{"none at all", nil, -1},
		{"one", []Backup{hours(3, Backup{})}, 3},
		{"copy only counts", []Backup{hours(3, Backup{CopyOnly: true}), hours(9, Backup{})}, 3},
		{"damaged does not", []Backup{hours(3, Backup{Damaged: true}), hours(9, Backup{})}, 9},
		{"a snapshot does not", []Backup{hours(3, Backup{Snapshot: true}), hours(9, Backup{})}, 9},
		{"an earlier one does not", []Backup{hours(3, Backup{Earlier: true}), hours(9, Backup{})}, 9},
		{"nothing that counts", []Backup{hours(3, Backup{Snapshot: true}), hours(4, Backup{Damaged: true})}, -1},
	}
	for _, tt := range tests {
		b := Backups{Now: time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC), Full: tt.full}
		got, ok := b.Newest()
		if ok != (tt.want >= 0) || ok && got.Age != time.Duration(tt.want)*time.Hour {
			t.Errorf("%s: %v, %v, want %d h", tt.name, got.Age, ok, tt.want)
		}
		if ok && !b.Finished(got).Equal(b.Now.Add(-got.Age)) {
			t.Errorf("%s: finished %v", tt.name, b.Finished(got))
		}
	}
}

func TestWrittenWithin(t *testing.T) {
	lately := Neighbour{Name: "Helpdesk", Written: true, Age: time.Hour}
	long := Neighbour{Name: "Archive", Written: true, Age: 50 * time.Hour}
	never := Neighbour{Name: "Old"}
	tests := []struct {
		name    string
		n       Neighbours
		want    []Neighbour
		certain bool
	}{
		{"nobody else", Neighbours{}, nil, true},
		{"one of three", Neighbours{Watched: 90 * time.Hour, Databases: []Neighbour{long, lately, never}}, []Neighbour{lately}, true},
		{"none", Neighbours{Watched: 90 * time.Hour, Databases: []Neighbour{long, never}}, nil, true},
		{"just started", Neighbours{Watched: time.Hour, Databases: []Neighbour{never}}, nil, false},
		{"just started, and written since", Neighbours{Watched: 2 * time.Hour, Databases: []Neighbour{lately, never}}, []Neighbour{lately}, false},
	}
	for _, tt := range tests {
		got, certain := tt.n.WrittenWithin(24 * time.Hour)
		if !slices.Equal(got, tt.want) || certain != tt.certain {
			t.Errorf("%s: %+v, %v, want %+v, %v", tt.name, got, certain, tt.want, tt.certain)
		}
	}
}

func TestSiteServersNotInTheEstate(t *testing.T) {
	s := SiteServers{Servers: []SiteServer{{Name: "SMP1", Suffix: "corp.example"}, {Name: "SITE1"}, {Name: "SITE2", Suffix: "corp.example"}}}
	tests := []struct {
		name  string
		hosts []Host
		want  []string
	}{
		{"none", nil, []string{"SMP1.corp.example", "SITE1", "SITE2.corp.example"}},
		{"short names, any case, any role", []Host{{Name: "smp1", Role: SMP}, {Name: "Site1", Role: Site}, {Name: "SITE2"}}, nil},
		{"full names", []Host{{Name: "smp1.CORP.example"}, {Name: "SITE1"}, {Name: "site2.elsewhere.example"}}, []string{"SITE2.corp.example"}},
	}
	for _, tt := range tests {
		var got []string
		for _, one := range s.NotIn(Estate{Hosts: tt.hosts}) {
			got = append(got, one.FQDN())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestUnavailable holds that a missing object can be told from every other trouble,
// and named.
func TestUnavailable(t *testing.T) {
	missing := &Missing{Objects: []string{"dbo.EventQueueEntry"}}
	err := error(&Error{Kind: Unavailable, Host: "SQL1", Op: "read the event queue", Detail: missing.Error(), Err: missing})
	var got *Missing
	if TroubleOf(err) != Unavailable || !errors.As(err, &got) || got.Objects[0] != "dbo.EventQueueEntry" {
		t.Errorf("%v is %s with %+v", err, TroubleOf(err), got)
	}
	const want = "SQL1: read the event queue: unavailable: dbo.EventQueueEntry is missing, or the account may not read it"
	if err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	two := &Missing{Objects: []string{"a", "b"}}
	if want := "a and b are missing, or the account may not read them"; two.Error() != want {
		t.Errorf("%q, want %q", two, want)
	}
}
