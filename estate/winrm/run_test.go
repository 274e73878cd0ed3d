package winrm_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/winrm"
	"itmsbot/lab/wsman"
)

func TestRun(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, nil)
	in := w.args()
	in.Text = `ü ]]> & "quotes" $(whoami) ` + "\n."
	var got echoed
	if err := f.Run(t.Context(), "smp1", estate.Change, change("echo"), in, &got); err != nil {
		t.Fatal(err)
	}
	if got.Echo != in || got.Machine != w.machine || got.Name != "SMP1" || got.Now.Hour() != 6 {
		t.Errorf("got %+v", got)
	}
	// Create, Command, Send, Receive, Delete, and the two legs of the log-on.
	st := w.Stats()
	if st.Requests != 7 || st.Connections != 1 || st.Handshakes != 1 || st.Sealed != 5 || st.Plain != 0 || st.Shells != 0 {
		t.Errorf("over the wire went %+v", st)
	}
	if err := f.Run(t.Context(), "SMP1", estate.Change, change("echo"), in, &got); err != nil {
		t.Fatal(err)
	}
	if again := w.Stats(); again.Requests-st.Requests != 5 || again.Handshakes != 1 {
		t.Errorf("a second run took %d requests and %d handshakes", again.Requests-st.Requests, again.Handshakes)
	}
}

// A payload of a megabyte goes through an envelope of 150 KB.
func TestLargeInput(t *testing.T) {
	t.Parallel()
	w := startWindows(t, nil)
	in := w.args()
	in.Text = strings.Repeat("0123456789abcdef", 1<<16)
	if err := w.fleet(t, nil).Run(t.Context(), "SMP1", estate.Look, look("quiet"), in, new(echoed)); err != nil {
		t.Fatal(err)
	}
	var got args
	if err := json.Unmarshal(w.calls()[0].Args, &got); err != nil || got != in {
		t.Errorf("%d bytes arrived: %v", len(got.Text), err)
	}
	if largest := w.Stats().LargestRequest; largest > 150<<10 {
		t.Errorf("the largest request has %d bytes", largest)
	}
}

// TestOutcome holds which kind of trouble each end of a script is: a change that
// nobody could read is unknown, a look that failed has merely failed.
func TestOutcome(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(_ *winrm.Host, o *winrm.Options) { winrm.LimitOutput(o, 64<<10) })
	for _, tt := range []struct {
		script       string
		look, change estate.Trouble // "" is none
		says         string
	}{
		{"echo", "", "", ""},
		{"noise", "", "", ""},
		{"throw", estate.Failed, estate.Failed, "line 12: Access is denied. (System.UnauthorizedAccessException)"},
		{"exit", estate.Failed, estate.Unknown, "code 7 and without an answer: the end"},
		{"forge", estate.Failed, estate.Unknown, "without an answer"},
		{"nobody", estate.Failed, estate.Unknown, "does not say which machine"},
		{"elsewhere", estate.WrongMachine, estate.WrongMachine, "SITE1 answered"},
		{"flood", estate.Failed, estate.Unknown, "more than 65536 bytes"},
	} {
		t.Run(tt.script, func(t *testing.T) {
			expect(t, f.Run(t.Context(), "SMP1", estate.Look, look(tt.script), w.args(), new(echoed)), tt.look, tt.says)
			expect(t, f.Run(t.Context(), "SMP1", estate.Change, change(tt.script), w.args(), new(echoed)), tt.change, tt.says)
		})
	}
}

// expect checks the kind and the words of an error, and that it holds no secret.
func expect(t *testing.T, err error, kind estate.Trouble, says string) {
	t.Helper()
	if kind == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	var e *estate.Error
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, kind)
		return
	}
	if e.Kind != kind || e.Host == "" || e.Op == "" || !strings.Contains(e.Detail, says) {
		t.Errorf("got %v, want %s with %q", err, kind, says)
	}
	if strings.Contains(err.Error(), password) {
		t.Errorf("the password is in %v", err)
	}
}

// TestWire holds what trouble on the wire means before and after the moment from
// which on a script may run.
func TestWire(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		fault        wsman.Fault
		look, change estate.Trouble
		says         string
	}{
		{"cut before the command", wsman.Fault{Kind: wsman.FaultDropBefore}, estate.Unreachable, estate.Unreachable, ""},
		{"cut after the command", wsman.Fault{Kind: wsman.FaultDrop}, estate.Unreachable, estate.Unknown, ""},
		{"no shell left", wsman.Fault{Kind: wsman.FaultFault, On: "Create", Code: 2150859173}, estate.Unreachable, estate.Unreachable, "too busy"},
		{"not allowed", wsman.Fault{Kind: wsman.FaultFault, On: "Create", Code: 5}, estate.Refused, estate.Refused, "may not use"},
		{"command refused", wsman.Fault{Kind: wsman.FaultFault, On: "Command", Code: 2150858843}, estate.Failed, estate.Failed, "2150858843"},
		{"input refused", wsman.Fault{Kind: wsman.FaultFault, On: "Send", Code: 995}, estate.Failed, estate.Unknown, "995"},
		{"shell gone", wsman.Fault{Kind: wsman.FaultFault, On: "Receive"}, estate.Failed, estate.Unknown, "2150858843"},
		{"aborted", wsman.Fault{Kind: wsman.FaultFault, On: "Receive", Code: 995}, estate.Failed, estate.Unknown, "995"},
		{"a page in place of a shell", wsman.Fault{Kind: wsman.FaultWrongAnswer, On: "Create"}, estate.Unreachable, estate.Unreachable, "not a SOAP envelope"},
		{"a page in place of output", wsman.Fault{Kind: wsman.FaultWrongAnswer, On: "Receive"}, estate.Unreachable, estate.Unknown, "not a SOAP envelope"},
		{"a shell in clear", wsman.Fault{Kind: wsman.FaultUnsealed, On: "Create"}, estate.Untrusted, estate.Untrusted, "not sealed"},
		{"output in clear", wsman.Fault{Kind: wsman.FaultUnsealed, On: "Receive"}, estate.Untrusted, estate.Unknown, "not sealed"},
		{"a short signature", wsman.Fault{Kind: wsman.FaultShortSignature, On: "Create"}, estate.Untrusted, estate.Untrusted, "signature"},
		{"a weak challenge", wsman.Fault{Kind: wsman.FaultWeakChallenge}, estate.Untrusted, estate.Untrusted, "leaves out"},
		{"a downgrade", wsman.Fault{Kind: wsman.FaultDowngrade}, estate.Untrusted, estate.Untrusted, "does not offer NTLM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := startWindows(t, nil)
			f := w.fleet(t, nil)
			if err := w.Inject(tt.fault); err != nil {
				t.Fatal(err)
			}
			expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), tt.look, tt.says)
			expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), tt.change, tt.says)
			w.Clear()
			expect(t, f.Run(t.Context(), "SMP1", estate.Look, look("echo"), w.args(), new(echoed)), "", "")
			expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), "", "")
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if n := w.Stats().Shells; n > 2 {
				t.Errorf("%d shells are left", n)
			}
		})
	}
}

// TestCutInput: a script whose input did not arrive whole has not run, and a change
// that has not run is not unknown.
func TestCutInput(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, nil)
	in := w.args()
	in.Text = strings.Repeat("a", 200_000) // three messages
	for _, fault := range []wsman.Fault{
		{Kind: wsman.FaultFault, On: "Send", After: 1, Code: 995},
		{Kind: wsman.FaultFault, On: "Command"},
	} {
		inject(t, w, fault)
		expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), in, new(echoed)), estate.Failed, "fault")
		w.Clear()
	}
	inject(t, w, wsman.Fault{Kind: wsman.FaultUnsealed, On: "Send", Count: 1})
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), in, new(echoed)), estate.Untrusted, "not sealed")
	f.Close()
	if n := len(w.calls()); n != 0 {
		t.Errorf("%d scripts have run", n)
	}
}

// A host that is too busy to take input is offered it three times.
func TestBusyHost(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(_ *winrm.Host, o *winrm.Options) { winrm.PauseWhenBusy(o, time.Millisecond) })
	for refusals, want := range map[int]estate.Trouble{2: "", 3: estate.Unknown} {
		inject(t, w, wsman.Fault{Kind: wsman.FaultFault, On: "Send", Code: 170, Count: refusals})
		expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), want, "too busy")
	}
}

// A change that does not name its machine never reaches the network.
func TestChangeNamesItsMachine(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, nil)
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), args{}, new(echoed)), estate.WrongMachine, "do not name")
	_, err := f.SwitchRules(t.Context(), "SMP1", "", []string{"a"}, false)
	expect(t, err, estate.WrongMachine, "do not name")
	if n := w.Stats().Requests; n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestUnknownHost(t *testing.T) {
	w := startWindows(t, nil)
	expect(t, w.fleet(t, nil).Run(t.Context(), "SMP2", estate.Look, look("echo"), nil, new(echoed)), estate.Unreachable, "no such host")
}

func TestNothingListens(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(h *winrm.Host, _ *winrm.Options) { h.URL = "http://127.0.0.1:1/wsman" })
	expect(t, f.Run(t.Context(), "SMP1", estate.Change, change("echo"), w.args(), new(echoed)), estate.Unreachable, "refused")
	if !errors.Is(f.Close(), nil) {
		t.Error("close")
	}
	expect(t, f.Run(context.Background(), "SMP1", estate.Look, look("echo"), nil, new(echoed)), estate.Unreachable, "stopping")
}
