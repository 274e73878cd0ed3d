package store

import (
	"fmt"
	"sync"
	"testing"

	"itmsbot/runbook"
)

// BenchmarkAppend writes single events, each on disk before the next of the
// same caller.
func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 32} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, err := Open(file(b), options(newClock()))
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			add(b, s, upgradeOpened(b, "U-1"))
			work := make(chan struct{})
			var all sync.WaitGroup
			for range callers {
				all.Go(func() {
					for range work {
						err := s.Append(func(tx *Tx) error {
							_, err := tx.Add(event(b, runbook.Noted, "", runbook.TextBody{Text: "queue 17, falling"}))
							return err
						})
						if err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for range b.N {
				work <- struct{}{}
			}
			close(work)
			all.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkVerify checks and replays a trail of requests that ran to their end.
func BenchmarkVerify(b *testing.B) {
	path := file(b)
	s := opened(b, path)
	add(b, s, upgradeOpened(b, "U-1"))
	for i := range 100 {
		id := fmt.Sprintf("R-%d", i+1)
		run(b, s, id, propose(b, s, id))
	}
	events := 0
	for b.Loop() {
		r, err := Verify(path)
		if err != nil || !r.OK() {
			b.Fatal(err, r.Findings)
		}
		events += r.Events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
