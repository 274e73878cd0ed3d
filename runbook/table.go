package runbook

import "slices"

// next is the whole life of a request: state × event → state. A pair that is
// not in it is refused, whatever door it comes through. Some entries are only the
// way in: an approval that fills the last seat leads on, an answer leads to Running
// when it is the last one (Apply decides both), and BackedOut marks without moving.
var next = map[State]map[Kind]State{
	None: {Asked: InAsked},
	InAsked: {
		Proposed:  InOffer,
		Unplanned: WasNo,
		Cancelled: WasDrop,
		Denied:    WasDeny,
	},
	InOffer: {
		// The last approval leads to Ready, or to InSecond (Apply decides).
		Approved:  InOffer,
		Denied:    WasDeny,
		Cancelled: WasDrop,
		Expired:   WasLate,
		Stale:     WasStale,
		Reminded:  InOffer,
	},
	InSecond: {
		ReadAgain: InSecond,
		Confirmed: Ready,
		Denied:    WasDeny,
		Cancelled: WasDrop,
		Expired:   WasLate,
		Stale:     WasStale,
		Unplanned: WasNo,
		Reminded:  InSecond,
	},
	Ready: {
		Checking:  InCheck,
		Denied:    WasDeny,
		Cancelled: WasDrop,
		Expired:   WasLate,
	},
	InCheck: {
		Started: Running,
		Stale:   WasStale,
		// The estate could not be looked at, so that nothing is started.
		Unplanned: WasNo,
		// A bot that died while checking has touched nothing: it checks
		// once more.
		Checking: InCheck,
		// Stopped before anything was touched.
		Cancelled: WasDrop,
	},
	Running: {
		StageBegun:  Running,
		Intent:      Running,
		Outcome:     Running,
		Progress:    Running,
		StopAsked:   Running,
		Waits:       Waiting,
		Interrupted: Broken,
		Finished:    WasDone,
		Superseded:  WasTaken,
		Opened:      Running,
	},
	Waiting: {
		// A sibling of the step that failed may still be running, and open the
		// first way in.
		Outcome:  Waiting,
		Opened:   Waiting,
		Reminded: Waiting,
		// The last answer leads to Running (Apply decides).
		Answered:    Waiting,
		Resumed:     Running,
		LeftSo:      WasLeft,
		Superseded:  WasTaken,
		Interrupted: Broken,
	},
	Broken: {
		// The looks after a start settle what was open, and may find a way in.
		Outcome:    Broken,
		Opened:     Broken,
		Reminded:   Broken,
		Resumed:    Running,
		LeftSo:     WasLeft,
		Superseded: WasTaken,
	},
	WasDone:  {BackedOut: WasDone},
	WasLeft:  {BackedOut: WasLeft},
	WasTaken: {BackedOut: WasTaken},
}

// openingKinds are the events of an opening after its beginning, of what it does, and of
// a set of snapshots after it was taken. They move no request: an opening may end while its
// request waits, and long after it.
var openingKinds = [...]Kind{Extended, EndNear, Ending, OpeningEnded, EndFailed, SetAged, Observed}

// Next gives the state after an event, false if the pair is not in the table.
func Next(s State, k Kind) (State, bool) {
	if slices.Contains(openingKinds[:], k) {
		if s.Untouched() {
			return None, false
		}
		return s, true
	}
	to, ok := next[s][k]
	return to, ok
}

// RequestKinds lists the events of a request's life, for tables and tests.
var RequestKinds = [...]Kind{Asked, Unplanned, Proposed, Approved, ReadAgain, Confirmed, Denied, Cancelled, Expired, Checking, Stale, Started,
	StageBegun, Intent, Outcome, Progress, Waits, Answered, StopAsked, Reminded, Resumed, Interrupted, Finished, LeftSo, Superseded, BackedOut,
	Opened, Extended, EndNear, Ending, OpeningEnded, EndFailed, SetAged, Observed}

// OfRequest reports whether an event belongs to the life of a request, and so
// goes through Apply.
func (k Kind) OfRequest() bool {
	for _, r := range RequestKinds {
		if r == k {
			return true
		}
	}
	return false
}
