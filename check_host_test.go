package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"itmsbot/lab"
	"itmsbot/lab/world"
	"itmsbot/lab/wsman"
)

// checkedHost runs itmsbot check --host and gives what it prints.
func checkedHost(t *testing.T, path, host string) (string, error) {
	t.Helper()
	var out strings.Builder
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := runCheck(ctx, &out, path, host)
	return out.String(), err
}

// TestCheckOfAHostOfTheLab is the whole self-test against every server of a lab, over
// the wire, with nothing wrong.
func TestCheckOfAHostOfTheLab(t *testing.T) {
	l, path := practiceSite(t, lab.Options{})
	before := l.World.Dump()
	for _, host := range []string{"SMP1", "SQL1", "SITE1", "GW1"} {
		out, err := checkedHost(t, path, host)
		if err != nil || strings.Contains(out, "BAD") || strings.Contains(out, "note") {
			t.Errorf("%s: %v\n%s", host, err, out)
		}
		for _, words := range []string{
			"answers as " + host + ", machine ", "every message sealed with NTLM, 128 bits", "version 5.1.14393.", "FullLanguage; FullLanguage is needed",
			"local administrator: true", "code pages 65001 in, 65001 out", "as it went: true", "MaxShellsPerUser 30", "MaxEnvelopeSizekb 500",
			"s against the bot's clock", "arrives", "is told as such: line 10: thrown on purpose", "is told as such: powershell ended with code 7",
		} {
			if !strings.Contains(strings.ToLower(out), strings.ToLower(words)) {
				t.Errorf("%s: no word of %q:\n%s", host, words, out)
			}
		}
	}
	if diff := cmp.Diff(before, l.World.Dump()); diff != "" {
		t.Errorf("a check changed something:\n%s", diff)
	}
}

// TestCheckOfAHostNamesWhatIsWrong breaks a lab in each way that a host can be wrong.
func TestCheckOfAHostNamesWhatIsWrong(t *testing.T) {
	yes, hour, slightly := true, 3600, -180
	for name, c := range map[string]struct {
		condition *world.Condition
		fault     *wsman.Fault
		password  string
		want      []string // in one line
		fails     bool
	}{
		"clock":         {condition: &world.Condition{Field: "clock", Host: "SMP1", Number: &hour}, want: []string{"BAD", "clock", "+3600 s", "blocks"}, fails: true},
		"clock by less": {condition: &world.Condition{Field: "clock", Host: "SMP1", Number: &slightly}, want: []string{"note", "clock", "-180 s"}},
		"constrained":   {condition: &world.Condition{Field: "constrained", Host: "SMP1", On: &yes}, want: []string{"BAD", "run", "language mode", "full language mode"}, fails: true},
		"off":           {condition: &world.Condition{Field: "power", Host: "SMP1", On: new(bool)}, want: []string{"BAD", "run", "unreachable"}, fails: true},
		"refused":       {fault: &wsman.Fault{Kind: wsman.FaultRefused}, want: []string{"BAD", "run", "log-on refused", "tried once"}, fails: true},
		"wrong answer":  {fault: &wsman.Fault{Kind: wsman.FaultWrongAnswer}, want: []string{"BAD", "run"}, fails: true},
		"no seal":       {fault: &wsman.Fault{Kind: wsman.FaultUnsealed}, want: []string{"BAD", "run", "not sealed"}, fails: true},
		"weak NTLM":     {fault: &wsman.Fault{Kind: wsman.FaultWeakChallenge}, want: []string{"BAD", "run", "seal"}, fails: true},
		"downgrade":     {fault: &wsman.Fault{Kind: wsman.FaultDowngrade}, want: []string{"BAD", "run", "seal"}, fails: true},
		"quota":         {fault: &wsman.Fault{Kind: wsman.FaultFault, On: "Create", Code: 2150859173}, want: []string{"BAD", "run", "concurrent shells"}, fails: true},
		"password":      {password: "guess", want: []string{"BAD", "run", "log-on refused"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			l, path := practiceSite(t, lab.Options{})
			if c.password != "" {
				if err := os.WriteFile(filepath.Join(filepath.Dir(path), "windows-password"), []byte(c.password), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if c.condition != nil {
				if err := l.World.Set(*c.condition); err != nil {
					t.Fatal(err)
				}
			}
			if c.fault != nil {
				if err := l.Hosts["SMP1"].Inject(*c.fault); err != nil {
					t.Fatal(err)
				}
			}
			out, err := checkedHost(t, path, "SMP1")
			if c.fails != errors.Is(err, errMissing) {
				t.Errorf("%v\n%s", err, out)
			}
			lines := []string{out}
			for _, word := range c.want {
				lines = linesOf(strings.Join(lines, "\n"), word)
			}
			if len(lines) == 0 {
				t.Errorf("no line with %q:\n%s", c.want, out)
			}
		})
	}
}

// TestCheckOfAHostOverTLS: the same with a certificate of the lab's authority.
func TestCheckOfAHostOverTLS(t *testing.T) {
	l, path := practiceSite(t, lab.Options{})
	h := l.Document().Hosts[0]
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "ca.pem"), []byte(h.CA), 0o600); err != nil {
		t.Fatal(err)
	}
	for auth, words := range map[string]string{"ntlm": "NTLM bound to it", "basic": "the password is sent to the host with basic"} {
		overTLS := filepath.Join(filepath.Dir(path), auth+".yaml")
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(overTLS, b, 0o600); err != nil {
			t.Fatal(err)
		}
		edit(t, overTLS, `url: "`+h.WinRM+`"`, `url: "`+h.WinRMHTTPS+"\"\n        auth: \""+auth+"\"\n        ca: \"ca.pem\"", `port: "5985"`, `port: "5986"`)
		out, err := checkedHost(t, overTLS, "SMP1")
		if err != nil || !strings.Contains(out, words) {
			t.Errorf("%s: %v\n%s", auth, err, out)
		}
	}
}
