package winrm

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Codes of WSManFault that decide anything here (wsmerror.h, winerror.h).
const (
	codeAccessDenied = 5
	codeBusy         = 170
	codeTimedOut     = 2150858793 // ERROR_WSMAN_OPERATION_TIMEDOUT: nothing to say yet

	// Limits of shells, operations and users; the second range is their newer form.
	codeQuotaFirst, codeQuotaLast       = 2150859173, 2150859179 // ERROR_WSMAN_QUOTA_MAX_SHELLS …
	codeQuotaPPQFirst, codeQuotaPPQLast = 2150859236, 2150859241 // ERROR_WSMAN_QUOTA_MAX_SHELLS_PPQ …
)

const doneState = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"

// fault is a WS-Management fault, the host's own no. Code decides, text is for
// people and in the host's language.
type fault struct {
	code uint32 // 0 when the host gave none
	text string
}

func (f *fault) Error() string {
	return strings.TrimSpace(fmt.Sprintf("WSMan fault %d %s", f.code, f.text))
}

// crowded reports whether the host refuses because it has too much to do.
func (f *fault) crowded() bool {
	return f.code == codeBusy || codeQuotaFirst <= f.code && f.code <= codeQuotaLast ||
		codeQuotaPPQFirst <= f.code && f.code <= codeQuotaPPQLast
}

// reply is what is read of an answer's envelope.
type reply struct {
	shellID   string
	commandID string
	stdout    []byte
	stderr    []byte
	done      bool
	exitCode  uint32
}

type replyXML struct {
	XMLName   xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	RelatesTo string   `xml:"Header>RelatesTo"`
	ShellID   string   `xml:"Body>Shell>ShellId"`
	Selectors []struct {
		Name  string `xml:"Name,attr"`
		Value string `xml:",chardata"`
	} `xml:"Body>ResourceCreated>ReferenceParameters>SelectorSet>Selector"`
	CommandID string `xml:"Body>CommandResponse>CommandId"`
	Streams   []struct {
		Name string `xml:"Name,attr"`
		Data string `xml:",chardata"`
	} `xml:"Body>ReceiveResponse>Stream"`
	State struct {
		State    string `xml:"State,attr"`
		ExitCode string `xml:"ExitCode"`
	} `xml:"Body>ReceiveResponse>CommandState"`
	Fault *faultXML `xml:"Body>Fault"`
}

type faultXML struct {
	Reason string `xml:"Reason>Text"`
	WSMan  struct {
		Code    string `xml:"Code,attr"`
		Message string `xml:"Message"`
	} `xml:"Detail>WSManFault"`
}

// parseReply reads the answer to the message with this id. A fault comes back as
// *fault; any other error means that the bytes are no answer of a WS-Management
// service to that message.
func parseReply(data []byte, id string) (reply, error) {
	var x replyXML
	if err := xml.Unmarshal(data, &x); err != nil {
		return reply{}, fmt.Errorf("the answer is not a SOAP envelope: %w", err)
	}
	if x.Fault != nil {
		return reply{}, x.Fault.fault()
	}
	if got := strings.TrimSpace(x.RelatesTo); !strings.EqualFold(got, id) {
		return reply{}, errors.New("the answer belongs to another message")
	}
	r := reply{
		shellID:   strings.TrimSpace(x.ShellID),
		commandID: strings.TrimSpace(x.CommandID),
		done:      x.State.State == doneState,
	}
	for _, s := range x.Selectors {
		if s.Name == "ShellId" {
			r.shellID = strings.TrimSpace(s.Value)
		}
	}
	return r, r.readStreams(&x)
}

func (r *reply) readStreams(x *replyXML) error {
	for _, s := range x.Streams {
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s.Data))
		if err != nil {
			return fmt.Errorf("output of the command: %w", err)
		}
		switch s.Name {
		case "stdout":
			r.stdout = append(r.stdout, data...)
		case "stderr":
			r.stderr = append(r.stderr, data...)
		}
	}
	if code := strings.TrimSpace(x.State.ExitCode); code != "" {
		// Unsigned 32 bits on Windows; some write the same bits with a sign.
		n, err := strconv.ParseInt(code, 10, 64)
		if err != nil {
			return fmt.Errorf("exit code of the command: %w", err)
		}
		r.exitCode = uint32(n)
	}
	return nil
}

func (x *faultXML) fault() *fault {
	code, err := strconv.ParseUint(x.WSMan.Code, 10, 32)
	if err != nil {
		code = 0 // a fault without a number of its own: its text has to do
	}
	text := x.Reason
	if strings.TrimSpace(text) == "" {
		text = x.WSMan.Message
	}
	return &fault{code: uint32(code), text: sentence(text)}
}

// sentence puts the far end's words on one line of bearable length, without
// anything that a terminal would obey.
func sentence(s string) string {
	const most = 400
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " …"
	}
	return s
}
