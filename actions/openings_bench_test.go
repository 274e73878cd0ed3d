package actions

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"itmsbot/runbook"
)

// BenchmarkOpenAndClose lets a subnet in with an end on hosts whose doors are closed, and
// closes it again; every script takes 400 ms. Planning counts, too: it looks at every
// host.
func BenchmarkOpenAndClose(b *testing.B) {
	for _, hosts := range []int{1, 50} {
		b.Run(fmt.Sprintf("hosts=%d", hosts), func(b *testing.B) {
			opening, closing := time.Duration(0), time.Duration(0)
			for b.Loop() {
				b.StopTimer()
				s := openSites(b, hosts, 400*time.Millisecond)
				s.engine.env.Closings = s.fleet
				if err := s.engine.carry(b.Context(), s.approved(b)); err != nil {
					b.Fatal(err)
				}
				s.check(b, "R-1")
				b.StartTimer()
				opening += s.measure(b, "R-2", allowSubnet, func(ask Ask) (Draft, error) {
					var wanted []entrance
					for _, h := range s.engine.env.Estate.Hosts {
						wanted = append(wanted, entrance{host: h, wanted: []wayIn{{"subnet", netip.MustParsePrefix("10.21.12.0/24"), h.ClientPorts}}})
					}
					return openStages(b.Context(), s.engine.env, ask, "1.9 item 1", wanted, 3600)
				})
				closing += s.measure(b, "R-3", shut, func(ask Ask) (Draft, error) {
					ask.Args = map[string]string{argRequest: "R-2"}
					return planClose(b.Context(), s.engine.env, ask)
				})
				b.StopTimer()
				if r, err := s.store.Request("R-2"); err != nil || r.Opening == nil || r.Opening.Ended == nil {
					b.Fatalf("the opening: %+v %v", r.Opening, err)
				}
				s.close(b)
				b.StartTimer()
			}
			b.ReportMetric(opening.Seconds()/float64(b.N), "s/opening")
			b.ReportMetric(closing.Seconds()/float64(b.N), "s/closing")
		})
	}
}

// measure plans a request and carries it out; that people agree takes no time.
func (s *sites) measure(b *testing.B, id string, a *Action, plan func(Ask) (Draft, error)) time.Duration {
	b.Helper()
	began := time.Now()
	ledger, err := readLedger(s.engine.journal)
	if err != nil {
		b.Fatal(err)
	}
	s.engine.env.Upgrade = "U-1"
	draft, err := plan(Ask{Request: id, Ledger: ledger, Before: s.engine.journal.Before, Past: s.engine.journal})
	if err != nil {
		b.Fatal(err)
	}
	bytes, digest, err := runbook.Plan{Format: runbook.PlanFormat, Upgrade: "U-1", Request: id, Action: a.Name, Machines: draft.Machines, Stages: draft.Stages,
		Then: draft.Then, EndSeconds: draft.EndSeconds, Thresholds: draft.Thresholds}.Seal()
	if err != nil {
		b.Fatal(err)
	}
	someone := runbook.Person{Team: "TLAB00001", User: "UANA00001"}
	err = s.engine.journal.Append(func(tx Tx) error {
		if _, err := tx.SavePlan(bytes); err != nil {
			return err
		}
		for _, e := range []struct {
			kind runbook.Kind
			body any
		}{
			{runbook.Asked, runbook.AskedBody{Action: a.Name, Line: a.Name, Risk: a.Risk}},
			{runbook.Proposed, runbook.ProposedBody{Digest: digest, Needs: runbook.Policy{}.NeedsFor(a.Risk), Expires: tx.Now().Add(time.Hour).Truncate(time.Second)}},
			{runbook.Approved, runbook.ApprovedBody{Digest: digest}},
			{runbook.Checking, nil},
			{runbook.Started, nil},
		} {
			if err := addTo(tx, Order{By: someone, Door: "test"}, runbook.Request{ID: id, Upgrade: "U-1"}, e.kind, "", e.body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	r, err := s.store.Request(id)
	if err == nil {
		err = s.engine.carry(b.Context(), r)
	}
	if err != nil {
		b.Fatal(err)
	}
	if r, err = s.store.Request(id); err != nil || r.State != runbook.WasDone {
		b.Fatalf("%s is %s: %+v %v", id, r.State, r.Waits, err)
	}
	return time.Since(began)
}
