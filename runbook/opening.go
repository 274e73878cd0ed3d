package runbook

import "time"

// Opening is a way in that a request has made by name, and its end (1.7 item 2, 1.9
// item 1).
type Opening struct {
	// Since is when the first way in was verified.
	Since time.Time `json:"since"`
	// Until is when it ends by itself; zero is never.
	Until time.Time `json:"until,omitzero"`
	// Asked reports that its owner was asked whether it may end.
	Asked bool `json:"asked,omitempty"`
	// Ended is who closed it, and when; By the request that did.
	Ended *Said  `json:"ended,omitempty"`
	By    string `json:"by,omitempty"`
	// Stuck says why it could not be closed at its end, Tries how often that was
	// tried, and Again when it is tried next.
	Stuck string    `json:"stuck,omitempty"`
	Tries int       `json:"tries,omitempty"`
	Again time.Time `json:"again,omitzero"`
}

// EndNotice is how long before an end its owner is asked.
const EndNotice = 10 * time.Minute

// opening takes an event of the request's opening.
func (r *Request) opening(e Event) error {
	misfit := &Misfit{Request: r.ID, State: r.State, Kind: e.Kind}
	if e.Kind == Opened {
		if r.Opening != nil {
			misfit.Reason = "it is open already"
			return misfit
		}
		var b OpenedBody
		err := e.Read(&b)
		r.Opening = &Opening{Since: e.At, Until: b.Until, Again: b.Until}
		return err
	}
	if r.Opening == nil || r.Opening.Ended != nil {
		misfit.Reason = "it has opened nothing that is open"
		return misfit
	}
	o := *r.Opening
	r.Opening = &o
	switch e.Kind {
	case Extended:
		var b OpenedBody
		if err := e.Read(&b); err != nil {
			return err
		}
		o.Until, o.Again, o.Asked, o.Stuck, o.Tries = b.Until, b.Until, false, "", 0
	case EndNear:
		o.Asked = true
	case Ending:
		o.Tries++
		o.Again = e.At.Add(pauseAfter(o.Tries))
	case EndFailed:
		var b TextBody
		if err := e.Read(&b); err != nil {
			return err
		}
		o.Stuck = b.Text
		o.Again = e.At.Add(pauseAfter(o.Tries))
	case OpeningEnded:
		var b EndedBody
		if err := e.Read(&b); err != nil {
			return err
		}
		o.Ended, o.By, o.Stuck = &Said{By: e.Actor, At: e.At, Text: b.Text}, b.By, ""
	}
	return nil
}

// pauseAfter is how long after a failed closing it is tried again: soon at first, and
// never less often than every ten minutes.
func pauseAfter(tries int) time.Duration {
	return min(time.Duration(tries)*time.Minute, 10*time.Minute)
}
