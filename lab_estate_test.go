package main

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/lab"
)

// TestEstatesOfTheLab: the bot on each practice estate knows how its SQL Server goes
// back, whether it runs in the lab or is served beside it.
func TestEstatesOfTheLab(t *testing.T) {
	for name, want := range map[string]estate.Way{"": estate.BySnapshot, lab.SharedSQL: estate.BySnapshot, lab.PhysicalSQL: estate.ByBackup} {
		l, path := practiceSite(t, lab.Options{Estate: name})
		log := slog.New(slog.DiscardHandler)
		own := labPlant(l, "", log)
		for _, h := range own.estate.Hosts {
			if way := h.WayBack(); h.Role == estate.SQL && way != want || h.Role != estate.SQL && way != estate.BySnapshot {
				t.Errorf("%q: %s goes back by %s", name, h.Name, way)
			}
		}
		c, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		site, err := sitePlant(c, log)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(own.estate, site.estate); diff != "" {
			t.Errorf("%q (-lab +site):\n%s", name, diff)
		}
	}
}
