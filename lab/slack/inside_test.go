package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestBucket(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	var b bucket
	for _, c := range []struct {
		at   float64
		wait time.Duration
	}{
		{0, 0}, {0, 0}, {0, 0}, // the burst
		{0, time.Second},
		{0.5, time.Second / 2}, // refused ones cost nothing
		{1, 0},
		{1, time.Second},
		{100, 0}, {100, 0}, {100, 0}, // full again, but not fuller
		{100, time.Second},
	} {
		if got := b.take(posting(), at(c.at)); (got - c.wait).Abs() > time.Microsecond {
			t.Errorf("at %v: wait %v, want %v", c.at, got, c.wait)
		}
	}
}

func TestTier(t *testing.T) {
	for perMinute, burst := range map[int]float64{1: 5, 20: 5, 50: 12.5, 100: 25} {
		if got := tier(perMinute); got.burst != burst || got.perSecond*60 != float64(perMinute) {
			t.Errorf("%d a minute: %+v", perMinute, got)
		}
	}
}

func TestEncode(t *testing.T) {
	s := New(Config{
		BotUser: "UB", BotName: "itmsbot",
		People:   []Person{{"U1", "ann", "Ann Lee"}, {"U2", "anna", "Anna"}, {"U3", "ann.b", "Ann B"}},
		Channels: []Channel{{ID: "C1", Name: "ops"}, {ID: "C2", Name: "ops-night"}},
	})
	for _, c := range []struct{ typed, command, message string }{
		{"a < b && c > d", "a &lt; b &amp;&amp; c &gt; d", "a &lt; b &amp;&amp; c &gt; d"},
		{"@ann", "<@U1|ann>", "<@U1>"},
		{"@anna and @ann", "<@U2|anna> and <@U1|ann>", "<@U2> and <@U1>"},
		{"@ann.b", "<@U3|ann.b>", "<@U3>"},
		{"@Ann Lee, now", "<@U1|ann>, now", "<@U1>, now"},
		{"@ANN!", "<@U1|ann>!", "<@U1>!"},
		{"@annabel", "@annabel", "@annabel"},
		{"me@ann", "me@ann", "me@ann"},
		{"@itmsbot help", "<@UB|itmsbot> help", "<@UB> help"},
		{"#ops-night #ops #opsx", "<#C2|ops-night> <#C1|ops> #opsx", "<#C2|ops-night> <#C1|ops> #opsx"},
		{"see http://x.test/a?b&c now", "see <http://x.test/a?b&amp;c> now", "see <http://x.test/a?b&amp;c> now"},
		{"<@U1>", "&lt;@U1&gt;", "&lt;@U1&gt;"},
		{"<!channel>", "&lt;!channel&gt;", "&lt;!channel&gt;"},
		{"ü@ann ß", "ü@ann ß", "ü@ann ß"},
	} {
		if got := s.encode(c.typed, true); got != c.command {
			t.Errorf("command %q: %q, want %q", c.typed, got, c.command)
		}
		if got := s.encode(c.typed, false); got != c.message {
			t.Errorf("message %q: %q, want %q", c.typed, got, c.message)
		}
	}
}

func TestStampsRise(t *testing.T) {
	still := time.Unix(1700000000, 5000)
	s := New(Config{Now: func() time.Time { return still }})
	if a, b := s.stamp(), s.stamp(); a != "1700000000.000005" || b != "1700000000.000006" {
		t.Errorf("clock standing still: %s, %s", a, b)
	}
	still = still.Add(-time.Hour)
	if c := s.stamp(); c != "1700000000.000007" {
		t.Errorf("clock set back: %s", c)
	}
}

func TestOverdue(t *testing.T) {
	for _, c := range []struct {
		until time.Time
		want  bool
	}{{time.Time{}, false}, {time.Now().Add(time.Hour), false}, {time.Now().Add(-time.Second), true}} {
		if k := (&socket{until: c.until}); k.overdue() != c.want {
			t.Errorf("until %v: not %v", c.until, c.want)
		}
	}
}

func TestIdentify(t *testing.T) {
	in := `[ {"type":"divider"}, {"type":"actions","block_id":"a","elements":[{"type":"button","text":{"type":"plain_text","text":"<x>"}},{"type":"button","action_id":"b"}]},` +
		`{"type":"section","text":{"type":"mrkdwn","text":"y"},"accessory":{"type":"image","alt_text":"z"}},{}]`
	out := identify(json.RawMessage(in))
	var blocks []struct {
		Type     string
		BlockID  string `json:"block_id"`
		Elements []struct {
			Type     string
			ActionID string `json:"action_id"`
		}
		Accessory map[string]any
	}
	if err := json.Unmarshal(out, &blocks); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	ids := map[string]bool{}
	for _, b := range blocks {
		ids[b.BlockID] = true
	}
	if len(ids) != 4 || ids[""] || !ids["a"] {
		t.Errorf("block ids %v", ids)
	}
	if e := blocks[1].Elements; e[0].ActionID == "" || e[1].ActionID != "b" {
		t.Errorf("elements %+v", e)
	}
	if blocks[2].Accessory["action_id"] != nil {
		t.Error("an image got an action_id")
	}
	if !strings.Contains(string(out), `"text":"<x>"`) {
		t.Errorf("what was there changed: %s", out)
	}
	if again := identify(out); string(again) != string(out) {
		t.Errorf("a second time:\n%s\n%s", out, again)
	}
}

func FuzzParseAck(f *testing.F) {
	for _, s := range []string{`{"envelope_id":"a"}`, `{"envelope_id":"a","payload":{}}`, `{"envelope_id":"a","payload":{"text":"x"}}`, `{"envelope_id":"a","payload":null}`, `[]`, ``, `{"envelope_id":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		a, err := parseAck(frame)
		if err != nil {
			return
		}
		if a.envelope == "" {
			t.Errorf("%q: accepted without an id", frame)
		}
		if a.payload == nil {
			return
		}
		var fields map[string]any
		if json.Unmarshal(a.payload, &fields) != nil || len(fields) == 0 {
			t.Errorf("%q: payload %q is no message", frame, a.payload)
		}
		if args, err := parseArgs(a.payload); err == nil {
			_, _ = readDraft(args)
		}
	})
}
