package runbook

import (
	"fmt"
	"time"
)

// Risk decides who has to agree (DESIGN §5).
type Risk string

// The risks.
const (
	Looks        Risk = "looks"
	Changes      Risk = "changes"
	Outage       Risk = "outage"
	Irreversible Risk = "irreversible"
)

// Needs is how many people have to agree to a plan, and who counts.
type Needs struct {
	Count int `json:"count"`
	// Roles that may fill a seat.
	Roles []Role `json:"roles"`
	// NotRequester keeps the person who asked from filling one.
	NotRequester bool `json:"not_requester"`
	// SecondLook shows the plan afresh when all have agreed; one of them then
	// lets it start.
	SecondLook bool `json:"second_look,omitempty"`
}

// Policy is the list of people and the rules that go by it.
type Policy struct {
	Members []Member `json:"members"`
	// Expiry is how long a proposal waits; zero means 30 minutes.
	Expiry time.Duration `json:"expiry"`
	// More asks for more approvers than the risk of an action does.
	More []More `json:"more,omitempty"`
}

// More is how many approvers other than the asker an action needs at least.
type More struct {
	Action    string `json:"action"`
	Approvers int    `json:"approvers"`
}

// DefaultExpiry is how long a proposal waits for its approvals.
const DefaultExpiry = 30 * time.Minute

// Wait is how long a proposal of this policy waits.
func (p Policy) Wait() time.Duration {
	if p.Expiry <= 0 {
		return DefaultExpiry
	}
	return p.Expiry
}

// NeedsFor gives who has to agree to a risk.
func (p Policy) NeedsFor(r Risk) Needs {
	switch r {
	case Changes:
		return Needs{Count: 1, Roles: []Role{Operator, Approver}}
	case Irreversible:
		return Needs{Count: 2, Roles: []Role{Approver}, NotRequester: true, SecondLook: true}
	default: // an outage, and whatever a later version invents
		return Needs{Count: 1, Roles: []Role{Approver}, NotRequester: true}
	}
}

// NeedsOf gives who has to agree to an action of a risk: what the risk asks for, or more
// where the policy says so, never less.
func (p Policy) NeedsOf(action string, r Risk) Needs {
	n := p.NeedsFor(r)
	for _, m := range p.More {
		if m.Action == action {
			n.Count, n.Roles, n.NotRequester = max(n.Count, m.Approvers), []Role{Approver}, true
		}
	}
	return n
}

// Overriding is what more it takes to pass over a rule: two approvers, neither of them
// who asked.
func (n Needs) Overriding() Needs {
	n.Count, n.Roles, n.NotRequester = max(n.Count, 2), []Role{Approver}, true
	return n
}

// Check reports why the listed people cannot fulfil the policy, nil if they
// can. An empty list fulfils nothing.
func (p Policy) Check() error {
	seen := map[Person]string{}
	operators := 0
	for _, m := range p.Members {
		switch {
		case !m.Person.Human():
			return fmt.Errorf("%s has no team or user id", m.Name)
		case seen[m.Person] != "":
			return fmt.Errorf("%s and %s are the same person", seen[m.Person], m.Name)
		case m.Role != Viewer && m.Role != Operator && m.Role != Approver:
			return fmt.Errorf("%s has the role %q; roles are viewer, operator and approver", m.Name, m.Role)
		}
		seen[m.Person] = m.Name
		if m.Role == Operator {
			operators++
		}
	}
	approvers := len(p.With(Approver))
	switch {
	case approvers == 0:
		return fmt.Errorf("nobody is an approver, so nothing could ever be approved")
	case operators == 0 && approvers < 2:
		return fmt.Errorf("only one person may ask and approve, and nobody approves their own request: name an operator or a second approver")
	}
	// Where an operator can ask, every approver may agree; else one of them has asked.
	able := approvers
	if operators == 0 {
		able--
	}
	if most := p.NeedsFor(Irreversible).Count; most > able {
		return fmt.Errorf("what cannot be undone needs %d approvers other than who asks, and the list has %d: name another approver", most, able)
	}
	for _, m := range p.More {
		if m.Approvers > able {
			return fmt.Errorf("%s needs %d approvers other than who asks, and the list has %d: name more approvers, or ask for fewer", m.Action, m.Approvers, able)
		}
	}
	return nil
}

// Member finds a listed person.
func (p Policy) Member(who Person) (Member, bool) {
	for _, m := range p.Members {
		if m.Person == who {
			return m, true
		}
	}
	return Member{}, false
}

// Name is how a person is called, their user id if they are on no list.
func (p Policy) Name(who Person) string {
	if m, ok := p.Member(who); ok {
		return m.Name
	}
	switch who {
	case Bot:
		return "The bot"
	case Clock:
		return "The clock"
	}
	return who.User
}

// With lists the members that have one of the roles.
func (p Policy) With(roles ...Role) []Member {
	var found []Member
	for _, m := range p.Members {
		for _, r := range roles {
			if m.Role == r {
				found = append(found, m)
				break
			}
		}
	}
	return found
}

// Known refuses a person who is on no list.
func (p Policy) Known(who Person) *Refusal {
	if _, ok := p.Member(who); ok {
		return nil
	}
	return Refuse("An operator can add you in `itmsbot.yaml`.", "You are on no list of this bot.")
}

// MayAct refuses whoever is neither operator nor approver. wish is the line
// that was not carried out.
func (p Policy) MayAct(who Person, wish string) *Refusal {
	if r := p.Known(who); r != nil {
		return r
	}
	if m, _ := p.Member(who); m.Role == Operator || m.Role == Approver {
		return nil
	}
	able := p.With(Operator)
	if len(able) == 0 {
		able = p.With(Approver)
	}
	return Refuse(fmt.Sprintf("%s can ask for it. Try `/itms status`.", Names(able, "or")),
		"You may look, but not change the estate, so `/itms %s` was not carried out.", wish)
}

// MayFill refuses a person who cannot fill a seat of the request. It is asked
// at the click and, for every filled seat, once more before the start.
func (p Policy) MayFill(r Request, who Person) *Refusal {
	if no := p.Known(who); no != nil {
		return no
	}
	m, _ := p.Member(who)
	if r.Needs.NotRequester && who == r.By {
		return &Refusal{Lead: "Not counted",
			Reason: fmt.Sprintf("You asked for %s, so somebody else has to approve it.", r.ID),
			Hint:   p.canFill(r) + " can."}
	}
	for _, role := range r.Needs.Roles {
		if m.Role == role {
			return nil
		}
	}
	return &Refusal{Lead: "Not counted",
		Reason: fmt.Sprintf("You are %s, and %s needs %s.", article(m.Role), r.ID, article(r.Needs.Roles[len(r.Needs.Roles)-1])),
		Hint:   p.canFill(r) + " can approve it."}
}

// CanFill lists who could fill an open seat of the request.
func (p Policy) CanFill(r Request) []Member {
	var able []Member
	for _, m := range p.With(r.Needs.Roles...) {
		if r.Needs.NotRequester && m.Person == r.By || r.Seat(m.Person) != nil {
			continue
		}
		able = append(able, m)
	}
	return able
}

func (p Policy) canFill(r Request) string { return Names(p.CanFill(r), "or") }

func article(r Role) string {
	if r == Operator || r == Approver {
		return "an " + string(r)
	}
	return "a " + string(r)
}
