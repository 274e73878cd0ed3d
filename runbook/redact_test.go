package runbook

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"
	for in, want := range map[string]string{
		"Logon failed for svc: password=hunter2, retry":      "Logon failed for svc: password=[redacted], retry",
		"pwd: hunter2 and more":                              "pwd: [redacted] and more",
		"PASSWORD = 'two words' ok":                          `PASSWORD = "[redacted]" ok`,
		"Kennwort: geheim":                                   "Kennwort: [redacted]",
		"DbPassword=x":                                       "DbPassword=[redacted]",
		`{"password":"a\"b"} is JSON in a log`:               `{"password":"[redacted]"b"} is JSON in a log`,
		`\"userPassword\": \"x y\"`:                          `\"userPassword\": "[redacted]"`,
		"Authorization: Basic c3ZjOnB3\r\nHost: smp1":        "Authorization: [redacted]\r\nHost: smp1",
		"got Bearer eyJhbGciOi.J9 from":                      "got Bearer [redacted] from",
		"xoxb-12345-abcdef and xapp-1-A0-deadbeef":           "[redacted] and [redacted]",
		"xoxe.xoxp-1-abcdef":                                 "[redacted]",
		"Server=SQL1;User Id=sa;Password=my pass word;TLS":   "Server=SQL1;User Id=sa;Password=[redacted];TLS",
		"Server=SQL1;Pwd=x":                                  "Server=SQL1;Pwd=[redacted]",
		"https://user:p4ss@host/x and http://host:80/a@b":    "https://user:[redacted]@host/x and http://host:80/a@b",
		"before " + key + " after":                           "before [redacted] after",
		"-----BEGIN PRIVATE KEY-----\nMIIE cut here":         "[redacted]",
		"nothing here\npassword:\n\n  hunter2\nand more":     "nothing here\npassword:\n\n  [redacted]\nand more",
		"setup.exe -password hunter2 -quiet":                 "setup.exe -password [redacted] -quiet",
		"AccountKey=abc==;EndpointSuffix=x":                  "AccountKey=[redacted];EndpointSuffix=x",
		"api_key: 12ab":                                      "api_key: [redacted]",
		"<a><UserPassword>x&amp;y</UserPassword><b/></a>":    "<a><UserPassword>[redacted]</UserPassword><b/></a>",
		"<PkgAccessCredentials a='1'><UserName>u</UserName>": "<PkgAccessCredentials>[redacted]",
		"<symmetricKeySet>\n <k>1</k>\n</SymmetricKeySet>z":  "<symmetricKeySet>[redacted]</SymmetricKeySet>z",
		"<symmetricKey value='1'/><x>1</x>":                  "<symmetricKey [redacted]/><x>1</x>",
		"&lt;userPassword&gt;x&lt;/userPassword&gt; in log":  "&lt;userPassword&gt;[redacted]&lt;/userPassword&gt; in log",
		`<cred UserPassword="x" id="7"/>`:                    `<cred UserPassword="[redacted]" id="7"/>`,
		"<SecureAttribute name='p'>x</SecureAttribute>":      "<SecureAttribute>[redacted]</SecureAttribute>",
		`<customSetting key="MailPassword" type="local" value="x" /> <customSetting key="Port" value="25" />`: `<customSetting key="MailPassword" type="local" value="[redacted]" /> <customSetting key="Port" value="25" />`,
		"<add value='Password1'\r\n  name = 'ProxyPwd'/>":                                                     "<add value='[redacted]'\r\n  name = 'ProxyPwd'/>",
		`<add key="DbPassword" value="cut of`:                                                                 `<add key="DbPassword" value="[redacted]`,

		// What must stay as it is.
		"R-12 plan " + strings.Repeat("9f3c21ab", 8):                              "R-12 plan " + strings.Repeat("9f3c21ab", 8),
		"approve R-1 " + strings.Repeat("0123456789abcdef", 4):                    "approve R-1 " + strings.Repeat("0123456789abcdef", 4),
		"Check the password of the bot's account, then run `/itms check SMP1`.":   "Check the password of the bot's account, then run `/itms check SMP1`.",
		"The machine-account password is 12 days old.":                            "The machine-account password is 12 days old.",
		`HKLM:\SOFTWARE\itmsbot key itmsbot U-1 R-1 10.2`:                         `HKLM:\SOFTWARE\itmsbot key itmsbot U-1 R-1 10.2`,
		"rule {9B2E7F10-4C1D-4E64-9C5D-0A1B2C3D4E5F} of https://smp1:443/a":       "rule {9B2E7F10-4C1D-4E64-9C5D-0A1B2C3D4E5F} of https://smp1:443/a",
		"svchost.exe -k netsvcs -p -s Schedule":                                   "svchost.exe -k netsvcs -p -s Schedule",
		`<customSetting key="PasswordAge" value="" /><add key="Site" value="x"/>`: `<customSetting key="PasswordAge" value="" /><add key="Site" value="x"/>`,
		"": "",
	} {
		if got := Redact(in); got != want {
			t.Errorf("Redact(%q)\n got %q\nwant %q", in, got, want)
		}
		if again := Redact(want); again != want {
			t.Errorf("twice: %q became %q", want, again)
		}
	}
}

func TestRedactJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"n":1,"text":"password=x"}`:                  `{"n":1,"text":"password=[redacted]"}`,
		`{"z":1,"password":"x","a":[{"pwd":"y"}]}`:     `{"a":[{"pwd":"[redacted]"}],"password":"[redacted]","z":1}`,
		`{"password_seconds":7,"password_fixed":true}`: `{"password_seconds":7,"password_fixed":true}`,
		`{"text":"nothing",  "as":"it was"}`:           `{"text":"nothing",  "as":"it was"}`,
		`{"password":""}`:                              `{"password":""}`,
		`"xoxb-1234-5678"`:                             `"[redacted]"`,
	} {
		got, err := RedactJSON([]byte(in))
		if err != nil || string(got) != want {
			t.Errorf("%s became %s (%v), want %s", in, got, err, want)
		}
	}
	if _, err := RedactJSON([]byte(`{"pwd":`)); err == nil {
		t.Error("what is no JSON passed")
	}
	// A host that says a thousand short secrets cannot make an event grow.
	many := `["` + strings.Repeat(`pwd=1","`, 1500) + `"]`
	got, err := RedactJSON([]byte(many))
	if err != nil || len(got) > len(many) || strings.Contains(string(got), "=1") {
		t.Errorf("%d bytes became %d (%v): %.60s", len(many), len(got), err, got)
	}
	if got := RedactFile([]byte(`{"password":"x"} and more`)); string(got) != `{"password":"[redacted]"} and more` {
		t.Errorf("a text file became %s", got)
	}
	if got := RedactFile([]byte(`{"a":1.5,"pwd":"x"}`)); string(got) != `{"a":1.5,"pwd":"[redacted]"}` {
		t.Errorf("a JSON file that is not ours became %s", got)
	}
}

// TestSealRefusesSecrets: a plan is digested and carried out as it is, so that it
// cannot be redacted. What was approved once can always be taken back.
func TestSealRefusesSecrets(t *testing.T) {
	named := Step{ID: "1.1", Host: "SMP1", Title: "close the doors", Params: json.RawMessage(`{"names":["pwd: sync"]}`)}
	undone := named
	undone.Undoes = &Undoing{Request: "R-1", Step: "1.1", Before: named.Params}
	plain := Step{ID: "1.1", Host: "SMP1", Params: json.RawMessage(`{"names":["Web (HTTP)"]}`)}
	for name, c := range map[string]struct {
		plan Plan
		want string
	}{
		"a name like a secret": {Plan{Stages: []Stage{{Steps: []Step{plain, named}}}}, "Step 1.1 on SMP1"},
		"an argument":          {Plan{Args: map[string]string{"reason": "password=x"}}, "What was asked for"},
		"the way back of one":  {Plan{Stages: []Stage{{Steps: []Step{undone}}}}, ""},
		"nothing":              {Plan{Stages: []Stage{{Steps: []Step{plain}}}}, ""},
	} {
		_, digest, err := c.plan.Seal()
		var no *Refusal
		switch {
		case c.want == "" && (err != nil || digest == ""):
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (!errors.As(err, &no) || !strings.HasPrefix(no.Reason, c.want) || strings.Contains(err.Error(), "sync")):
			t.Errorf("%s: %v, want a refusal that says %q", name, err, c.want)
		}
	}
}

// FuzzRedact holds that redacting twice is redacting once, and that JSON stays
// canonical JSON.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"password=x;", "Authorization: Bearer abcdefgh12", "-----BEGIN PRIVATE KEY-----", "<UserPassword>", "&lt;pwd/&gt;x",
		"xoxb-1-1-1-1", "a://b:c@d", `"pwd":"`, " -pwd '", "pwd=pwd=pwd='", "\xff pwd:\xff", "Bearer  [redacted]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Redact(s)
		if twice := Redact(once); twice != once {
			t.Fatalf("%q\n once %q\ntwice %q", s, once, twice)
		}
		body, err := Canonical(map[string]any{"text": s, "list": []string{s}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := RedactJSON(body)
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if again, err := CanonicalBytes(got); err != nil || string(again) != string(got) {
			t.Fatalf("%q is not canonical (%v)", got, err)
		}
		if len(got) > len(body)+(1<<10) {
			t.Fatalf("%d bytes became %d", len(body), len(got))
		}
		if file := RedactFile(body); !json.Valid(file) {
			t.Fatalf("%q is no JSON any more: %q", body, file)
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	plain, err := Canonical(OutcomeBody{Result: StepDone, Text: strings.Repeat("Rules switched off: World Wide Web Services (HTTP Traffic-In). ", 20)})
	if err != nil {
		b.Fatal(err)
	}
	hit, err := Canonical(OutcomeBody{Result: StepDone, Text: strings.Repeat("Event 4625 of svc-itms on SMP1, key 7. ", 30) + "password=hunter2"})
	if err != nil {
		b.Fatal(err)
	}
	long := []byte(strings.Repeat("2026-11-28,Application,MSSQLSERVER,18456,Login failed for an account of the estate\n", 12000) + "password=hunter2\n")
	b.Run("a file of 1 MB", func(b *testing.B) {
		b.SetBytes(int64(len(long)))
		for b.Loop() {
			RedactFile(long)
		}
	})
	for name, body := range map[string][]byte{"nothing to take out": plain, "one secret": hit} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := RedactJSON(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
