package runbook

import (
	"time"
)

// State is where a request is in its life (DESIGN §1).
type State string

// Before anything is touched.
const (
	None    State = "" // no event yet
	InAsked State = "asked"
	InOffer State = "proposed"
	// InSecond: all have agreed, and what cannot be undone is shown once more
	// before one of them lets it start.
	InSecond State = "agreed"
	Ready    State = "ready"
	InCheck  State = "checking"
	WasNo    State = "refused" // no plan could be made
	WasDeny  State = "denied"
	WasDrop  State = "cancelled"
	WasLate  State = "expired"
	WasStale State = "stale"
)

// While the estate is being changed, and after.
const (
	Running  State = "running"
	Waiting  State = "waiting"
	Broken   State = "interrupted"
	WasDone  State = "done"
	WasLeft  State = "left"
	WasTaken State = "superseded"
)

// States lists every state, for tables and tests.
var States = [...]State{None, InAsked, InOffer, InSecond, Ready, InCheck, WasNo, WasDeny, WasDrop, WasLate, WasStale,
	Running, Waiting, Broken, WasDone, WasLeft, WasTaken}

// Ended reports whether the request's life is over.
func (s State) Ended() bool {
	switch s {
	case WasNo, WasDeny, WasDrop, WasLate, WasStale, WasDone, WasLeft, WasTaken:
		return true
	}
	return false
}

// Holds reports whether a request in this state holds the slot: one request
// changes the estate at a time (DESIGN §7).
func (s State) Holds() bool {
	switch s {
	case InCheck, Running, Waiting, Broken:
		return true
	}
	return false
}

// Said puts the state into a sentence after the request's name: "R-12 has
// expired".
func (s State) Said() string {
	switch s {
	case WasNo:
		return "has no plan"
	case WasDeny:
		return "was denied"
	case WasDrop:
		return "was withdrawn"
	case WasLate:
		return "has expired"
	case WasStale:
		return "is out of date"
	case WasLeft:
		return "was left as it is"
	case WasTaken:
		return "was superseded"
	}
	return "is " + string(s)
}

// Untouched reports whether a request that is in this state, or ended in it,
// has changed nothing.
func (s State) Untouched() bool {
	switch s {
	case Running, Waiting, Broken, WasDone, WasLeft, WasTaken:
		return false
	}
	return true
}

// Why says what a waiting request waits for.
type Why string

// The reasons to wait for a person.
const (
	StepFailed  Why = "failed"
	StepUnknown Why = "unknown"
	Stopped     Why = "stopped"
	FactsMoved  Why = "moved"
	HasQuestion Why = "question" // a step asks
)

// Result is how a step ended.
type Result string

// The results. AlreadySo changed nothing, so that undo does nothing.
const (
	StepDone  Result = "done"
	AlreadySo Result = "already so"
	NotDone   Result = "failed"
	Unclear   Result = "unknown"
	// Missed: it could not be done or looked at, and it stops nothing (Step.Optional).
	Missed Result = "missed"
	// Asks: the step has found something that only a person can judge.
	Asks Result = "asks"
	// Accepted: a person has judged it, by name.
	Accepted Result = "accepted"
)

// Good reports whether the step's effect is there.
func (r Result) Good() bool { return r == StepDone || r == AlreadySo || r == Accepted }

// Request is a wish of a person and its life. It is the sum of its events:
// nothing in it comes from elsewhere.
type Request struct {
	ID      string            `json:"id"`
	Upgrade string            `json:"upgrade"`
	Action  string            `json:"action"`
	Args    map[string]string `json:"args,omitempty"`
	Line    string            `json:"line"`
	Title   string            `json:"title"`
	Risk    Risk              `json:"risk"`
	By      Person            `json:"by"`
	Undoes  string            `json:"undoes,omitempty"`
	Takes   bool              `json:"takes,omitempty"`

	State   State `json:"state"`
	First   int64 `json:"first"`
	Last    int64 `json:"last"`
	Changed int64 `json:"changed"` // event of the last change of State
	// Since is when State last changed, Reminders how often people were told
	// since then that it needs them.
	Since     time.Time `json:"since"`
	Reminders int       `json:"reminders,omitempty"`

	AskedAt  time.Time `json:"asked_at"`
	Digest   string    `json:"digest,omitempty"`
	Needs    Needs     `json:"needs,omitzero"`
	Expires  time.Time `json:"expires,omitzero"`
	Readings []Reading `json:"readings,omitempty"`
	Warnings []string  `json:"warnings,omitempty"`
	// ReadAgain is when the second look was made, zero before.
	ReadAgain time.Time `json:"read_again,omitzero"`
	Seats     []Seat    `json:"seats,omitempty"`
	Moved     []Move    `json:"moved,omitempty"`

	// Started is the event with which it began to change the estate: requests
	// are asked for in one order and carried out in another.
	Started   int64      `json:"started,omitempty"`
	StartedAt time.Time  `json:"started_at,omitzero"`
	Stage     string     `json:"stage,omitempty"`
	Steps     []StepLife `json:"steps,omitempty"`
	Stopping  *Said      `json:"stopping,omitempty"`
	Waits     *WaitsBody `json:"waits,omitempty"`
	// Ended is who ended it, when, and in which words.
	Ended       *Said  `json:"ended,omitempty"`
	TakenBy     string `json:"taken_by,omitempty"`
	BackedOutBy string `json:"backed_out_by,omitempty"`
	// Opening is what it has opened, nil if it has opened nothing by name.
	Opening *Opening `json:"opening,omitempty"`
	// Aged is the last age of its set of snapshots, in hours, that people were told.
	Aged int `json:"aged,omitempty"`
	// No is the refusal of a request for which no plan could be made.
	No *Refusal `json:"no,omitempty"`
}

// Seat is one approval.
type Seat struct {
	By     Person    `json:"by"`
	At     time.Time `json:"at"`
	Digest string    `json:"digest"`
}

// Said is who did something, when, and in which words.
type Said struct {
	By   Person    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text,omitempty"`
}

// StepLife is what is known of a step.
type StepLife struct {
	ID       string `json:"id"`
	Attempts int    `json:"attempts"`
	// Open reports an intent without an outcome: the step may have been
	// done, and only a look can tell.
	Open   bool   `json:"open"`
	Result Result `json:"result,omitempty"`
	Text   string `json:"text,omitempty"`
	// Warn is what people should read although it ended well.
	Warn string `json:"warn,omitempty"`
	// Ask is what it asks, with the result Asks. Judge is who accepted what
	// it found.
	Ask   *Question `json:"ask,omitempty"`
	Judge *Said     `json:"judge,omitempty"`
	// Task is the task of vCenter that carries it out, by reference.
	Task string `json:"task,omitempty"`
	// Artifacts are the files that its last outcome names.
	Artifacts []Artifact `json:"artifacts,omitempty"`
	Began     time.Time  `json:"began"`
	Ended     time.Time  `json:"ended,omitzero"`
}

// Seat finds the seat that a person filled.
func (r Request) Seat(who Person) *Seat {
	for i := range r.Seats {
		if r.Seats[i].By == who {
			return &r.Seats[i]
		}
	}
	return nil
}

// Step finds what is known of a step.
func (r Request) Step(id string) (StepLife, bool) {
	for _, s := range r.Steps {
		if s.ID == id {
			return s, true
		}
	}
	return StepLife{}, false
}

// Asking lists the steps that ask a person, in the order in which they began.
func (r Request) Asking() []StepLife {
	var asking []StepLife
	for _, s := range r.Steps {
		if s.Result == Asks {
			asking = append(asking, s)
		}
	}
	return asking
}

// Findings is one digest over everything that is asked: who answers all of it
// at once answers exactly this.
func (r Request) Findings() string {
	var all []byte
	for _, s := range r.Asking() {
		all = append(all, (s.ID + " " + s.Ask.Finding + "\n")...)
	}
	return Digest(all)
}

// Full reports whether every seat is filled.
func (r Request) Full() bool { return r.Needs.Count > 0 && len(r.Seats) >= r.Needs.Count }
