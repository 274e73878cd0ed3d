package winrm

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/masterzen/winrm"
)

// TestMessages compares each message with the one of masterzen/winrm, which is in
// wide use against Windows. They differ where it is said here and nowhere else.
func TestMessages(t *testing.T) {
	const url, shell, id = "http://smp1:5985/wsman", "11111111-2222-4333-8444-555555555555", "66666666-7777-4888-9999-AAAAAAAAAAAA"
	p := winrm.NewParameters("PT15S", "en-US", envelopeSize)
	with := func(lines []string, changes ...string) []string {
		out := slices.Clone(lines)
		for _, c := range changes {
			if from, to, ok := strings.Cut(c, " => "); ok {
				if i := slices.Index(out, from); i >= 0 {
					out[i] = to
				}
				continue
			}
			out = append(out, c)
		}
		slices.Sort(out)
		return out
	}
	for _, tt := range []struct {
		name   string
		ours   message
		theirs string
		differ []string
	}{
		{"Create", createShell(), winrm.NewOpenShellRequest(url, p).String(), []string{
			"Envelope/Header/OptionSet/Option[Name=WINRS_NOPROFILE] FALSE => Envelope/Header/OptionSet/Option[Name=WINRS_NOPROFILE] TRUE",
			"Envelope/Body/Shell/IdleTimeOut PT180S",
		}},
		{"Command", startCommand(shell, "cmd & whoami"), winrm.NewExecuteCommandRequest(url, shell, "cmd & whoami", nil, p).String(), []string{
			"Envelope/Header/OptionSet/Option[Name=WINRS_CONSOLEMODE_STDIN] TRUE => Envelope/Header/OptionSet/Option[Name=WINRS_CONSOLEMODE_STDIN] FALSE",
		}},
		{"Send", sendInput(shell, id, []byte("abc"), false), winrm.NewSendInputRequest(url, shell, id, []byte("abc"), false, p).String(), nil},
		{"Send, the last", sendInput(shell, id, nil, true), winrm.NewSendInputRequest(url, shell, id, nil, true, p).String(), nil},
		{"Receive", receiveOutput(shell, id), winrm.NewGetOutputRequest(url, shell, id, "stdout stderr", p).String(), nil},
		{"Delete", deleteShell(shell), winrm.NewDeleteShellRequest(url, shell, p).String(), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := flatten(string(tt.ours.envelope(url, 15*time.Second)))
			if err != nil {
				t.Fatal(err)
			}
			want, err := flatten(tt.theirs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(with(want, tt.differ...), got); diff != "" {
				t.Errorf("beyond what is said (-theirs +ours):\n%s", diff)
			}
		})
	}
}

// flatten gives every leaf of a document as a line, sorted; the namespaces stay
// out, because masterzen/winrm declares others as well.
func flatten(doc string) ([]string, error) {
	var lines, path []string
	var text string
	leaf := false
	for d := xml.NewDecoder(strings.NewReader(doc)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			slices.Sort(lines)
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", doc, err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name, attrs := e.Name.Local, []string(nil)
			for _, a := range e.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					attrs = append(attrs, a.Name.Local+"="+a.Value)
				}
			}
			if len(attrs) > 0 {
				slices.Sort(attrs)
				name += "[" + strings.Join(attrs, " ") + "]"
			}
			path, text, leaf = append(path, name), "", true
		case xml.CharData:
			text += string(e)
		case xml.EndElement:
			if leaf && !strings.HasSuffix(path[len(path)-1], "MessageID") {
				lines = append(lines, strings.TrimSpace(strings.Join(path, "/")+" "+strings.TrimSpace(text)))
			}
			path, leaf = path[:len(path)-1], false
		}
	}
}

// Text of any kind stays text.
func TestEscape(t *testing.T) {
	const nasty = `a ]]> <b> & "c" 'd' ü`
	for _, m := range []message{startCommand(nasty, nasty), sendInput(nasty, nasty, nil, true), receiveOutput(nasty, nasty), deleteShell(nasty)} {
		lines, err := flatten(string(m.envelope(nasty, time.Second)))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(lines, "Envelope/Header/To "+nasty) || !slices.Contains(lines, "Envelope/Header/SelectorSet/Selector[Name=ShellId] "+nasty) {
			t.Errorf("%s: %q", m.action, lines)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{15 * time.Second: "PT15S", 500 * time.Millisecond: "PT0.5S", 3 * time.Minute: "PT180S"} {
		if got := duration(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
}

const (
	envelopeHead = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ` +
		`xmlns:rsp="` + shellNS + `" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"><s:Header><a:RelatesTo>uuid:1</a:RelatesTo></s:Header><s:Body>`
	envelopeTail = `</s:Body></s:Envelope>`
)

func TestParseReply(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       reply
		err        string
	}{
		{"shell", `<rsp:Shell><rsp:ShellId> AB </rsp:ShellId></rsp:Shell>`, reply{shellID: "AB"}, ""},
		{"shell of an older host", `<x:ResourceCreated xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer"><a:ReferenceParameters><w:SelectorSet><w:Selector Name="ShellId">AB</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`, reply{shellID: "AB"}, ""},
		{"command", `<rsp:CommandResponse><rsp:CommandId>C</rsp:CommandId></rsp:CommandResponse>`, reply{commandID: "C"}, ""},
		{"output", `<rsp:ReceiveResponse><rsp:Stream Name="stdout">YQ==</rsp:Stream><rsp:Stream Name="stderr">Yg==</rsp:Stream><rsp:Stream Name="stdout" End="true"></rsp:Stream><rsp:CommandState State="` + doneState + `"><rsp:ExitCode>3221225786</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>`,
			reply{stdout: []byte("a"), stderr: []byte("b"), done: true, exitCode: 3221225786}, ""},
		{"exit code with a sign", `<rsp:ReceiveResponse><rsp:CommandState State="` + doneState + `"><rsp:ExitCode>-1</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>`, reply{done: true, exitCode: 4294967295}, ""},
		{"running", `<rsp:ReceiveResponse><rsp:CommandState State="` + shellNS + `/CommandState/Running"/></rsp:ReceiveResponse>`, reply{}, ""},
		{"output that is no base64", `<rsp:ReceiveResponse><rsp:Stream Name="stdout">!</rsp:Stream></rsp:ReceiveResponse>`, reply{}, "output"},
		{"exit code that is no number", `<rsp:ReceiveResponse><rsp:CommandState><rsp:ExitCode>x</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>`, reply{}, "exit code"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseReply([]byte(envelopeHead+tt.body+envelopeTail), "uuid:1")
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Fatalf("got %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(reply{})); tt.err == "" && diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, err := parseReply([]byte(envelopeHead+envelopeTail), "uuid:2"); err == nil {
		t.Error("an answer to another message was taken")
	}
	if _, err := parseReply([]byte("<html></html>"), "uuid:1"); err == nil {
		t.Error("a page was taken for an answer")
	}
}

func TestParseFault(t *testing.T) {
	body := `<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="de">Zu  viele
 Shells.</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="2150859173" Machine="smp1"><f:Message>x</f:Message></f:WSManFault></s:Detail></s:Fault>`
	_, err := parseReply([]byte(envelopeHead+body+envelopeTail), "uuid:other")
	var f *fault
	if !errors.As(err, &f) || f.code != 2150859173 || f.text != "Zu viele Shells." || !f.crowded() {
		t.Errorf("got %#v", err)
	}
	_, err = parseReply([]byte(envelopeHead+`<s:Fault><s:Reason><s:Text>Nein</s:Text></s:Reason></s:Fault>`+envelopeTail), "")
	if !errors.As(err, &f) || f.code != 0 || f.text != "Nein" || f.crowded() {
		t.Errorf("got %#v", err)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add([]byte(envelopeHead + `<rsp:ReceiveResponse><rsp:Stream Name="stdout">YQ==</rsp:Stream></rsp:ReceiveResponse>` + envelopeTail))
	f.Add([]byte(envelopeHead + `<s:Fault><s:Reason><s:Text>x</s:Text></s:Reason></s:Fault>` + envelopeTail))
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseReply(data, "uuid:1")
		var no *fault
		if errors.As(err, &no) && len(no.text) > 2000 {
			t.Errorf("a fault of %d bytes", len(no.text))
		}
		if err == nil && len(r.stdout)+len(r.stderr) > len(data) {
			t.Error("more came out than went in")
		}
	})
}
