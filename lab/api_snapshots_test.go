package lab

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
)

// TestSomebodyRemovesASnapshot by the page's call: the bot, which took it, finds it gone.
func TestSomebodyRemovesASnapshot(t *testing.T) {
	l, _ := run(t)
	p := &testPage{url: strings.TrimSuffix(l.Document().Page, "/")}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	vms := l.vms(t)
	site1 := func() estate.VM {
		t.Helper()
		list, err := vms.ByUUID(ctx, "4211c7b2-e86a-3f91-8d14-0b53c406d303")
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0]
	}
	task, err := vms.CreateSnapshot(ctx, site1().Ref, estate.SnapshotOrder{Name: "before 8.1", Key: "itmsbot U-1 R-1 1"})
	if err != nil {
		t.Fatal(err)
	}
	if end, err := vms.Task(ctx, task); err != nil || len(site1().Snapshots) != 1 {
		t.Fatalf("%+v, %v", end, err)
	}
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
