package actions

import (
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

func TestWhatOpeningsDo(t *testing.T) {
	at := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	sample := func(minute int, rows, oldest int64) queueSample {
		return queueSample{Now: at.Add(time.Duration(minute) * time.Minute), Rows: rows, Oldest: oldest}
	}
	said := func(left, oldest int64, more runbook.ObservedBody) *runbook.ObservedBody {
		more.Taken, more.Left, more.Oldest = at, left, oldest
		return &more
	}
	away := &estate.Error{Kind: estate.Unreachable, Host: "SQL1", Op: "read the event queue"}
	for _, tt := range []struct {
		name   string
		action string
		last   *runbook.ObservedBody
		seen   sighting
		over   bool
		worth  bool
		grows  bool
		words  string
		never  string
	}{
		{name: "the first look", seen: sighting{queue: sample(5, 900, 100), connected: 3}, worth: true, words: "900\u00a0events in the queue. 3\u00a0clients connected.", never: "subnet"},
		{name: "nothing new", last: said(900, 100, runbook.ObservedBody{Connected: 3}), seen: sighting{queue: sample(5, 880, 500), connected: 4}},
		{name: "it grows", last: said(900, 100, runbook.ObservedBody{}), seen: sighting{queue: sample(5, 1900, 580)}, worth: true, grows: true,
			words: "The backlog grows faster than it drains: 1900\u00a0events in the queue, 200 more a minute (96 a minute are processed, 296 arrive). ", never: "in about"},
		{name: "it has grown by half since", last: said(1900, 100, runbook.ObservedBody{Grows: true}), seen: sighting{queue: sample(5, 2900, 580)}, worth: true, grows: true},
		{name: "it grows on, and that was said", last: said(9000, 100, runbook.ObservedBody{Grows: true}), seen: sighting{queue: sample(5, 9200, 580)}, grows: true},
		{name: "it has stopped growing", last: said(2000, 100, runbook.ObservedBody{Grows: true}), seen: sighting{queue: sample(5, 2000, 580)}, worth: true, words: "Open nothing more before it drains."},
		{name: "a few more are no growth", last: said(20, 100, runbook.ObservedBody{}), seen: sighting{queue: sample(5, 90, 580)}, worth: true, words: "The next subnet can be opened now."},
		{name: "it drains", last: said(1900, 100, runbook.ObservedBody{}), seen: sighting{queue: sample(5, 1500, 580)}, worth: true, words: "draining by 80 a minute (96 a minute are processed, 16 arrive). … Open the next subnet in about 19\u00a0min"},
		{name: "it is short, and that was said", last: said(90, 100, runbook.ObservedBody{Short: true}), seen: sighting{queue: sample(5, 50, 580)}},
		{name: "the queue is not known", last: said(90, 100, runbook.ObservedBody{Short: true}), seen: sighting{queueErr: away}, worth: true, words: "unknown: the bot could not read the event queue (unreachable)", never: "subnet"},
		{name: "not known still", last: said(0, 0, runbook.ObservedBody{Unknown: true}), seen: sighting{queueErr: away}},
		{name: "known again: nothing to compare with", last: said(0, 0, runbook.ObservedBody{Unknown: true}), seen: sighting{queue: sample(5, 5000, 580)}, worth: true, words: "5000\u00a0events in the queue.", never: "grows"},
		{name: "a stopped service reads as empty", last: said(90, 100, runbook.ObservedBody{Short: true}), seen: sighting{queue: queueSample{Now: at.Add(5 * time.Minute), Doubts: []string{"EventEngine is Stopped"}}}, worth: true, words: "unknown: EventEngine is Stopped.", never: "subnet"},
		{name: "many more clients", last: said(90, 100, runbook.ObservedBody{Short: true, Connected: 10}), seen: sighting{queue: sample(5, 90, 580), connected: 16}, worth: true, words: "16\u00a0clients connected."},
		{name: "contacts and agents", last: said(90, 100, runbook.ObservedBody{Short: true}), seen: sighting{queue: sample(5, 90, 580), contacts: 9, agents: map[string]int64{"8.8.1": 6, "8.7.2": 2, "": 1}, partly: true}, worth: true,
			words: "9\u00a0clients at least asked for the configuration since; agent 8.8.1 on 6, agent 8.7.2 on 2 and agent of unknown version on 1."},
		{name: "contacts are not known", last: said(90, 100, runbook.ObservedBody{Short: true}), seen: sighting{queue: sample(5, 90, 580), contactsErr: away}, worth: true, words: "Who has asked for its configuration is unknown"},
		{name: "a server is away", last: said(90, 100, runbook.ObservedBody{Short: true, Connected: 10}), seen: sighting{queue: sample(5, 90, 580), peersErr: away}, worth: true, words: "Who is connected is not known of every server"},
		{name: "one client comes", action: "allow client", last: said(90, 100, runbook.ObservedBody{Short: true}), seen: sighting{queue: sample(5, 90, 580), connected: 1}, worth: true, words: "The client is connected."},
		{name: "one client is upgraded", action: "allow client", last: said(90, 100, runbook.ObservedBody{Short: true, Connected: 1, Contacts: 1, Agents: "agent 8.7.2 on 1"}), seen: sighting{queue: sample(5, 90, 580), connected: 1, contacts: 1, agents: map[string]int64{"8.8.1": 1}}, worth: true, words: "It has asked for its configuration; agent 8.8.1 on 1."},
		{name: "one client never came", action: "allow client", last: said(90, 100, runbook.ObservedBody{Short: true}), seen: sighting{queue: sample(30, 90, 580)}, over: true, worth: true, words: "looks no more. … The client was not seen connected."},
		{name: "all are open: no advice on subnets", action: "golive", last: said(1900, 100, runbook.ObservedBody{}), seen: sighting{queue: sample(5, 1500, 580)}, worth: true, words: "It is empty in about 19\u00a0min.", never: "subnet"},
		{name: "all are open and it grows: the way back", action: "golive", last: said(900, 100, runbook.ObservedBody{}), seen: sighting{queue: sample(5, 1900, 580)}, worth: true, grows: true, words: "If it goes on like that, `/itms undo R-7` takes the opening back.", never: "subnet"},
		{name: "the clock of the SQL Server was put back", last: said(1900, 100, runbook.ObservedBody{}), seen: sighting{queue: sample(-60, 2500, 580)}, worth: true, words: "2500\u00a0events in the queue.", never: "grows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := observation{request: runbook.Request{ID: "R-7", Action: tt.action}, after: 5 * time.Minute, over: tt.over, last: tt.last, seen: tt.seen}
			if tt.action == "" {
				o.request.Action = "allow subnet"
			}
			body, worth := o.tell()
			if worth != tt.worth || body.Grows != tt.grows {
				t.Errorf("worth a line: %v, grows: %v; want %v, %v (%s)", worth, body.Grows, tt.worth, tt.grows, body.Text)
			}
			for words := range strings.SplitSeq(tt.words, " … ") {
				if !strings.Contains(body.Text, words) {
					t.Errorf("%q is not in %q", words, body.Text)
				}
			}
			if tt.never != "" && strings.Contains(body.Text, tt.never) {
				t.Errorf("%q is in %q", tt.never, body.Text)
			}
		})
	}
}

func TestOpenSince(t *testing.T) {
	at := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	said := &runbook.Said{At: at}
	for _, tt := range []struct {
		name string
		r    runbook.Request
		want bool
	}{
		{"let in by name", runbook.Request{State: runbook.WasDone, Opening: &runbook.Opening{Since: at}}, true},
		{"let in, and left half way", runbook.Request{State: runbook.WasLeft, Opening: &runbook.Opening{Since: at}}, true},
		{"still at it", runbook.Request{State: runbook.Running, Opening: &runbook.Opening{Since: at}}, false},
		{"closed again", runbook.Request{State: runbook.WasDone, Opening: &runbook.Opening{Since: at, Ended: said}}, false},
		{"taken back", runbook.Request{State: runbook.WasDone, Opening: &runbook.Opening{Since: at}, BackedOutBy: "R-9"}, false},
		{"live", runbook.Request{Action: "golive", State: runbook.WasDone, Ended: said}, true},
		{"closed", runbook.Request{Action: "block", State: runbook.WasDone, Ended: said}, false},
	} {
		if since, open := openSince(tt.r); open != tt.want || open && !since.Equal(at) {
			t.Errorf("%s: %v, %v", tt.name, since, open)
		}
	}
}
