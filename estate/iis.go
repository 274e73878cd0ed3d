package estate

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// IISQuery says what a look at the logs of IIS is about. The time is given as an age
// and not as a moment, so that the host counts back on its own clock.
type IISQuery struct {
	Seconds    int64 `json:"seconds"` // 0 to IISLongest
	MaxCallers int   `json:"callers"` // 1 to 1000
}

// IISLongest is the oldest that a look at the logs of IIS may ask about, in seconds: a
// week.
const IISLongest = 7 * 24 * 3600

// IISLog is who has reached IIS on a host since a moment, as the logs of its sites say
// (1.4 item 2: whether closed doors leak).
//
// A request is in it when it has ended, and up to a minute later: http.sys holds its
// lines back (itms.md §3). What reaches the task ports by another program than IIS is
// never in it. Behind a proxy all addresses are that of the proxy.
type IISLog struct {
	Answer
	// Since is the moment asked about, on the host's own clock.
	Since time.Time `json:"since"`
	// Installed reports whether IIS is on the host at all.
	Installed bool `json:"installed"`
	// Configured reports whether Sites are those of the configuration of IIS.
	// Otherwise it could not be read, and they are the folders in the usual place.
	Configured bool `json:"configured"`
	// Partial reports that IIS is told to leave some requests out of its logs.
	Partial bool      `json:"partial"`
	Sites   []IISSite `json:"sites"`
	// Own are the host's own addresses.
	Own []string `json:"own"`
	// Callers are those who have asked for something since, the most frequent first.
	Callers []IISCaller `json:"callers"`
	// More counts the addresses that were left out for IISQuery.MaxCallers.
	More int `json:"more"`
}

// IISState says whether the log of a site could be read, and if not, why.
type IISState string

// The states of a log.
const (
	IISRead    IISState = "read"    // as far back as From says
	IISOff     IISState = "off"     // the site writes no file
	IISFormat  IISState = "format"  // not in the format W3C
	IISCentral IISState = "central" // all sites write into one log, which is not read
	IISRemote  IISState = "remote"  // the folder is on another machine
	IISNone    IISState = "none"    // there is no file
	IISColumns IISState = "columns" // lines have no date, no time or no c-ip
	IISFailed  IISState = "failed"  // Windows refused, see Trouble
)

// IISSite says of one web site what was read of its log.
type IISSite struct {
	ID    int64    `json:"id"`
	Name  string   `json:"name"`
	State IISState `json:"state"`
	// Requests counts the lines since the moment asked about.
	Requests int `json:"requests"`
	// Unreadable counts lines that do not fit the columns in force.
	Unreadable int `json:"unreadable"`
	// From is where the time begins of which every line was seen, not before the
	// moment asked about; nil when there was none to see.
	From *time.Time `json:"from"`
	// Stopped is why reading ended early: "bytes", "time", or "" when it did not.
	Stopped string `json:"stopped"`
	// Trouble is what Windows said; for people.
	Trouble string `json:"trouble"`
}

// IISCaller is one remote address.
type IISCaller struct {
	Address  string `json:"address"`
	Requests int    `json:"requests"`
	// Agents counts those of them that only management agents make, as far as the
	// log has the column cs-uri-stem.
	Agents int       `json:"agents"`
	Last   time.Time `json:"last"`
}

// Strangers lists the callers that are not within kept, in the order of Callers. The
// host itself is no stranger. An address that cannot be read for certain is one.
func (l IISLog) Strangers(kept []string) []IISCaller {
	var list []IISCaller
	for _, c := range l.Callers {
		a, err := netip.ParseAddr(c.Address)
		if err == nil && (a.Unmap().IsLoopback() || Inside(a.Unmap().String(), slices.Concat(kept, l.Own))) {
			continue
		}
		list = append(list, c)
	}
	return list
}

// Read reports whether the log of any site could be read.
func (l IISLog) Read() bool {
	return slices.ContainsFunc(l.Sites, func(s IISSite) bool { return s.State == IISRead && s.From != nil })
}

// Doubts says, as parts of a sentence, why somebody who is not among the callers may
// have come all the same. Without any, nobody else has.
func (l IISLog) Doubts() []string {
	if !l.Installed {
		return []string{"IIS is not installed"}
	}
	var doubts []string
	if !l.Configured {
		doubts = append(doubts, "the configuration of IIS could not be read, and its logs may be elsewhere than in the usual folder")
	}
	if len(l.Sites) == 0 {
		doubts = append(doubts, "IIS has no web site")
	}
	for _, s := range l.Sites {
		if why := s.doubt(l.Since); why != "" {
			doubts = append(doubts, why)
		}
	}
	if l.Partial {
		doubts = append(doubts, "IIS is told to leave some requests out of its logs")
	}
	if l.More > 0 {
		doubts = append(doubts, fmt.Sprintf("the host did not send %d more addresses", l.More))
	}
	return doubts
}

// doubt is why the log of a site does not tell who came since, empty when it does.
func (s IISSite) doubt(since time.Time) string {
	switch s.State {
	case IISRead:
	case IISOff:
		return fmt.Sprintf("the site %q writes no log", s.Name)
	case IISFormat:
		return fmt.Sprintf("the site %q writes its log in another format than W3C", s.Name)
	case IISCentral:
		return fmt.Sprintf("the site %q writes into the central log, which is not read", s.Name)
	case IISRemote:
		return fmt.Sprintf("the log of the site %q is on another machine", s.Name)
	case IISNone:
		return fmt.Sprintf("the site %q has no log file", s.Name)
	case IISColumns:
		return fmt.Sprintf("the log of the site %q has no column c-ip, date or time", s.Name)
	default:
		return fmt.Sprintf("the log of the site %q could not be read: %s", s.Name, s.Trouble)
	}
	switch {
	case s.Stopped == "bytes":
		return fmt.Sprintf("the log of the site %q is too long to be read whole", s.Name)
	case s.Stopped != "":
		return fmt.Sprintf("the log of the site %q could not be read whole in time", s.Name)
	case s.From == nil:
		return fmt.Sprintf("the log of the site %q is empty", s.Name)
	case s.From.After(since):
		return fmt.Sprintf("the log of the site %q begins only at %s", s.Name, s.From.UTC().Format("15:04 MST"))
	case s.Unreadable > 0:
		return fmt.Sprintf("lines in the log of the site %q could not be read: %d", s.Name, s.Unreadable)
	}
	return ""
}
