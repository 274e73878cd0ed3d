package wsman

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// asInterpreter makes this test binary an interpreter: its value is what becomes of
// each run, and the answer to give.
const asInterpreter = "ITMSBOT_TEST_INTERPRETER"

// pretence is how the interpreter of the tests behaves.
type pretence struct {
	Ending string
	Data   staged
}

// TestAsInterpreter is no test but an interpreter, in a process that a test started. It
// knows no PowerShell: it holds what it was started with to the contract of the
// bootstrap, and gives the answer that it was given.
func TestAsInterpreter(t *testing.T) {
	text := os.Getenv(asInterpreter)
	if text == "" {
		return
	}
	var p pretence
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		stop(90, err.Error())
	}
	words := flag.Args()
	if len(words) == 0 || strings.Join(words[:len(words)-1], " ") != options {
		stop(91, "started otherwise than on a host")
	}
	boot, err := decodeCommand(words[len(words)-1])
	if err != nil || boot != fileText(t, "../../estate/winrm/bootstrap.ps1") {
		stop(92, "not the product's bootstrap")
	}
	in, ended, err := readPayload(os.Stdin)
	if err != nil || !ended {
		stop(93, "the payload has no end")
	}
	var payload struct {
		Nonce, Script string
		Args          struct {
			Script string
			Args   json.RawMessage
			Host   struct{ Registry []any }
		}
	}
	if err := json.Unmarshal(in, &payload); err != nil || len(payload.Args.Args) == 0 || len(payload.Args.Host.Registry) == 0 {
		stop(94, "the payload cannot be used")
	}
	known, err := parseTwins(twinsText)
	if err != nil || known[sumOf(payload.Args.Script)].name == "" || payload.Script != fileText(t, "testdata/stubs.ps1") {
		stop(95, "the payload holds another script")
	}
	p.end(payload.Nonce)
}

// end writes what a PowerShell of this behaviour writes.
func (p pretence) end(nonce string) {
	out := object{"ok": true, "data": p.Data}
	switch p.Ending {
	case "crashes":
		stop(7, "Unhandled exception. System.StackOverflowException")
	case "is killed":
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Kill()
		}
		stop(96, fmt.Sprint("not killed: ", err))
	case "is mute":
		fmt.Println("a line of a profile script")
		os.Exit(0)
	case "has another nonce":
		nonce = "OTHER"
	case "throws":
		out = object{"ok": false, "error": "The property 'x' cannot be found on this object.", "line": 12, "type": "System.Exception"}
	case "has no data":
		out = object{"ok": true}
	}
	plain, err := json.Marshal(out)
	if err != nil {
		stop(97, err.Error())
	}
	encoded := base64.StdEncoding.EncodeToString(plain)
	if p.Ending == "is cut short" {
		fmt.Printf("\n%s:%s", nonce, encoded[:len(encoded)/2])
		os.Exit(0)
	}
	fmt.Printf("\n%s:%s\r\n", nonce, encoded)
	os.Exit(0)
}

func stop(code int, why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(code)
}

// pretend is an interpreter that behaves so.
func pretend(t *testing.T, p pretence) interpreter {
	t.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return interpreter{path: os.Args[0], before: []string{"-test.run=^TestAsInterpreter$", "--"}, env: []string{asInterpreter + "=" + string(text)}}
}

// right is what a PowerShell that agrees with the twin would answer, under the name and
// the clock of another machine.
func (r rehearsal) right(t *testing.T) staged {
	t.Helper()
	h, args, _ := r.stage(t)
	answer, did := r.twin(t, h, args)
	data := staged{plain(t, answer).(map[string]any), did}
	for _, field := range append([]string{"now", "name"}, r.except...) {
		if answer := data.Answer.(map[string]any); answer[field] != nil { // those further down stay
			answer[field] = "somewhere else"
		}
	}
	return data
}

// TestInterpreter holds the comparison itself, without a PowerShell: a right answer
// passes, and each way of not giving one is told apart from the others.
func TestInterpreter(t *testing.T) {
	t.Parallel()
	r := rehearsals()[0]
	for _, tt := range []struct {
		ending string
		want   error
		says   string
	}{
		{"answers", nil, ""},
		{"crashes", errCrashed, "StackOverflow"},
		{"is killed", errCrashed, "killed"},
		{"is mute", errMute, "a line of a profile script"},
		{"has another nonce", errMute, "OTHER"},
		{"is cut short", errMute, ""},
		{"has no data", errMute, ""},
		{"throws", errThrew, "line 12: The property 'x' cannot be found"},
	} {
		t.Run(tt.ending, func(t *testing.T) {
			list, err := r.play(t, pretend(t, pretence{tt.ending, r.right(t)}))
			if !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), tt.says) || len(list) > 0 {
				t.Errorf("%v, %q", err, list)
			}
			for _, other := range []error{errCrashed, errMute, errThrew, errSlow} {
				if other != tt.want && errors.Is(err, other) {
					t.Errorf("told as %v too: %v", other, err)
				}
			}
		})
	}
	if _, err := r.play(t, interpreter{path: "no-such-powershell"}); !errors.Is(err, exec.ErrNotFound) || errors.Is(err, errCrashed) {
		t.Errorf("an interpreter that is not there: %v", err)
	}
}

// TestRehearsalsCanPass: what each rehearsal wants can be answered.
func TestRehearsalsCanPass(t *testing.T) {
	t.Parallel()
	for _, r := range rehearsals() {
		h, args, _ := r.stage(t)
		if list := r.judge(t, h, args, r.right(t)); len(list) > 0 {
			t.Errorf("%s/%s: %q", r.script, r.name, list)
		}
	}
}

// TestWrongAnswersAreFound: a value of a script's answer that is another one is found
// (forty are tried and some of the others), and so is one that is missing, one too many,
// and something done that the twin did not do.
func TestWrongAnswersAreFound(t *testing.T) {
	done := map[string]bool{}
	for _, r := range rehearsals() {
		if done[r.script] {
			continue
		}
		done[r.script] = true
		right := r.right(t)
		want := plain(t, right.Answer)
		except := append([]string{"now", "name"}, r.except...)
		if list := differences(t, want, right.Answer, except); len(list) > 0 {
			t.Fatalf("%s: the right answer differs: %q", r.script, list)
		}
		n := 0
		each(want, "", func(path string, change func(any)) {
			if slices.Contains(except, path) {
				return
			}
			n++
			if n > 40 && n%97 != 0 {
				return
			}
			wrong := plain(t, right.Answer)
			each(wrong, "", func(p string, change func(any)) {
				if p == path {
					change("wrong")
				}
			})
			if len(differences(t, want, wrong, except)) == 0 {
				t.Errorf("%s/%s: another %s is not found", r.script, r.name, path)
			}
		})
		if n == 0 {
			t.Errorf("%s/%s has no values", r.script, r.name)
		}
		less := plain(t, right.Answer).(map[string]any)
		delete(less, "machine")
		more := plain(t, right.Answer).(map[string]any)
		more["more"] = 1
		for _, wrong := range []any{less, more, []any{right.Answer}, nil} {
			if len(differences(t, want, wrong, except)) == 0 {
				t.Errorf("%s/%s: %v is not found", r.script, r.name, wrong)
			}
		}
	}
	all := rehearsals()
	r := all[slices.IndexFunc(all, func(r rehearsal) bool { return r.script == "firewall-switch" })]
	data := r.right(t)
	data.Did = append(data.Did, "Disable-NetFirewallRule another")
	if list, err := r.play(t, pretend(t, pretence{"answers", data})); err != nil || len(list) != 1 || !strings.Contains(list[0], "another") {
		t.Errorf("%v, %q", err, list)
	}
}

// each walks the values that hold no others, and lets them be changed.
func each(v any, path string, visit func(path string, change func(any))) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			p := strings.TrimPrefix(path+"."+k, ".")
			visitOrGo(inner, p, func(to any) { v[k] = to }, visit)
		}
	case []any:
		for i, inner := range v {
			visitOrGo(inner, fmt.Sprintf("%s[%d]", path, i), func(to any) { v[i] = to }, visit)
		}
	}
}

func visitOrGo(v any, path string, change func(any), visit func(string, func(any))) {
	switch v.(type) {
	case map[string]any, []any:
		each(v, path, visit)
	default:
		visit(path, change)
	}
}
