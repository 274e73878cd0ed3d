package runbook

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestUpgradeAsAWhole tells what people say of an upgrade, event by event.
func TestUpgradeAsAWhole(t *testing.T) {
	type told struct {
		kind Kind
		by   Person
		body any
		want string
	}
	var u Upgrade
	for i, step := range []told{
		{Held, ana, TextBody{Text: "waiting for SQL"}, "held by ANA: waiting for SQL"},
		{Signed, ben, SignedBody{Fact: "smp-upgraded", Note: "8.7, SIM is clean"}, "held by ANA: waiting for SQL; smp-upgraded by BEN (2): 8.7, SIM is clean"},
		{HoldEnded, ben, TextBody{}, "smp-upgraded by BEN (2): 8.7, SIM is clean"},
		{Signed, dora, SignedBody{Fact: "client-tested"}, "smp-upgraded by BEN (2): 8.7, SIM is clean; client-tested by DORA (4): "},
		// The newest word counts, with its own number: a rollback makes void what is older.
		{Signed, ana, SignedBody{Fact: "smp-upgraded", Note: "again"}, "client-tested by DORA (4): ; smp-upgraded by ANA (5): again"},
		{Unsigned, ben, SignedBody{Fact: "client-tested", Note: "it was another client"}, "smp-upgraded by ANA (5): again"},
		{Unsigned, ben, SignedBody{Fact: "client-tested"}, "smp-upgraded by ANA (5): again"},
		{Held, ben, TextBody{Text: "once more"}, "held by BEN: once more; smp-upgraded by ANA (5): again"},
		{Noted, ana, TextBody{Text: "nothing"}, "held by BEN: once more; smp-upgraded by ANA (5): again"},
		{Drifted, Clock, DriftBody{Host: "SMP1"}, "held by BEN: once more; smp-upgraded by ANA (5): again"},
	} {
		before := u.words()
		was := u
		next, err := u.Apply(event(t, int64(1+i), step.kind, step.by, "", step.body))
		if err != nil || next.words() != step.want {
			t.Errorf("event %d, %s: %s, %v\nwant %s", i+1, step.kind, next.words(), err, step.want)
		}
		if was.words() != before {
			t.Errorf("event %d, %s, has changed the upgrade that was given", i+1, step.kind)
		}
		u = next
	}
	if s, ok := u.Signature("smp-upgraded"); !ok || s.N != 5 || s.By != ana || !s.At.Equal(noon) {
		t.Errorf("the signature is %+v, %v", s, ok)
	}
	if _, ok := u.Signature("client-tested"); ok {
		t.Error("what is not signed any more is signed")
	}
	broken := event(t, 20, Signed, ana, "", nil)
	broken.Body = []byte(`{"fact":7}`)
	if _, err := u.Apply(broken); err == nil {
		t.Error("a signature that cannot be read was taken")
	}
}

// words says an upgrade in a line.
func (u Upgrade) words() string {
	var all []string
	if u.Hold != nil {
		all = append(all, "held by "+u.Hold.By.User+": "+u.Hold.Text)
	}
	for _, s := range u.Signed {
		all = append(all, s.Fact+" by "+s.By.User+" ("+string(rune('0'+s.N))+"): "+s.Text)
	}
	return strings.Join(all, "; ")
}

// TestEventsBelongToOneLife: no event is both of a request and of the upgrade, so that
// each has one place that takes it.
func TestEventsBelongToOneLife(t *testing.T) {
	whole := 0
	for _, k := range []Kind{UpgradeOpened, BotStarted, BotStopped, Noted, Refused, Drifted, Held, HoldEnded, Signed, Unsigned, Parked, Unparked} {
		if k.OfRequest() {
			t.Errorf("%s is of a request", k)
		}
		if k.OfUpgrade() {
			whole++
		}
	}
	if whole != 4 {
		t.Errorf("%d kinds are of the upgrade as a whole, want 4", whole)
	}
	for _, k := range RequestKinds {
		if k.OfUpgrade() || !k.OfRequest() {
			t.Errorf("%s is of the upgrade as a whole", k)
		}
	}
}

// TestOneWordForEachFact signs and unsigns at random: each fact has at most one word, and
// it is the newest.
func TestOneWordForEachFact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var u Upgrade
		newest := map[string]int64{}
		for n := int64(1); n <= 30; n++ {
			kind := rapid.SampledFrom([]Kind{Signed, Unsigned, Held, HoldEnded}).Draw(rt, "kind")
			fact := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "fact")
			next, err := u.Apply(event(t, n, kind, ana, "", SignedBody{Fact: fact}))
			if err != nil {
				rt.Fatal(err)
			}
			u = next
			switch kind {
			case Signed:
				newest[fact] = n
			case Unsigned:
				delete(newest, fact)
			}
			if (u.Hold != nil) != (kind == Held) && (kind == Held || kind == HoldEnded) {
				rt.Fatalf("after %s the hold is %v", kind, u.Hold)
			}
			if len(u.Signed) != len(newest) {
				rt.Fatalf("%d words for %d facts", len(u.Signed), len(newest))
			}
			for fact, n := range newest {
				if s, ok := u.Signature(fact); !ok || s.N != n {
					rt.Fatalf("%s is signed with event %d, want %d", fact, s.N, n)
				}
			}
		}
	})
}
