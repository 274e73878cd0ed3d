package actions

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate"
)

// leak is whether the doors of a host leak, as the log of its IIS says: who has got in
// since they were closed. It is evidence for a question and passes nothing by itself.
type leak struct {
	text  string
	facts leakFacts
	files []File
}

// leakFacts is what the trail itself keeps; the list has every address.
type leakFacts struct {
	// Unread is why nothing is known, empty when something is.
	Unread string `json:"unread,omitempty"`
	// Since is when the doors were closed, on the host's own clock.
	Since     time.Time          `json:"since,omitzero"`
	Strangers []estate.IISCaller `json:"strangers"`
	// More counts the strangers that only the list has.
	More   int      `json:"more"`
	Doubts []string `json:"doubts"`
}

// lookForLeaks asks the IIS of a host who came in since a step closed its doors. The
// age of that step is told by the bot's clock alone, and the host counts it back on its
// own: the two clocks are never compared. It knows only of IIS; the task ports are
// served by another program (itms.md §11).
func lookForLeaks(ctx context.Context, env Env, host, since string, kept []string) *leak {
	closed, ok := env.Request.Step(since)
	if !ok || closed.Open || closed.Ended.IsZero() {
		return unknownLeak("it is not known when they were closed")
	}
	age := int64(env.Clock.Now().Sub(closed.Ended).Seconds())
	if age < 0 {
		return unknownLeak("the bot's clock has gone back since they were closed")
	}
	if age > estate.IISLongest {
		return unknownLeak("they were closed more than a week ago")
	}
	const most = 1000 // addresses
	log, err := env.Hosts.ReadIIS(ctx, host, env.Lane, estate.IISQuery{Seconds: age, MaxCallers: most})
	if err != nil {
		return unknownLeak("the bot " + Words(err))
	}
	return judgeLeak(host, log, kept)
}

func unknownLeak(why string) *leak {
	return &leak{text: "Whether the doors leak could not be read: " + why + ".",
		facts: leakFacts{Unread: why, Strangers: []estate.IISCaller{}, Doubts: []string{}}}
}

// judgeLeak puts what a log says into words. A log that could not be read, or not
// whole, never says that nobody came.
func judgeLeak(host string, log estate.IISLog, kept []string) *leak {
	strangers, doubts := log.Strangers(kept), log.Doubts()
	if !log.Read() && len(strangers) == 0 {
		return unknownLeak(strings.Join(doubts, "; "))
	}
	const most = 20
	l := &leak{files: []File{callerList(host, log, kept)}, facts: leakFacts{
		Since: log.Since, Strangers: append([]estate.IISCaller{}, strangers[:min(most, len(strangers))]...),
		More: max(0, len(strangers)-most), Doubts: append([]string{}, doubts...),
	}}
	switch {
	case len(strangers) > 0:
		l.text = fmt.Sprintf("Since the doors were closed %s reached IIS on %s: %s.", notKept(len(strangers)), host, sayCallers(strangers))
	case len(doubts) > 0:
		l.text = fmt.Sprintf("Since the doors were closed nobody but the keep list is seen in the log of IIS on %s, but the log does not tell everything.", host)
	default:
		l.text = fmt.Sprintf("Since the doors were closed nobody but the keep list reached IIS on %s, whose log may be a minute late.", host)
	}
	if len(doubts) > 0 {
		l.text += " " + upper(strings.Join(doubts, "; ")) + "."
	}
	return l
}

func notKept(n int) string {
	if n == 1 {
		return "1 address that is not on the keep list"
	}
	return strconv.Itoa(n) + " addresses that are not on the keep list"
}

// sayCallers names the first callers of a list, and how many there are beyond.
func sayCallers(callers []estate.IISCaller) string {
	const top = 3
	words := make([]string, 0, top+1)
	for _, c := range callers[:min(top, len(callers))] {
		words = append(words, fmt.Sprintf("%s (%s, last %s)", c.Address, count(c.Requests, "request"), c.Last.UTC().Format("15:04 MST")))
	}
	if more := len(callers) - top; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

// callerList is the whole look for a spreadsheet: a row for each site, then one for
// each address.
func callerList(host string, log estate.IISLog, kept []string) File {
	strangers := log.Strangers(kept)
	rows := [][]string{{"address or site", "keep list", "requests", "of agents", "last", "remark"}}
	for _, s := range log.Sites {
		rows = append(rows, []string{s.Name, "", strconv.Itoa(s.Requests), "", "", readFrom(s.From, "("+string(s.State)+")", s.Stopped, s.Trouble)})
	}
	for _, c := range log.Callers {
		on := "yes"
		if slices.Contains(strangers, c) {
			on = "no"
		}
		rows = append(rows, []string{c.Address, on, strconv.Itoa(c.Requests), strconv.Itoa(c.Agents), c.Last.UTC().Format(time.RFC3339), ""})
	}
	if log.More > 0 {
		rows = append(rows, []string{"", "", "", "", "", fmt.Sprintf("and %d more addresses that the host did not send", log.More)})
	}
	return spreadsheet("callers-"+host+".csv", fmt.Sprintf("Who reached IIS on %s since the doors were closed", host), rows)
}
