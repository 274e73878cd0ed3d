package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack/socketmode"

	"itmsbot/commands"
)

// filledIn is the envelope of a form that was sent.
func filledIn(name, of, text string) socketmode.Request {
	payload := map[string]any{"type": "view_submission", "api_app_id": "A1", "trigger_id": "1.2.3", "team": idOf{"T1"}, "user": idOf{"UBEN"},
		"view": map[string]any{"id": "V1", "callback_id": name, "private_metadata": of,
			"state": map[string]any{"values": map[string]any{formBlock: map[string]any{formField: map[string]any{"type": "plain_text_input", "value": text}}}}}}
	raw, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	return socketmode.Request{Type: "interactive", EnvelopeID: "E1", Payload: raw}
}

// TestFormIsALine: what comes back of a form is a delivery like a typed line, of the
// channel in which the button was pressed.
func TestFormIsALine(t *testing.T) {
	view, err := drawForm(commands.Form{Title: "Leave R-123456 as it is, whatever", Text: "*Ends.* <!channel>", Label: "Why", Send: "Leave it so", Line: "leave R-1"}, "C1")
	if err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(view.Title.Text); n > maxForm {
		t.Errorf("a title of %d characters", n)
	}
	if raw, err := json.Marshal(view.Blocks); err != nil || strings.Contains(string(raw), "<!channel>") {
		t.Errorf("the text of a form is not escaped: %s %v", raw, err)
	}
	d, url, err := readEnvelope(filledIn(view.CallbackID, view.PrivateMetadata, `a &lt;b&gt; "c", password=Sommer2026!`), time.Now())
	if err != nil || url != "" {
		t.Fatalf("%v %q", err, url)
	}
	if fmt.Sprint(d.Keys) != "[envelope E1 trigger 1.2.3]" || triggerOf(d.Keys) != "1.2.3" {
		t.Errorf("keys %q", d.Keys)
	}
	var s said
	if err := s.read(d); err != nil {
		t.Fatal(err)
	}
	line := s.Line
	if s.Line = ""; s != (said{Team: "T1", User: "UBEN", Channel: "C1", App: "A1", Form: true}) {
		t.Errorf("read as %+v", s)
	}
	if !strings.HasPrefix(line, `leave R-1 "a <b> 'c', password=`) || strings.Contains(line, "Sommer2026") {
		t.Errorf("the line is %q", line)
	}
	for _, r := range []socketmode.Request{filledIn("another", view.PrivateMetadata, "x"), filledIn(formName, "no JSON", "x")} {
		if d, _, err := readEnvelope(r, time.Now()); err == nil {
			t.Errorf("a form that is not ours is read as %s", d.Body)
		}
	}
}
