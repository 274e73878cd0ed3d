package wsman

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// interpreter is a PowerShell that is started as the product starts it on a host.
type interpreter struct {
	path   string
	before []string // arguments ahead of the product's own
	env    []string // beside the environment of the test
}

// The ways in which a run ends without an answer of the script. They are told apart
// because each of them is somebody else's fault.
var (
	errCrashed = errors.New("PowerShell ended badly")
	errMute    = errors.New("PowerShell gave no answer behind the nonce")
	errThrew   = errors.New("the script threw")
	errSlow    = errors.New("PowerShell did not end in time")
)

// staged is what testdata/stubs.ps1 answers.
type staged struct {
	Answer any      `json:"answer"`
	Did    []string `json:"did"`
}

// interpreterLimit ends one run; Windows takes seconds to start PowerShell and to
// compile the types of the stubs.
const interpreterLimit = time.Minute

// run gives the stubs, and in them one script, to the interpreter: by the product's
// bootstrap, through stdin and back behind a nonce.
func (i interpreter) run(ctx context.Context, bootstrap, stubs string, args any) (staged, error) {
	const nonce = "ENJ4QZ7T2M5XW6YB3KD"
	payload, err := json.Marshal(object{"nonce": nonce, "script": stubs, "args": args})
	if err != nil {
		return staged{}, err
	}
	var in bytes.Buffer
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(payload)), 1000) {
		in.Write(line)
		in.WriteString("\r\n")
	}
	in.WriteString(".\r\n")

	ctx, cancel := context.WithTimeout(ctx, interpreterLimit)
	defer cancel()
	words := append(slices.Clone(i.before), strings.Fields(options)...)
	cmd := exec.CommandContext(ctx, i.path, append(words, encodeCommand(bootstrap))...)
	cmd.Env = append(cmd.Environ(), i.env...)
	cmd.WaitDelay = time.Second
	var out, trouble bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &trouble
	err = cmd.Run()
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return staged{}, errSlow
	case errors.As(err, &ended):
		return staged{}, fmt.Errorf("%w: %w: %.400s", errCrashed, err, trouble.String())
	case err != nil:
		return staged{}, fmt.Errorf("start PowerShell: %w", err)
	}
	return read(out.String(), nonce)
}

// read finds the outcome that the bootstrap has written.
func read(out, nonce string) (staged, error) {
	_, text, found := strings.Cut("\n"+strings.ReplaceAll(out, "\r\n", "\n"), "\n"+nonce+":")
	text, _, whole := strings.Cut(text, "\n")
	if !found || !whole {
		return staged{}, fmt.Errorf("%w: %.400q", errMute, out)
	}
	var outcome struct {
		OK    bool    `json:"ok"`
		Data  *staged `json:"data"`
		Error string  `json:"error"`
		Line  int     `json:"line"`
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(plain, &outcome)
	}
	switch {
	case err != nil:
		return staged{}, fmt.Errorf("%w that can be read: %w: %.400q", errMute, err, plain)
	case !outcome.OK:
		return staged{}, fmt.Errorf("%w in line %d: %s", errThrew, outcome.Line, outcome.Error)
	case outcome.Data == nil || outcome.Data.Answer == nil:
		return staged{}, fmt.Errorf("%w of the script: %.400q", errMute, plain)
	}
	return *outcome.Data, nil
}

// differences are the paths at which two answers differ. What stands in except is not
// looked at, beyond that it is there; lists are compared without regard to their order,
// which no script promises.
func differences(t *testing.T, want, got any, except []string) []string {
	t.Helper()
	var found []string
	compare("", plain(t, want), plain(t, got), except, &found)
	return found
}

// plain is what JSON makes of a value, with every list in one order.
func plain(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return inOrder(out)
}

func inOrder(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = inOrder(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = inOrder(inner)
		}
		slices.SortFunc(v, func(a, b any) int {
			x, _ := json.Marshal(a) // it came out of JSON
			y, _ := json.Marshal(b)
			return bytes.Compare(x, y)
		})
	}
	return v
}

func compare(path string, want, got any, except []string, found *[]string) {
	if slices.Contains(except, path) {
		if got == nil {
			*found = append(*found, path+" is not there")
		}
		return
	}
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		for k := range want {
			if _, there := got[k]; !there {
				*found = append(*found, strings.TrimPrefix(path+"."+k, ".")+" is not there")
			}
		}
		for k, inner := range got {
			other, there := want[k]
			if !there {
				*found = append(*found, strings.TrimPrefix(path+"."+k, ".")+" is not the twin's")
				continue
			}
			compare(strings.TrimPrefix(path+"."+k, "."), other, inner, except, found)
		}
		return
	case []any:
		got, ok := got.([]any)
		if !ok {
			break
		}
		if len(got) != len(want) {
			*found = append(*found, fmt.Sprintf("%s has %d, the twin %d", path, len(got), len(want)))
			return
		}
		for i := range want {
			compare(fmt.Sprintf("%s[%d]", path, i), want[i], got[i], except, found)
		}
		return
	}
	a, _ := json.Marshal(want) // both came out of JSON
	b, _ := json.Marshal(got)
	if !bytes.Equal(a, b) {
		*found = append(*found, fmt.Sprintf("%s is %.200s, the twin says %.200s", path, b, a))
	}
}
