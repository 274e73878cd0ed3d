package store

import (
	"testing"
	"time"

	"itmsbot/runbook"
)

// BenchmarkBareInsert is what BenchmarkAppend is to be held against: the row of
// an event put into the same table of the same database with the same settings
// and committed, with nothing read, hashed, chained or projected.
func BenchmarkBareInsert(b *testing.B) {
	path := file(b)
	s, err := Open(path, options(newClock())) // makes the tables
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	c, err := dial(pool(path, writes, lockWait))
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	if err := c.script("DROP TRIGGER event_follows"); err != nil {
		b.Fatal(err)
	}
	e := event(b, runbook.Noted, "", runbook.TextBody{Text: "queue 17, falling"})
	e.At = time.Now()
	l := lineOf(e, genesis)
	for b.Loop() {
		l.n++
		if err := c.exec("BEGIN IMMEDIATE"); err != nil {
			b.Fatal(err)
		}
		if err := c.exec("INSERT INTO event ("+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			l.n, l.upgrade, l.at, l.team, l.actor, l.door, l.kind, l.request, l.step, l.delivery, l.body, l.prev, l.hash); err != nil {
			b.Fatal(err)
		}
		if err := c.exec("COMMIT"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
