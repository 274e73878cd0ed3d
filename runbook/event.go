package runbook

import (
	"encoding/json"
	"fmt"
	"time"
)

// Event is one line of the audit trail. N orders events; At is the domain
// clock and orders nothing (DESIGN §6).
type Event struct {
	N       int64     `json:"n"`
	Upgrade string    `json:"upgrade"`
	At      time.Time `json:"at"`
	Actor   Person    `json:"actor"`
	// Door is the way by which it came: slack, clock, start, engine.
	Door    string `json:"door"`
	Kind    Kind   `json:"kind"`
	Request string `json:"request,omitempty"`
	Step    string `json:"step,omitempty"`
	// Delivery is the row of what caused it, 0 for what nobody sent.
	Delivery int64 `json:"delivery,omitempty"`
	// Body is canonical JSON of the kind's body.
	Body json.RawMessage `json:"body,omitempty"`
}

// Kind names what happened.
type Kind string

// Events that belong to no request's life.
const (
	UpgradeOpened Kind = "upgrade.opened" // UpgradeBody
	BotStarted    Kind = "bot.started"    // StartBody
	BotStopped    Kind = "bot.stopped"
	Noted         Kind = "noted"   // TextBody: a decision somebody put into the trail
	Refused       Kind = "refused" // RefusedBody: a caller was turned away; nothing changed
	Drifted       Kind = "drifted" // DriftBody: closed doors are not as they were left
	// What people say of the upgrade as a whole (Upgrade.Apply).
	Held      Kind = "held"       // TextBody: why nothing may be proposed
	HoldEnded Kind = "hold.ended" // TextBody
	Signed    Kind = "signed"     // SignedBody: a fact that no server was asked for
	Unsigned  Kind = "unsigned"   // SignedBody: it was not so after all
	// Parked and Unparked: an account was refused and is not tried again, and
	// somebody lets it be tried once more.
	Parked   Kind = "account.parked"   // ParkedBody
	Unparked Kind = "account.unparked" // ParkedBody
)

// Events of a request's life, in the order in which they can happen.
const (
	Asked       Kind = "asked"       // AskedBody
	Unplanned   Kind = "unplanned"   // Refusal: no plan could be made
	Proposed    Kind = "proposed"    // ProposedBody
	Approved    Kind = "approved"    // ApprovedBody: one seat
	ReadAgain   Kind = "read again"  // ReadAgainBody: the second look before what cannot be undone
	Confirmed   Kind = "confirmed"   // ApprovedBody: one of those who approved lets it start
	Denied      Kind = "denied"      // TextBody
	Cancelled   Kind = "cancelled"   // TextBody
	Expired     Kind = "expired"     //
	Checking    Kind = "checking"    // the plan is computed once more
	Stale       Kind = "stale"       // StaleBody: nothing touched
	Started     Kind = "started"     //
	StageBegun  Kind = "stage.begun" // StageBody
	Intent      Kind = "step.intent" // IntentBody
	Outcome     Kind = "step.outcome"
	Progress    Kind = "progress"    // ProgressBody: how far an open step is
	Waits       Kind = "waits"       // WaitsBody: a person is needed
	Answered    Kind = "answered"    // AnswerBody: to what a step asked
	StopAsked   Kind = "stop.asked"  //
	Reminded    Kind = "reminded"    // RemindedBody: nobody has acted yet
	Resumed     Kind = "resumed"     // TextBody: go on, try again, an answer
	Interrupted Kind = "interrupted" // TextBody: found after a start
	Finished    Kind = "done"        // TextBody
	LeftSo      Kind = "left"        // TextBody: a person's reason
	Superseded  Kind = "superseded"  // ByBody
	BackedOut   Kind = "backed out"  // ByBody: a mark
)

// Events of an opening, which lasts longer than the request that made it.
const (
	Opened       Kind = "opened"        // OpenedBody: the first way in was verified
	Extended     Kind = "extended"      // OpenedBody: it ends later
	EndNear      Kind = "end near"      // its owner is asked whether it may end
	Ending       Kind = "ending"        // the clock begins to close it
	OpeningEnded Kind = "opening ended" // EndedBody
	EndFailed    Kind = "end failed"    // TextBody: it is open still, and should not be
)

// SetAged is said of the set that a request took, while it is neither committed nor gone
// back to.
const SetAged Kind = "set aged" // AgedBody

// Observed is what an opening does to queue and clients, as far as it is worth a line.
const Observed Kind = "observed" // ObservedBody

// The bodies. Fields are only ever added; old rows keep their meaning.
type (
	// UpgradeBody opens an upgrade.
	UpgradeBody struct {
		Estate  string `json:"estate"`
		Channel string `json:"channel"`
		Team    string `json:"team"`
	}
	// StartBody says which program began to serve, with which configuration.
	StartBody struct {
		Version string `json:"version"`
		Config  string `json:"config"`
	}
	// TextBody carries a person's or the bot's words.
	TextBody struct {
		Text string `json:"text,omitempty"`
	}
	// RefusedBody is a refusal and the line it answered.
	RefusedBody struct {
		Line    string  `json:"line"`
		Refusal Refusal `json:"refusal"`
	}
	// DriftBody says what a watch has found on a host: as it was left, open, closed
	// but not as it was left, or not to be known.
	DriftBody struct {
		Host    string `json:"host"`
		Open    bool   `json:"open,omitempty"`
		Moved   bool   `json:"moved,omitempty"`
		Unknown bool   `json:"unknown,omitempty"`
		Text    string `json:"text,omitempty"`
	}
	// ObservedBody says in words what an opening does, and keeps the figures with which
	// the next look compares.
	ObservedBody struct {
		Text string `json:"text"`
		// Grows reports that the backlog grows faster than it drains, Short that next
		// to nothing waits.
		Grows bool `json:"grows,omitempty"`
		Short bool `json:"short,omitempty"`
		// Over says that this look was the last.
		Over bool `json:"over,omitempty"`
		// Unknown reports that the queue could not be read, Blind that clients could
		// not be seen.
		Unknown bool `json:"unknown,omitempty"`
		Blind   bool `json:"blind,omitempty"`
		// Taken is when the queue was read, on the clock of its server; Left is what
		// waited, and Oldest the number of the first.
		Taken     time.Time `json:"taken,omitzero"`
		Left      int64     `json:"left,omitempty"`
		Oldest    int64     `json:"oldest,omitempty"`
		Connected int       `json:"connected,omitempty"`
		Contacts  int64     `json:"contacts,omitempty"`
		Agents    string    `json:"agents,omitempty"`
	}
	// ParkedBody is an account, and who has refused it; of Unparked it has the
	// host for which it is tried again.
	ParkedBody struct {
		Account string `json:"account,omitempty"`
		Peer    string `json:"peer"`
	}
	// AskedBody begins a request.
	AskedBody struct {
		Action string            `json:"action"`
		Args   map[string]string `json:"args,omitempty"`
		Line   string            `json:"line"`
		Title  string            `json:"title"`
		Risk   Risk              `json:"risk"`
		// Undoes names the request that this one takes back.
		Undoes string `json:"undoes,omitempty"`
		// Takes lets it take the slot of whatever runs, at a step boundary.
		Takes bool `json:"takes,omitempty"`
	}
	// ProposedBody binds the request to a plan.
	ProposedBody struct {
		Digest  string    `json:"digest"`
		Needs   Needs     `json:"needs"`
		Expires time.Time `json:"expires"`
		// Readings stand on the card with their time; they bind nothing.
		Readings []Reading `json:"readings,omitempty"`
		// Warnings are what people should have read before they agree.
		Warnings []string `json:"warnings,omitempty"`
	}
	// ReadAgainBody is what the second look has read, of the same plan.
	ReadAgainBody struct {
		Expires  time.Time `json:"expires"`
		Readings []Reading `json:"readings,omitempty"`
		Warnings []string  `json:"warnings,omitempty"`
	}
	// ProgressBody says how far a step is, and which task of vCenter carries it
	// out, so that the task can be found again.
	ProgressBody struct {
		Text string `json:"text,omitempty"`
		Task string `json:"task,omitempty"`
	}
	// OpenedBody says when an opening ends; zero is never.
	OpenedBody struct {
		Until time.Time `json:"until,omitzero"`
	}
	// EndedBody says what ended an opening: a request, or the clock.
	EndedBody struct {
		By   string `json:"by,omitempty"`
		Text string `json:"text,omitempty"`
	}
	// AgedBody is which age a set of snapshots has come to.
	AgedBody struct {
		Hours int `json:"hours"`
	}
	// SignedBody is a person's word for a fact, and their evidence.
	SignedBody struct {
		Fact string `json:"fact"`
		Note string `json:"note,omitempty"`
	}
	// ApprovedBody is one person's agreement to one plan.
	ApprovedBody struct {
		Digest string `json:"digest"`
	}
	// StaleBody says what moved between plan and start.
	StaleBody struct {
		Digest string `json:"digest,omitempty"`
		Moved  []Move `json:"moved"`
	}
	// StageBody names a stage.
	StageBody struct {
		Stage string `json:"stage"`
	}
	// IntentBody is written before a step does anything.
	IntentBody struct {
		Attempt int             `json:"attempt"`
		Before  json.RawMessage `json:"before,omitempty"`
	}
	// OutcomeBody says how a step ended.
	OutcomeBody struct {
		Result Result `json:"result"`
		Text   string `json:"text"`
		// Warn is what people should read although the step ended well.
		Warn  string          `json:"warn,omitempty"`
		Facts json.RawMessage `json:"facts,omitempty"`
		// Artifacts are what was found and does not fit into Facts; the bytes
		// are kept beside the trail, under their digest.
		Artifacts []Artifact `json:"artifacts,omitempty"`
		// Ask is set with the result Asks.
		Ask *Question `json:"ask,omitempty"`
		// HostNow is the host's own clock, where one was asked.
		HostNow time.Time `json:"host_now,omitzero"`
	}
	// AnswerBody is a person's answer, bound to what they were shown.
	AnswerBody struct {
		Word    string `json:"word"`
		Finding string `json:"finding"`
	}
	// WaitsBody says why a request waits for a person.
	WaitsBody struct {
		Why  Why    `json:"why"`
		Text string `json:"text"`
	}
	// RemindedBody counts the reminders since the request began to need
	// somebody.
	RemindedBody struct {
		Nth int `json:"nth"`
	}
	// ByBody names another request.
	ByBody struct {
		By string `json:"by"`
	}
)

// Artifact names bytes that are kept beside the trail: a full list of errors, a
// record of a server. The event that names it holds the digest, so that it
// cannot be changed without being noticed.
type Artifact struct {
	// Name is a file name for people: "logs-SMP1.csv".
	Name   string `json:"name"`
	Title  string `json:"title"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Question is what a step asks: the answers in words, and what each leads to.
type Question struct {
	// Finding is the digest of what was found. An answer is to this finding
	// and no other.
	Finding string   `json:"finding"`
	Answers []Answer `json:"answers"`
}

// Answer is one way to go on.
type Answer struct {
	// Word is what stands in the line of the button.
	Word string `json:"word"`
	// Label is the button, Leads what pressing it says and does.
	Label string `json:"label"`
	Leads string `json:"leads"`
	// Accepts lets the request go on with the finding as it is; else the
	// step is tried again.
	Accepts bool `json:"accepts"`
}

// Find gives the answer of a word.
func (q *Question) Find(word string) (Answer, bool) {
	if q != nil {
		for _, a := range q.Answers {
			if a.Word == word {
				return a, true
			}
		}
	}
	return Answer{}, false
}

// Reading is a figure with the time at which it was read.
type Reading struct {
	What  string    `json:"what"`
	Value string    `json:"value"`
	At    time.Time `json:"at"`
}

// Move is one fact that is not what the plan says.
type Move struct {
	What string `json:"what"`
	Then string `json:"then"`
	Now  string `json:"now"`
}

// NewEvent makes an event with a body in canonical JSON. The body is one of
// ours, so that an error is a mistake in the program.
func NewEvent(kind Kind, request string, body any) (Event, error) {
	e := Event{Kind: kind, Request: request}
	if body == nil {
		return e, nil
	}
	b, err := Canonical(body)
	if err != nil {
		return e, fmt.Errorf("event %s: %w", kind, err)
	}
	e.Body = b
	return e, nil
}

// Read decodes the body of an event.
func (e Event) Read(body any) error {
	if len(e.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(e.Body, body); err != nil {
		return fmt.Errorf("event %d %s: body: %w", e.N, e.Kind, err)
	}
	return nil
}
