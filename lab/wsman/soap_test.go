package wsman

import (
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/masterzen/winrm"
)

func TestDecodeRefused(t *testing.T) {
	good := winrm.NewGetOutputRequest("http://smp1/wsman", "S", "C", "stdout stderr", params()).String()
	header := func(h string) string { return strings.Replace(good, "<env:Header>", "<env:Header>"+h, 1) }
	if !strings.Contains(good, "<env:Header>") || !strings.Contains(good, "<a:MessageID>") {
		t.Fatalf("the builder has changed: %s", good)
	}
	for _, test := range []struct {
		name, message string
		want          uint32 // WSManFault code; 0 is accepted
	}{
		{"as built", good, 0},
		{"line end after it", good + "\r\n", 0},
		{"header to be understood or not", header(`<q:Extra xmlns:q="urn:q" env:mustUnderstand="false"/>`), 0},
		{"header to be understood", header(`<q:Extra xmlns:q="urn:q" env:mustUnderstand="true"/>`), codeMustUnderstand},
		{"the same as a number", header(`<q:Extra xmlns:q="urn:q" env:mustUnderstand="1"/>`), codeMustUnderstand},
		{"no message id", strings.ReplaceAll(good, "a:MessageID", "a:Message"), codeHeaderMissing},
		{"no action", strings.ReplaceAll(good, "a:Action", "a:Actions"), codeHeaderMissing},
		{"no address", strings.ReplaceAll(good, "a:To", "a:Too"), codeHeaderMissing},
		{"SOAP 1.1", strings.ReplaceAll(good, "http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"), codeSchema},
		{"empty", "", codeSchema},
		{"not XML", "{}", codeSchema},
		{"cut", good[:len(good)-20], codeSchema},
		{"two envelopes", good + good, codeSchema},
		{"entity of its own", `<!DOCTYPE x [<!ENTITY e "e">]>` + header("<x>&e;</x>"), codeSchema},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, fault := decode([]byte(test.message))
			if e == nil {
				t.Fatal("no envelope to answer to")
			}
			var got uint32
			if fault != nil {
				got = fault.code
			}
			if got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"PT20S":           20 * time.Second,
		"PT20.000S":       20 * time.Second,
		"PT0.5S":          500 * time.Millisecond,
		" PT1M30S ":       90 * time.Second,
		"P0DT0H1M0S":      time.Minute,
		"P1D":             24 * time.Hour,
		"P1DT2H":          26 * time.Hour,
		"PT0S":            0,
		"":                -1,
		"P":               -1,
		"PT":              -1,
		"P1DT":            -1,
		"20S":             -1,
		"PT20":            -1,
		"PT-5S":           -1,
		"-PT5S":           -1,
		"PT1S1M":          -1,
		"PT1S1S":          -1,
		"PT1.5M":          -1,
		"PT1e3S":          -1,
		"PT0x10S":         -1,
		"PT..S":           -1,
		"P1Y":             -1,
		"P1M":             -1,
		"P1H":             -1,
		"PT1D":            -1,
		"P400D":           -1,
		"P366DT24H":       -1,
		"PT99999999999H":  -1,
		"P999999999999DT": -1,
	} {
		d, ok := parseDuration(s)
		if !ok {
			d = -1
		}
		if d != want {
			t.Errorf("%q: got %v, want %v", s, d, want)
		}
	}
}

// raw sends a message with the parts of it replaced.
func raw(t *testing.T, p *peer, message string, replace ...string) error {
	t.Helper()
	changed := strings.NewReplacer(replace...).Replace(message)
	if changed == message {
		t.Fatalf("nothing to replace in %s", message)
	}
	_, err := p.call(t.Context(), changed)
	return err
}

func TestRequestRefused(t *testing.T) {
	_, p, shell := ready(t, Config{Run: echo})
	command := p.startCommand(t, shell, "echo")
	create := winrm.NewOpenShellRequest(p.url, params()).String()
	start := winrm.NewExecuteCommandRequest(p.url, shell, "x", nil, params()).String()
	send := winrm.NewSendInputRequest(p.url, shell, command, []byte("x"), true, params()).String()
	receive := winrm.NewGetOutputRequest(p.url, shell, command, "stdout", params()).String()
	signal := winrm.NewSignalRequest(p.url, shell, command, params()).String()

	for _, test := range []struct {
		name, message string
		replace       []string
		want          uint32
	}{
		{"unknown action", create, []string{"transfer/Create", "transfer/Put"}, codeActionUnknown},
		{"action of the shell that is none", receive, []string{"shell/Receive", "shell/Connect"}, codeActionUnknown},
		{"PowerShell resource", create, []string{"windows/shell/cmd", "powershell/Microsoft.PowerShell"}, codeInvalidResource},
		{"no timeout to speak of", receive, []string{"PT5S", "PT0.1S"}, codeUnsupportedTime},
		{"timeout that is none", receive, []string{"PT5S", "5"}, codeSchema},
		{"small envelope", receive, []string{"153600", "4096"}, codeEncodingLimit},
		{"shell without its element", create, []string{"rsp:Shell>", "rsp:Shells>"}, codeInvalidBody},
		{"profile perhaps", create, []string{"FALSE", "PERHAPS"}, codeInvalidOption},
		{"console perhaps", start, []string{"TRUE", "PERHAPS"}, codeInvalidOption},
		{"no command line", start, []string{"rsp:Command>", "rsp:Commands>"}, codeInvalidBody},
		{"unknown shell", receive, []string{shell, newID()}, codeSelectors},
		{"no shell", receive, []string{`Name="ShellId"`, `Name="Shell"`}, codeSelectors},
		{"unknown command", receive, []string{command, newID()}, codeSelectors},
		{"unknown stream", receive, []string{">stdout<", ">stdlog<"}, codeInvalidBody},
		{"no stream", receive, []string{">stdout<", "> <"}, codeInvalidBody},
		{"input that is no base64", send, []string{"eA==", "e"}, codeInvalidBody},
		{"input for stdout", send, []string{`Name="stdin"`, `Name="stdout"`}, codeInvalidBody},
		{"input for nobody", send, []string{command, newID()}, codeSelectors},
		{"unknown signal", signal, []string{"signal/terminate", "signal/hup"}, codeInvalidBody},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := raw(t, p, test.message, test.replace...)
			if code(err) != test.want {
				t.Errorf("got %v, want code %d", err, test.want)
			}
		})
	}
}

// TestFaultShape holds what clients look for in a fault.
func TestFaultShape(t *testing.T) {
	e := &envelope{Header: header{MessageID: `uuid:1"<&>`}}
	a := faultShellGone("<x>").answer("SMP1")
	var got struct {
		Header struct{ Action, RelatesTo, MessageID string }
		Body   struct {
			Fault struct {
				Code struct {
					Value   string
					Subcode struct{ Value string }
				}
				Reason struct{ Text string }
				Detail struct {
					FaultDetail string
					WSManFault  struct {
						Code    string `xml:",attr"`
						Machine string `xml:",attr"`
						Message string
					}
				}
			}
		}
	}
	if err := xml.Unmarshal(a.marshal(e), &got); err != nil {
		t.Fatal(err)
	}
	f := got.Body.Fault
	for what, pair := range map[string][2]string{
		"action":     {got.Header.Action, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"},
		"relates to": {got.Header.RelatesTo, `uuid:1"<&>`},
		"role":       {f.Code.Value, "s:Sender"},
		"subcode":    {f.Code.Subcode.Value, "w:InvalidSelectors"},
		"code":       {f.Detail.WSManFault.Code, "2150858843"},
		"machine":    {f.Detail.WSManFault.Machine, "SMP1"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
	if a.status != http.StatusInternalServerError || !strings.Contains(f.Reason.Text, "ShellId <x>") || f.Detail.WSManFault.Message != f.Reason.Text {
		t.Errorf("status %d, reason %q, message %q", a.status, f.Reason.Text, f.Detail.WSManFault.Message)
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range []string{
		winrm.NewOpenShellRequest("http://smp1/wsman", params()).String(),
		winrm.NewExecuteCommandRequest("http://smp1/wsman", "S", "dir & ver", []string{"a"}, params()).String(),
		winrm.NewSendInputRequest("http://smp1/wsman", "S", "C", []byte("x"), true, params()).String(),
		winrm.NewGetOutputRequest("http://smp1/wsman", "S", "C", "stdout stderr", params()).String(),
		winrm.NewSignalRequest("http://smp1/wsman", "S", "C", params()).String(),
		winrm.NewDeleteShellRequest("http://smp1/wsman", "S", params()).String(),
	} {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, fault := decode(b)
		operation(e)
		operationTimeout(e)
		if fault == nil && e.Body.Identify == nil && e.Header.MessageID == "" {
			t.Error("accepted without a message id")
		}
		// Whatever came in, the answer is well-formed.
		if err := xml.Unmarshal(faultShellGone(e.Header.Action).answer("SMP1").marshal(e), new(envelope)); err != nil {
			t.Error(err)
		}
	})
}

func FuzzDuration(f *testing.F) {
	f.Add("P1DT2H3M4.5S")
	f.Fuzz(func(t *testing.T, s string) {
		if d, ok := parseDuration(s); ok && (d < 0 || d > 2*366*24*time.Hour) {
			t.Errorf("%q: %v", s, d)
		}
	})
}
