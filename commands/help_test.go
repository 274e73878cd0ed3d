package commands

import (
	"strings"
	"testing"

	"itmsbot/actions"
)

// TestHelp: every command stands in the help once, under its heading, and the day comes in
// the order of the method.
func TestHelp(t *testing.T) {
	r := &Router{}
	r.table = r.commands()
	reply, no, err := r.help(nil, actions.Order{}, nil)
	if no != nil || err != nil {
		t.Fatal(no, err)
	}
	headings, under := []string{}, map[string]string{} // command -> heading
	heading := ""
	for _, line := range strings.Split(reply.Text, "\n") {
		switch {
		case strings.HasPrefix(line, "*"):
			heading = strings.Trim(line, "*")
			headings = append(headings, heading)
		case line != "":
			usage := strings.Split(line, "`")[1]
			if under[usage] != "" {
				t.Errorf("%s stands there twice", usage)
			}
			under[usage] = heading
		}
	}
	for _, c := range r.table {
		if c.name != "menu" && under[c.usage()] == "" {
			t.Errorf("%s is not in the help", c.usage())
		}
	}
	for usage, want := range map[string]string{"/itms reboot SERVER": "1.4 Quiesce the estate", "/itms services start SERVER NAME…": "1.5 Upgrade the SMP",
		"/itms undo R-n": "Back out", "/itms approve R-n PLAN": "To decide", "/itms queues": "To look; changes nothing"} {
		if under[usage] != want {
			t.Errorf("%s stands under %q, want %q", usage, under[usage], want)
		}
	}
	at := -1
	for _, s := range actions.Method {
		for i, h := range headings {
			if h == s.Number+" "+s.Title {
				if i < at {
					t.Errorf("%s comes too early", h)
				}
				at = i
			}
		}
	}
	if at < 0 || headings[len(headings)-1] != "To look; changes nothing" {
		t.Errorf("the headings are %q", headings)
	}
}

// TestHelpOnOneAction says who has to agree and the way back; a word that is no action is
// answered as anywhere else.
func TestHelpOnOneAction(t *testing.T) {
	r := &Router{}
	r.table = r.commands()
	reply, no, err := r.help(nil, actions.Order{}, []string{"Services", "START"})
	for _, want := range []string{"`/itms services start SERVER NAME…`", "1.5 item 8", "one operator or approver, the asker too", "`/itms undo R-n` stops those that did not run before."} {
		if no != nil || err != nil || !strings.Contains(reply.Text, want) {
			t.Errorf("%q is not in %q (%v, %v)", want, reply.Text, no, err)
		}
	}
	if _, no, _ := r.help(nil, actions.Order{}, []string{"qiesce"}); no == nil || !strings.Contains(no.Reason, "Did you mean `/itms quiesce`?") {
		t.Errorf("%v", no)
	}
}
