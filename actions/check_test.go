package actions

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"itmsbot/runbook"
	"itmsbot/store"
)

// between is a journal in which somebody decides directly before the nth event of
// the engine is written.
type between struct {
	Journal
	nth   int
	first func()
}

func (j *between) Append(decide func(Tx) error) error {
	if j.nth--; j.nth == 0 {
		j.first()
	}
	return j.Journal.Append(decide)
}

// A person who denies or stops in the moment in which the bot begins to check has
// the last word, and the bot lives on.
func TestPersonBeforeTheStart(t *testing.T) {
	ana, ben := runbook.Person{Team: "TLAB00001", User: "UANA00001"}, runbook.Person{Team: "TLAB00001", User: "UBEN00001"}
	for _, tt := range []struct {
		name string
		nth  int // which event of the engine they come before
		kind runbook.Kind
		want runbook.State
		last runbook.Kind
	}{
		{"denied before the check", 1, runbook.Denied, runbook.WasDeny, runbook.Denied},
		{"withdrawn before the check", 1, runbook.Cancelled, runbook.WasDrop, runbook.Cancelled},
		{"stopped in the check", 2, runbook.Cancelled, runbook.WasDrop, runbook.Cancelled},
		{"nobody", 3, "", runbook.WasNo, runbook.Unplanned},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := store.Open(filepath.Join(t.TempDir(), "itmsbot.db"), store.Options{Clock: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			// An action that this program does not know cannot be planned
			// again, so that the check ends without an estate.
			r := runbook.Request{ID: "R-1", Upgrade: "U-1"}
			plan, digest, err := runbook.Plan{Format: runbook.PlanFormat, Estate: "Practice", Upgrade: r.Upgrade, Request: r.ID, Action: "of-another-version"}.Seal()
			if err != nil {
				t.Fatal(err)
			}
			add := func(by runbook.Person, kind runbook.Kind, body any) {
				t.Helper()
				about := r
				if kind == runbook.UpgradeOpened {
					about.ID = ""
				}
				err := trail{s}.Append(func(tx Tx) error {
					if _, err := tx.SavePlan(plan); err != nil {
						return err
					}
					return addTo(tx, Order{By: by, Door: "slack"}, about, kind, "", body)
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			add(runbook.Bot, runbook.UpgradeOpened, runbook.UpgradeBody{Estate: "Practice", Channel: "CITMS0001", Team: ana.Team})
			add(ana, runbook.Asked, runbook.AskedBody{Action: "of-another-version", Line: "of-another-version", Title: "Of another version", Risk: runbook.Outage})
			add(runbook.Bot, runbook.Proposed, runbook.ProposedBody{Digest: digest, Needs: runbook.Policy{}.NeedsFor(runbook.Outage), Expires: time.Now().Add(time.Hour).UTC().Truncate(time.Second)})
			add(ben, runbook.Approved, runbook.ApprovedBody{Digest: digest})
			journal := &between{Journal: trail{s}, nth: tt.nth, first: func() { add(ana, tt.kind, runbook.TextBody{Text: "not now"}) }}
			e := NewEngine(journal, Env{Clock: realClock{}, Limits: DefaultLimits()}, runbook.Policy{}, slog.New(slog.DiscardHandler))
			if err := e.DrainWork(t.Context()); err != nil {
				t.Fatal(err)
			}
			now, err := s.Request(r.ID)
			if err != nil || now.State != tt.want {
				t.Errorf("it is %s, %v, want %s", now.State, err, tt.want)
			}
			events, err := s.EventsOf(r.ID)
			if err != nil || events[len(events)-1].Kind != tt.last {
				t.Errorf("the last event is %s, %v, want %s", events[len(events)-1].Kind, err, tt.last)
			}
		})
	}
}
