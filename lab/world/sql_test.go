package world

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSQLAtTheStart(t *testing.T) {
	for _, start := range []time.Time{
		time.Date(2026, 11, 28, 6, 55, 0, 0, time.UTC),
		time.Date(2026, 11, 28, 1, 30, 0, 0, time.UTC),
	} {
		w := New(Options{Manual: true, Managed: 50, Start: start})
		v := w.SQL()
		if len(v.Backups) != 5 || len(v.Sites) != 2 || len(v.Databases) != 0 || !v.Now.Equal(start) {
			t.Fatalf("%+v", v)
		}
		last := v.Backups[4].Finished
		if age := start.Sub(last); age < 0 || age > 24*time.Hour || last.Hour() != 2 {
			t.Errorf("at %v the last backup finished at %v", start, last)
		}
		e := w.Events()
		if v.Rows != e.Database || v.Oldest != e.Oldest || v.Newest() != e.Oldest+e.Database-1 {
			t.Errorf("rows %d from %d to %d, events %+v", v.Rows, v.Oldest, v.Newest(), e)
		}
	}
}

// TestQueueIDsGrow holds that ids are never given twice: the oldest rises while rows
// are processed, and stands still while the dispatcher hangs.
func TestQueueIDsGrow(t *testing.T) {
	w := New(Options{Manual: true, Managed: 50})
	before := w.SQL()
	w.Advance(time.Minute)
	moving := w.SQL()
	if moving.Oldest <= before.Oldest || moving.Newest() < before.Newest() {
		t.Errorf("ids %d to %d became %d to %d", before.Oldest, before.Newest(), moving.Oldest, moving.Newest())
	}
	on := true
	if err := w.Set(Condition{Field: "stuck", On: &on}); err != nil {
		t.Fatal(err)
	}
	w.Advance(time.Minute)
	if stuck := w.SQL(); stuck.Oldest != moving.Oldest || stuck.Rows < moving.Rows {
		t.Errorf("stuck: the oldest went from %d to %d", moving.Oldest, stuck.Oldest)
	}
}

func TestSQLConditions(t *testing.T) {
	number := func(n int) *int { return &n }
	on, off := true, false
	w := New(Options{Manual: true, Managed: 50})
	set := func(c Condition) {
		t.Helper()
		c.Field = "sql"
		if err := w.Set(c); err != nil {
			t.Fatal(err)
		}
	}
	newest := func() Backup {
		b := w.SQL().Backups
		return b[len(b)-1]
	}
	set(Condition{Name: "backup-age", Number: number(30)})
	if age := w.Now().Sub(newest().Finished); age != 30*time.Hour {
		t.Errorf("the newest backup is %v old, want 30h", age)
	}
	set(Condition{Name: "backup-damaged", On: &on})
	if !newest().Damaged {
		t.Error("it is not damaged")
	}
	set(Condition{Name: "backup"})
	if b := newest(); b.Damaged || !b.Finished.Equal(w.Now()) {
		t.Errorf("a new backup is %+v", b)
	}
	set(Condition{Name: "missing", Word: "dbo.EventQueueEntry", On: &on})
	if !w.SQL().Missing("DBO.EVENTQUEUEENTRY") {
		t.Error("the table is there")
	}
	set(Condition{Name: "missing", Word: "dbo.eventqueueentry", On: &off})
	if w.SQL().Missing("dbo.EventQueueEntry") {
		t.Error("the table is still missing")
	}
	set(Condition{Name: "neighbour", Word: "Helpdesk", Number: number(10)})
	set(Condition{Name: "neighbour", Word: "Archive", Number: number(-1)})
	want := []Database{{Name: "Archive"}, {Name: "Helpdesk", Written: w.Now().Add(-10 * time.Minute)}}
	if got := w.SQL().Databases; !reflect.DeepEqual(got, want) {
		t.Errorf("neighbours %+v, want %+v", got, want)
	}
	set(Condition{Name: "neighbour", Word: "HELPDESK", On: &off})
	set(Condition{Name: "site", Word: "SITE2", On: &on})
	set(Condition{Name: "site", Word: "SITE2", On: &on})
	if v := w.SQL(); len(v.Databases) != 1 || len(v.Sites) != 3 {
		t.Errorf("neighbours %+v, site servers %+v", v.Databases, v.Sites)
	}
}

func TestSQLConditionsThatCannotBe(t *testing.T) {
	minus := -1
	tests := []struct {
		c    Condition
		want string
	}{
		{Condition{Name: "nosuch"}, "there are backup"},
		{Condition{}, `needs "name"`},
		{Condition{Name: "backup-age"}, `needs "number"`},
		{Condition{Name: "backup-age", Number: &minus}, "not -1"},
		{Condition{Name: "missing", Word: "dbo.x"}, `needs "on"`},
		{Condition{Name: "neighbour"}, `needs "word"`},
		{Condition{Name: "neighbour", Word: "symantec_cmdb"}, "itself"},
		{Condition{Name: "backup", Host: "SQL1"}, "not about a host"},
	}
	w := New(Options{Manual: true, Managed: 50})
	before := w.SQL()
	for _, tt := range tests {
		tt.c.Field = "sql"
		if err := w.Set(tt.c); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.c, err, tt.want)
		}
	}
	if after := w.SQL(); !reflect.DeepEqual(before, after) {
		t.Errorf("changed: %+v", after)
	}
}

// TestSQLViewIsACopy holds that nobody who looks can change the world.
func TestSQLViewIsACopy(t *testing.T) {
	w := New(Options{Manual: true, Managed: 50})
	v := w.SQL()
	v.Backups[0].Damaged, v.Sites[0].Name = true, "X"
	v.missing["dbo.x"] = true
	if now := w.SQL(); now.Backups[0].Damaged || now.Sites[0].Name == "X" || now.Missing("dbo.x") {
		t.Errorf("the world became %+v", now)
	}
}
