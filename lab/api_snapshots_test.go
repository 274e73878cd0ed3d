package lab

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
)

// take has the bot's adapter take a snapshot of a machine, and gives how to look at it.
func (l *Lab) take(t *testing.T, machine, name string) (look func() estate.VM) {
	t.Helper()
	vms := l.vms(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	look = func() estate.VM {
		t.Helper()
		list, err := vms.ByUUID(ctx, l.VCenter.UUID(machine))
		if err != nil || len(list) != 1 {
			t.Fatalf("%s: %+v, %v", machine, list, err)
		}
		return list[0]
	}
	task, err := vms.CreateSnapshot(ctx, look().Ref, estate.SnapshotOrder{Name: name, Key: "itmsbot U-1 R-1 1"})
	if err != nil {
		t.Fatal(err)
	}
	if end, err := vms.Task(ctx, task); err != nil || len(look().Snapshots) != 1 {
		t.Fatalf("%+v, %v", end, err)
	}
	return look
}

// TestSomebodyRemovesASnapshot by the page's call: the bot, which took it, finds it gone.
func TestSomebodyRemovesASnapshot(t *testing.T) {
	l, _ := run(t)
	p := &testPage{url: strings.TrimSuffix(l.Document().Page, "/")}
	site1 := l.take(t, "SITE1", "before 8.1")
	for _, body := range []map[string]string{
		{"vm": "SITE1", "remove": "another"}, {"vm": "SITE9", "remove": "before 8.1"}, {"vm": "SITE1"}, {"vm": "SITE1", "name": "before 8.1"},
	} {
		if e := p.refused(t, "POST", "/lab/snapshots", body); e.Status != http.StatusBadRequest {
			t.Errorf("%v: %+v", body, e)
		}
	}
	p.must(t, "POST", "/lab/snapshots", map[string]string{"vm": "SITE1", "remove": "before 8.1"}, nil)
	if left := site1().Snapshots; len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	bare := newTestPage(t)
	if e := bare.refused(t, "POST", "/lab/snapshots", map[string]string{"vm": "SITE1", "remove": "x"}); e.Status != http.StatusNotFound {
		t.Errorf("without a vCenter: %+v", e)
	}
}
