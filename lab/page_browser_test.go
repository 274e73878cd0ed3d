package lab

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	slackgo "github.com/slack-go/slack"
)

// TestPageInABrowser runs everything that needs one in tabs of one Chromium.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no Chromium on this machine")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(1280, 900), chromedp.Flag("disable-component-update", true))
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	do(t, ctx) // starts it
	t.Run("tabs", func(t *testing.T) {
		for name, test := range map[string]func(*testing.T, context.Context){
			"mrkdwn": testMrkdwn, "card": testCard, "form": testForm, "composer and thread": testComposerAndThread,
			"fault panel": testFaultPanel,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, ctx)
			})
		}
	})
}

// open opens a tab on the page, at UTC. The test fails if a script of the page
// throws or the page does what its policy forbids.
func open(t *testing.T, browser context.Context, p *testPage, query string) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var wrong []string
	complain := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		wrong = append(wrong, text)
	}
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complain(thrown(e.ExceptionDetails))
		case *log.EventEntryAdded:
			if e.Entry.Source == "security" {
				complain(e.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range wrong {
			t.Errorf("the page: %s", text)
		}
	})
	if _, err := chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"}); err != nil {
		t.Fatal(err)
	}
	do(t, ctx, chromedp.Navigate(p.url+"/"+query))
	waitFor(t, ctx, `document.querySelectorAll('.you-person').length === 4`)
	return ctx
}

func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// waitFor waits until an expression is true on the page.
func waitFor(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(10*time.Second))); err != nil {
		all, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
		t.Fatalf("never came: %s: %v\n%s", expression, err, all)
	}
}

func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func testMrkdwn(t *testing.T, browser context.Context) {
	p := newTestPage(t)
	ctx := open(t, browser, p, "")
	const link = `target="_blank" rel="noopener"`
	cases := []struct{ text, html string }{
		{"plain", "plain"},
		{"*bold* _italic_ ~gone~ `code`", "<b>bold</b> <i>italic</i> <s>gone</s> <code>code</code>"},
		{"*bold _and italic_*", "<b>bold <i>and italic</i></b>"},
		{"a*b*c and 2 * 3 * 4", "a*b*c and 2 * 3 * 4"},
		{"snake_case_name and file_name", "snake_case_name and file_name"},
		{"(*in brackets*), *then*.", "(<b>in brackets</b>), <b>then</b>."},
		{"*not\nover lines*", "*not\nover lines*"},
		{"** and __ and *", "** and __ and *"},
		{"*\u2060kept* as it is", "*\u2060kept* as it is"},
		{"`*no bold* in code`", "<code>*no bold* in code</code>"},
		{"`a &lt; b`", "<code>a &lt; b</code>"},
		{"*bold with `a*b` inside*", "<b>bold with <code>a*b</code> inside</b>"},
		{"```\npre *text* &amp; more\n```", "<pre>pre *text* &amp; more\n</pre>"},
		{"before\n&gt; quoted\n&gt; twice\nafter", "before<blockquote>quoted\ntwice</blockquote>after"},
		{"&gt;&gt;&gt; all\nof this", "<blockquote>all\nof this</blockquote>"},

		{"&lt;b&gt;no&lt;/b&gt; &amp;amp;", "&lt;b&gt;no&lt;/b&gt; &amp;amp;"},
		{"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
		{"<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"},
		{"<javascript:alert(1)|press>", "press"},
		{"<data:text/html,x|press>", "press"},
		{"<https://example.test/a?b=1&amp;c=2|words>", `<a href="https://example.test/a?b=1&amp;c=2" ` + link + `>words</a>`},
		{"<http://example.test/>", `<a href="http://example.test/" ` + link + `>http://example.test/</a>`},
		{"see https://example.test/a_b_c.", `see <a href="https://example.test/a_b_c" ` + link + `>https://example.test/a_b_c</a>.`},
		{`<https://example.test/"onmouseover="x|q>`, `<a href="https://example.test/%22onmouseover=%22x" ` + link + `>q</a>`},

		{"<@UBEN00001> and <@UANA00001>", `<span class="mention">@Ben</span> and <span class="mention at-you">@Ana</span>`},
		{"<@U0NOBODY|ghost>", `<span class="mention">@ghost</span>`},
		{"<#C0LAB>", `<span class="mention">#itms-upgrade</span>`},
		{"<!here>", `<span class="mention at-you">@here</span>`},
		{"at <!date^1795849320^{time}|07:02 UTC>", `at <time datetime="2026-11-28T07:02:00.000Z">07:02</time>`},
		{"<!date^1795849320^{date_num} {time_secs}|x>", `<time datetime="2026-11-28T07:02:00.000Z">2026-11-28 07:02:00</time>`},
		{"<!date^1795849320^{nonsense}|x>", `<time datetime="2026-11-28T07:02:00.000Z">{nonsense}</time>`},
		{"<!date^99999999999999999^{time}|never>", "never"},
		{":tada: stays, 10:30:45 too", ":tada: stays, 10:30:45 too"},
		{"an open <tag and `tick and *star", "an open &lt;tag and `tick and *star"},
	}
	var texts []string
	for _, c := range cases {
		texts = append(texts, c.text)
	}
	all, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	drawn := evaluate[[]string](t, ctx, `import('/js/mrkdwn.js').then((m) => `+string(all)+`.map((text) => {
		const box = document.createElement('div');
		box.append(...m.mrkdwn(text));
		return box.innerHTML;
	}))`)
	for i, c := range cases {
		if drawn[i] != c.html {
			t.Errorf("%q\n got %s\nwant %s", c.text, drawn[i], c.html)
		}
	}
	if got := evaluate[int](t, ctx, `import('/js/mrkdwn.js').then((m) => m.parse('https://example.test', {verbatim: true}).filter((n) => n.kind).length)`); got != 0 {
		t.Errorf("verbatim text has %d links", got)
	}
}

const approvalCard = `[
	{"type":"header","block_id":"h1","text":{"type":"plain_text","text":"Quiesce the estate (1.4): approval needed"}},
	{"type":"section","block_id":"s1","text":{"type":"mrkdwn","text":"*Ana asks.* <script>alert(1)</script>","verbatim":true},
	 "fields":[{"type":"mrkdwn","text":"*Way back*\n` + "`/itms undo R-1`" + `"},{"type":"plain_text","text":"*no markup* & <b>none</b>"}]},
	{"type":"table","block_id":"t1","rows":[[{"type":"raw_text","text":"Server"},{"type":"raw_text","text":"Doors"}],[{"type":"raw_text","text":"SMP1"},{"type":"raw_text","text":"<i>open</i>"}]]},
	{"type":"actions","block_id":"a1","elements":[{"type":"button","action_id":"approve","value":"approve R-1 9f3c21ab","style":"primary","text":{"type":"plain_text","text":"Approve"},
	  "confirm":{"title":{"type":"plain_text","text":"Approve R-1?"},"text":{"type":"plain_text","text":"Doors close."},"confirm":{"type":"plain_text","text":"Approve R-1"},"deny":{"type":"plain_text","text":"Cancel"}}}]},
	{"type":"context","block_id":"c1","elements":[{"type":"mrkdwn","text":"needs <@UBEN00001>"}]}]`

const runningCard = `[{"type":"header","block_id":"h2","text":{"type":"plain_text","text":"Quiesce the estate (1.4): running"}}]`

func testCard(t *testing.T, browser context.Context) {
	p := newTestPage(t, patient)
	app := p.connect(t)
	ctx := open(t, browser, p, "")

	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#composer textarea"), "/itms quiesce\r"))
	if c := <-app.commands; c.Text != "quiesce" || c.UserID != "UANA00001" {
		t.Fatalf("the bot heard %+v", c)
	}
	_, ts, err := app.PostMessageContext(ctx, "C0LAB", slackgo.MsgOptionText("Approval needed: R-1", false), blocks(t, approvalCard))
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, `document.querySelector('.b-header')?.textContent.endsWith('approval needed')`)
	for what, want := range map[string]string{
		`document.querySelector('.b-section .b-text').textContent`:             "Ana asks. <script>alert(1)</script>",
		`document.querySelectorAll('.b-fields .b-text')[1].textContent`:        "*no markup* & <b>none</b>",
		`document.querySelector('.b-table td').lastChild.textContent`:          "<i>open</i>",
		`document.querySelector('.b-table thead th').scope`:                    "col",
		`document.querySelector('.b-context .mention').textContent`:            "@Ben",
		`document.querySelector('article').getAttribute('aria-labelledby')[0]`: "m",
	} {
		if got := evaluate[string](t, ctx, what); got != want {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}

	// Ana becomes Ben, thinks better of it, and then approves.
	do(t, ctx, chromedp.KeyEvent(kb.F2))
	waitFor(t, ctx, `document.querySelector('.you-person input:checked').value === 'approver'`)
	approve := chromedp.CSS(".b-actions .primary")
	do(t, ctx, chromedp.Click(approve))
	waitFor(t, ctx, `document.querySelector('dialog[role=alertdialog] .who')?.textContent === 'You are Ben, approver.'`)
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	waitFor(t, ctx, `!document.querySelector('dialog')`)
	do(t, ctx, chromedp.Click(approve), chromedp.Click(chromedp.CSS("dialog .primary")))
	click := <-app.clicks
	if a := click.ActionCallback.BlockActions[0]; click.User.ID != "UBEN00001" || a.Value != "approve R-1 9f3c21ab" || a.BlockID != "a1" {
		t.Fatalf("the bot was clicked by %s: %+v", click.User.ID, a)
	}
	if n := len(app.clicks); n != 0 {
		t.Fatalf("and %d times more", n)
	}

	// The button goes, the focus stays on the card.
	if _, _, _, err := app.UpdateMessageContext(ctx, "C0LAB", ts, slackgo.MsgOptionText("Running: R-1", false), blocks(t, runningCard)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, `document.querySelector('.b-header')?.textContent.endsWith('running') && !document.querySelector('.b-actions')`)
	waitFor(t, ctx, `document.activeElement.matches('.b-header, .message')`)

	// What one person alone is told, nobody else reads.
	if _, err := app.PostEphemeralContext(ctx, "C0LAB", "UBEN00001", slackgo.MsgOptionText("Not counted twice.", false)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, `document.querySelector('.only-you .only')?.textContent === 'Only Ben can see this'`)
	do(t, ctx, chromedp.KeyEvent(kb.F2))
	waitFor(t, ctx, `document.querySelector('.you-person input:checked').value === 'approver2' && !document.querySelector('.only-you')`)
}

func testForm(t *testing.T, browser context.Context) {
	p := newTestPage(t, patient)
	app := p.connect(t)
	ctx := open(t, browser, p, "?as=dora")

	reasons := make(chan string, 2)
	app.submitted = func(c slackgo.InteractionCallback) map[string]string {
		reason := c.View.State.Values["why"]["reason"].Value
		reasons <- reason
		if len(reason) < 10 {
			return map[string]string{"why": "Write a whole sentence."}
		}
		return nil
	}
	do(t, ctx, chromedp.SendKeys(chromedp.CSS("#composer textarea"), "/itms leave\r"))
	command := <-app.commands
	var view slackgo.ModalViewRequest
	if err := json.Unmarshal([]byte(`{"type":"modal","title":{"type":"plain_text","text":"Leave R-1 as it is"},"submit":{"type":"plain_text","text":"Leave it so"},
		"blocks":[{"type":"input","block_id":"why","label":{"type":"plain_text","text":"Reason"},"element":{"type":"plain_text_input","action_id":"reason"}}]}`), &view); err != nil {
		t.Fatal(err)
	}
	if _, err := app.OpenViewContext(ctx, command.TriggerID, view); err != nil {
		t.Fatal(err)
	}
	field := chromedp.CSS("dialog [data-field=reason]")
	do(t, ctx, chromedp.WaitVisible(field), chromedp.SendKeys(field, "no\r"))
	if got := <-reasons; got != "no" {
		t.Errorf("the bot read %q", got)
	}
	waitFor(t, ctx, `document.querySelector('dialog .wrong').textContent === 'Write a whole sentence.'`)
	waitFor(t, ctx, `document.querySelector('dialog [data-field=reason]').value === 'no'`)

	// Nobody is switched behind a form.
	do(t, ctx, chromedp.KeyEvent(kb.F2))
	if got := evaluate[string](t, ctx, `document.querySelector('.you-person input:checked').value`); got != "approver2" {
		t.Errorf("behind the form stands %s", got)
	}
	do(t, ctx, chromedp.SendKeys(field, " snapshot is needed\r"))
	if got := <-reasons; got != "no snapshot is needed" {
		t.Errorf("the bot read %q", got)
	}
	waitFor(t, ctx, `!document.querySelector('dialog')`)
}

func testComposerAndThread(t *testing.T, browser context.Context) {
	p := newTestPage(t)
	ctx := open(t, browser, p, "")
	area := chromedp.CSS("#composer textarea")
	const value = `document.querySelector('#composer textarea').value`

	// Slack's own refusal stands below, the text comes back.
	do(t, ctx, chromedp.SendKeys(area, "/nonsense\r"))
	waitFor(t, ctx, `document.querySelector('.say-refused').textContent.includes('not a valid command')`)
	waitFor(t, ctx, value+` === '/nonsense'`)
	// Each person has a draft of their own.
	do(t, ctx, chromedp.KeyEvent(kb.F2))
	waitFor(t, ctx, value+` === ''`)
	do(t, ctx, chromedp.KeyEvent(kb.F2, chromedp.KeyModifiers(chromedp.ModifierShift)))
	waitFor(t, ctx, value+` === '/nonsense'`)
	// A command that nobody answers is shown as Slack shows it, and comes back by ↑.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('#composer textarea').value = ''`), chromedp.SendKeys(area, "/itms quiesce\r"))
	waitFor(t, ctx, `document.querySelector('.own-words .body')?.textContent.includes('/itms quiesce failed with the error “app is not connected”')`)
	do(t, ctx, chromedp.SendKeys(area, kb.ArrowUp))
	waitFor(t, ctx, value+` === '/itms quiesce'`)
	threadAndKeys(t, ctx, p)
}

// threadAndKeys goes on as Ana where testComposerAndThread ends.
func threadAndKeys(t *testing.T, ctx context.Context, p *testPage) {
	t.Helper()
	var said struct{ TS string }
	p.must(t, "POST", "/lab/say", map[string]string{"as": "operator", "text": "Starting 1.4."}, &said)
	p.must(t, "POST", "/lab/say", map[string]string{"as": "approver", "text": "Go ahead", "thread": said.TS}, nil)
	waitFor(t, ctx, `document.querySelector('.replies')?.textContent.includes('1 reply')`)

	do(t, ctx, chromedp.Focus(chromedp.CSS("#list .message")),
		chromedp.Evaluate[chromedp.Void](`document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "t", bubbles: true }))`))
	waitFor(t, ctx, `document.activeElement.placeholder === 'Reply as Ana'`)
	waitFor(t, ctx, `document.querySelector('#thread .message')?.textContent.includes('Go ahead')`)
	do(t, ctx, chromedp.KeyEvent("/itms status\r"))
	waitFor(t, ctx, `document.querySelector('#thread .say-refused').textContent.includes('not supported in threads')`)
	do(t, ctx, chromedp.KeyEvent(kb.Escape))
	waitFor(t, ctx, `document.querySelector('#thread').hidden`)

	do(t, ctx, chromedp.KeyEvent(kb.F8))
	waitFor(t, ctx, `!document.querySelector('#panel-faults').hidden && document.querySelector('#panel-estate').hidden`)
	regions := evaluate[string](t, ctx, `(() => {
		const seen = [];
		for (let i = 0; i < 6; i++) {
			document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'F6', bubbles: true }));
			seen.push(document.activeElement.closest('[data-region]')?.id);
		}
		return seen.join(' ');
	})()`)
	for _, want := range []string{"strip", "rail", "messages", "composer", "side"} {
		if !strings.Contains(regions, want) {
			t.Errorf("F6 goes through %s, not %s", regions, want)
		}
	}
}
