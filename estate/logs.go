package estate

import "time"

// LogQuery says what a look at the logs is about: the errors of the last Hours and
// of as many hours before.
type LogQuery struct {
	Hours     int `json:"hours"`  // 1 to 168
	MaxGroups int `json:"groups"` // 1 to 200
}

// The names of the logs in a review.
const (
	SystemLog      = "System"
	ApplicationLog = "Application"
	SMPLog         = "SMP" // a.log and its predecessors
)

// LogReview is the errors of a host's logs, grouped on the host (1.4 item 3). A
// healthy SMP logs errors, so that numbers mean something only beside those of the
// time before.
type LogReview struct {
	Answer
	Hours   int         `json:"hours"`
	Sources []LogSource `json:"sources"` // always System, Application and SMP
	// Groups are those with an error in the last Hours: first those that are new,
	// then the most frequent.
	Groups []LogGroup `json:"groups"`
	// More counts the groups that were left out for LogQuery.MaxGroups.
	More int `json:"more"`
}

// LogSource says of one log what was read of it.
type LogSource struct {
	Name string `json:"name"`
	// There reports whether the host has such a log and it could be opened.
	There bool `json:"there"`
	// Errors and Before count the entries of both windows, in every group.
	Errors int `json:"errors"`
	Before int `json:"before"`
	// Unreadable counts entries whose time or severity could not be read.
	Unreadable int `json:"unreadable"`
	// From is where the time begins of which every entry was seen; nil when there
	// was none to see. What lies before was not reached.
	From *time.Time `json:"from"`
	// Stopped is why reading ended early: "bytes", "time", or "" when it did not.
	Stopped string `json:"stopped"`
	// Trouble is what Windows said when the log could not be read; for people.
	Trouble string `json:"trouble"`
}

// LogGroup is errors that are the same but for numbers and identifiers.
type LogGroup struct {
	Log    string `json:"log"`    // of LogSource.Name
	Source string `json:"source"` // provider, or the source in the SMP log
	// ID is the event's number; 0 in the SMP log.
	ID int `json:"id"`
	// Text is the message on one line, numbers as #, cut at 240 characters.
	Text   string    `json:"text"`
	Count  int       `json:"count"`  // in the last hours
	Before int       `json:"before"` // in as many hours before
	Last   time.Time `json:"last"`
}

// Reached reports for a log whether the last hours were read whole, and the hours
// before them.
func (r LogReview) Reached(s LogSource) (last, before bool) {
	if !s.There || s.From == nil {
		return false, false
	}
	window := time.Duration(r.Hours) * time.Hour
	return !s.From.After(r.Now.Add(-window)), !s.From.After(r.Now.Add(-2 * window))
}

// Source finds what was read of a log; false when the review has no such log.
func (r LogReview) Source(name string) (LogSource, bool) {
	for _, s := range r.Sources {
		if s.Name == name {
			return s, true
		}
	}
	return LogSource{}, false
}
