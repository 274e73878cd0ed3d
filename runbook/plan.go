package runbook

import (
	"encoding/json"
	"fmt"
)

// PlanFormat is the version of the shape below. A binary that does not know a
// plan's format cannot go on with it.
const PlanFormat = 1

// Plan is what would be done, as data. Its canonical bytes are digested,
// approved, stored and carried out; nothing is carried out that is not in
// them. Readings that move by themselves (queue depth, connections, ages) are
// not part of it, the thresholds that they are judged by are (DESIGN §2).
type Plan struct {
	Format  int    `json:"format"`
	Estate  string `json:"estate"`
	Upgrade string `json:"upgrade"`
	Request string `json:"request"`
	// Config is the digest of policy and configuration.
	Config   string            `json:"config"`
	Action   string            `json:"action"`
	Section  string            `json:"section"`
	Args     map[string]string `json:"args"`
	Machines []Machine         `json:"machines"`
	// LeftOut is what the plan leaves alone on somebody's word.
	LeftOut []LeftOut `json:"left_out,omitempty"`
	// Overrides are rules that do not hold and were passed over on somebody's word.
	Overrides []Override `json:"overrides,omitempty"`
	Stages    []Stage    `json:"stages"`
	// EndSeconds is how long after its first verified way in an opening ends by
	// itself; 0 is never.
	EndSeconds int64 `json:"end_seconds,omitempty"`
	// Then is what is written about other requests when this one is done: an
	// opening that has ended, one that ends later.
	Then []Mark `json:"then,omitempty"`
	// Thresholds bind what is read while it runs, in the unit its name says.
	Thresholds map[string]int64 `json:"thresholds"`
	Needs      Needs            `json:"needs"`
}

// Override is a fact that was not so when the plan was made, and why the plan may be
// carried out all the same.
type Override struct {
	Fact    string `json:"fact"`
	Because string `json:"because"`
}

// Mark is an event about another request.
type Mark struct {
	Request string          `json:"request"`
	Kind    Kind            `json:"kind"`
	Body    json.RawMessage `json:"body,omitempty"`
}

// LeftOut is a host, or one rule of a host, that a plan leaves as it is, and the
// reason that was given for it.
type LeftOut struct {
	Host    string `json:"host"`
	Rule    string `json:"rule,omitempty"` // by its name; empty is the whole host
	Because string `json:"because"`
}

// Machine is the identity of a machine that the plan touches.
type Machine struct {
	Host string `json:"host"`
	Role string `json:"role"`
	// GUID is the MachineGuid that a script reads on the machine itself.
	GUID string `json:"guid"`
	Name string `json:"name"`
	// BIOS and VM bind the host to its virtual machine, where a step acts on
	// that: the UUID that the host itself reports, and vCenter's reference.
	BIOS string `json:"bios,omitempty"`
	VM   string `json:"vm,omitempty"`
	// WayBack says how it goes back: WayBackSnapshot, or in words what a
	// person does, or that there is none and why.
	WayBack string `json:"way_back,omitempty"`
}

// WayBackSnapshot is the way back that needs no words: with the set.
const WayBackSnapshot = "snapshot"

// Stage is a set of steps that run together. Stages run one after the other.
type Stage struct {
	ID string `json:"id"`
	// Item is the method's number, such as "1.4 item 1".
	Item string `json:"item"`
	// Title is what is to be done, imperative: "close the doors on SMP1".
	Title string `json:"title"`
	// Doing and Done say the same while it runs and afterwards.
	Doing string `json:"doing"`
	Done  string `json:"done"`
	// Set says that the steps hold together or not at all: when one is tried
	// again, all of them are done again.
	Set bool `json:"set,omitempty"`
	// FreshSeconds is how old the outcomes of the stage before may be when
	// this one begins; older ones are looked at again. 0 is any age.
	FreshSeconds int64  `json:"fresh_seconds,omitempty"`
	Steps        []Step `json:"steps"`
}

// Step is one change on one host.
type Step struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	Version int             `json:"version"`
	Host    string          `json:"host"`
	Machine string          `json:"machine"`
	Title   string          `json:"title"`
	Params  json.RawMessage `json:"params"`
	Effect  Effect          `json:"effect"`
	// Touches names what the step changes, so that a later request on the
	// same thing can be told from others: "SMP1 rule IIS-HTTP".
	Touches []string `json:"touches"`
	// WayBack says how it is undone, or why it cannot be.
	WayBack string `json:"way_back"`
	// Optional steps stop nothing: what could not be done or looked at is said,
	// and the next stage begins.
	Optional bool `json:"optional,omitempty"`
	// Undoes is set in a plan that takes another request back: this step
	// undoes that step, from the before that was recorded then.
	Undoes *Undoing `json:"undoes,omitempty"`
}

// Undoing ties a step to the one that it takes back.
type Undoing struct {
	Request string          `json:"request"`
	Step    string          `json:"step"`
	Before  json.RawMessage `json:"before"`
}

// Effect is what a person reads: one cell of the card's table.
type Effect struct {
	What   string `json:"what"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Seal gives the plan's canonical bytes and their digest. A plan that holds
// what looks like a secret is a *Refusal: its bytes are kept for good and shown
// to people, and they cannot be redacted, because what is carried out is these
// bytes and no others.
func (p Plan) Seal() (bytes []byte, digest string, err error) {
	b, err := Canonical(p)
	if err != nil {
		return nil, "", fmt.Errorf("plan of %s: %w", p.Request, err)
	}
	if clean, err := RedactJSON(b); err != nil || string(clean) != string(b) {
		if where := p.secret(); where != "" {
			return nil, "", Refuse("Give what has it another name, then ask again.",
				"%s holds what looks like a password or a key, and a plan is kept and shown.", where)
		}
	}
	return b, Digest(b), nil
}

// secret names the place that holds one. What is undone is left out: it was
// approved before, and a way back is never refused for a name.
func (p Plan) secret() string {
	for _, stage := range p.Stages {
		for _, s := range stage.Steps {
			if s.Undoes != nil {
				continue
			}
			b, err := Canonical(s)
			if clean, no := RedactJSON(b); err != nil || no != nil || string(clean) != string(b) {
				return fmt.Sprintf("Step %s on %s (%s)", s.ID, s.Host, s.Title)
			}
		}
	}
	p.Stages = nil
	b, err := Canonical(p)
	if clean, no := RedactJSON(b); err != nil || no != nil || string(clean) != string(b) {
		return "What was asked for"
	}
	return ""
}

// OpenPlan reads the bytes of a stored plan.
func OpenPlan(b []byte) (Plan, error) {
	var p Plan
	if err := json.Unmarshal(b, &p); err != nil {
		return p, fmt.Errorf("stored plan: %w", err)
	}
	if p.Format != PlanFormat {
		return p, fmt.Errorf("stored plan of %s has format %d, this program knows %d", p.Request, p.Format, PlanFormat)
	}
	return p, nil
}

// Steps lists all steps in order.
func (p Plan) Steps() []Step {
	var all []Step
	for _, s := range p.Stages {
		all = append(all, s.Steps...)
	}
	return all
}
