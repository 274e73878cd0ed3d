package runbook

import "slices"

// Upgrade is what people have said of the upgrade as a whole: what no server can
// answer. Like a request it is the sum of its events.
type Upgrade struct {
	ID string `json:"id"`
	// Hold is why nothing may be proposed but looks, stop and rollback; nil when
	// it may.
	Hold *Said `json:"hold,omitempty"`
	// Signed are the facts that people vouch for, the newest word of each.
	Signed []Signature `json:"signed,omitempty"`
}

// Signature is a person's word for a fact. N is its event: a rollback makes void
// what was signed before it.
type Signature struct {
	Fact string `json:"fact"`
	Said
	N int64 `json:"n"`
}

// OfUpgrade reports whether an event belongs to the upgrade as a whole, and so goes
// through Upgrade.Apply.
func (k Kind) OfUpgrade() bool {
	return k == Held || k == HoldEnded || k == Signed || k == Unsigned
}

// Apply gives the upgrade after an event. It is pure, and total: an event that says
// nothing of the upgrade leaves it as it is.
func (u Upgrade) Apply(e Event) (Upgrade, error) {
	switch e.Kind {
	case Held:
		var b TextBody
		if err := e.Read(&b); err != nil {
			return u, err
		}
		u.Hold = &Said{By: e.Actor, At: e.At, Text: b.Text}
	case HoldEnded:
		u.Hold = nil
	case Signed, Unsigned:
		var b SignedBody
		if err := e.Read(&b); err != nil {
			return u, err
		}
		u.Signed = slices.DeleteFunc(slices.Clone(u.Signed), func(s Signature) bool { return s.Fact == b.Fact })
		if e.Kind == Signed {
			u.Signed = append(u.Signed, Signature{Fact: b.Fact, Said: Said{By: e.Actor, At: e.At, Text: b.Note}, N: e.N})
		}
	}
	return u, nil
}

// Signature finds the newest word for a fact.
func (u Upgrade) Signature(fact string) (Signature, bool) {
	for _, s := range u.Signed {
		if s.Fact == fact {
			return s, true
		}
	}
	return Signature{}, false
}
