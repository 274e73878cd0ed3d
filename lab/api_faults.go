package lab

import "net/http"

// faultList is GET /lab/faults: what can be broken, and what is.
type faultList struct {
	Groups []faultGroup  `json:"groups"`
	Active []activeFault `json:"active"`
}

// faultGroup is one server, or several of a kind, that can be made to fail.
type faultGroup struct {
	Name    string        `json:"name"`
	Title   string        `json:"title"`
	Targets []faultTarget `json:"targets"`
	Kinds   []faultKind   `json:"kinds"`
}

type faultTarget struct {
	Target string `json:"target"`
	Name   string `json:"name"`
}

// faultKind is one way to fail. Kind names it among all groups, such as
// "slack.down".
type faultKind struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	About string `json:"about"`
	// Lasts says that it is a state: it begins at once, takes no count and no after,
	// and ends when it is cleared.
	Lasts bool `json:"lasts"`
	// Targets are the kind's own where it cannot be about all of its group's.
	Targets []faultTarget `json:"targets,omitempty"`
}

// activeFault is a fault that somebody made and nobody cleared.
type activeFault struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Group   string `json:"group"`
	Target  string `json:"target"`
	Count   int    `json:"count"`   // how often it is to strike; 0 is until cleared
	Struck  int    `json:"struck"`  // how often it did; 0 where Count is 0, which nobody counts
	Waiting int    `json:"waiting"` // occasions that pass first
	UsedUp  bool   `json:"used_up"`
	Lasts   bool   `json:"lasts"` // a state, not something that strikes
}

func (p *page) listFaults(*http.Request) (any, error) {
	return faultList{p.faults.groups(), list(p.faults.active())}, nil
}

// changeFaults answers POST /lab/faults: {"kind","target","count","after"} breaks
// something, {"clear":true} mends everything.
func (p *page) changeFaults(r *http.Request) (any, error) {
	var call struct {
		Kind   string `json:"kind"`
		Target string `json:"target"`
		Count  int    `json:"count"`
		After  int    `json:"after"`
		Clear  bool   `json:"clear"`
	}
	if err := readCall(r, &call); err != nil {
		return nil, err
	}
	if call.Clear {
		return done, p.faults.clear()
	}
	if call.Count < 0 || call.After < 0 {
		return nil, refusef(http.StatusBadRequest, "A fault strikes, and waits for, no fewer than 0 occasions.")
	}
	return done, p.faults.inject(madeFault{kind: call.Kind, target: call.Target, count: call.Count, after: call.After})
}
