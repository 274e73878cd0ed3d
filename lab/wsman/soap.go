package wsman

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Namespaces and URIs, [MS-WSMV] 2.2.1.
const (
	nsSOAP       = "http://www.w3.org/2003/05/soap-envelope"
	nsAddressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
	nsTransfer   = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	nsWSMan      = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
	nsIdentity   = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
	nsShell      = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	nsMicrosoft  = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"
	nsFault      = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"

	resourceCmd   = nsShell + "/cmd"
	roleAnonymous = nsAddressing + "/role/anonymous"
)

// envelope is a request. Elements are matched by namespace and name; the order of
// headers is free.
type envelope struct {
	XMLName xml.Name `xml:"http://www.w3.org/2003/05/soap-envelope Envelope"`
	Header  header   `xml:"http://www.w3.org/2003/05/soap-envelope Header"`
	Body    body     `xml:"http://www.w3.org/2003/05/soap-envelope Body"`
}

type header struct {
	Action          string     `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing Action"`
	MessageID       string     `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing MessageID"`
	To              string     `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing To"`
	ReplyTo         *struct{}  `xml:"http://schemas.xmlsoap.org/ws/2004/08/addressing ReplyTo"`
	ResourceURI     string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd ResourceURI"`
	Timeout         string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd OperationTimeout"`
	MaxEnvelopeSize string     `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd MaxEnvelopeSize"`
	Locale          *struct{}  `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd Locale"`
	DataLocale      *struct{}  `xml:"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd DataLocale"`
	SessionID       string     `xml:"http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd SessionId"`
	Options         []namedXML `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd OptionSet>Option"`
	Selectors       []namedXML `xml:"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd SelectorSet>Selector"`
	Others          []otherXML `xml:",any"`
}

type namedXML struct {
	Name  string `xml:"Name,attr"`
	Value string `xml:",chardata"`
}

type otherXML struct {
	XMLName        xml.Name
	MustUnderstand string `xml:"http://www.w3.org/2003/05/soap-envelope mustUnderstand,attr"`
}

type body struct {
	Identify    *struct{}    `xml:"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd Identify"`
	Shell       *shellXML    `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Shell"`
	CommandLine *commandXML  `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell CommandLine"`
	Send        *sendXML     `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Send"`
	Receive     *receiveXML  `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Receive"`
	Signal      *signalXML   `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Signal"`
	Any         []anyElement `xml:",any"`
}

type anyElement struct{ XMLName xml.Name }

type shellXML struct {
	InputStreams  string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell InputStreams"`
	OutputStreams string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell OutputStreams"`
	IdleTimeOut   string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell IdleTimeOut"`
}

type commandXML struct {
	Command   *string  `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Command"`
	Arguments []string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Arguments"`
}

type sendXML struct {
	Streams []struct {
		Name    string `xml:"Name,attr"`
		Command string `xml:"CommandId,attr"`
		End     string `xml:"End,attr"`
		Data    string `xml:",chardata"`
	} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Stream"`
}

type receiveXML struct {
	Desired []struct {
		Command string `xml:"CommandId,attr"`
		Names   string `xml:",chardata"`
	} `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell DesiredStream"`
}

type signalXML struct {
	Command string `xml:"CommandId,attr"`
	Code    string `xml:"http://schemas.microsoft.com/wbem/wsman/1/windows/shell Code"`
}

// decode reads a request and refuses what is not one. The envelope is returned
// with the fault, as far as it was understood, so that the answer can name the
// message it answers.
func decode(b []byte) (*envelope, *soapFault) {
	e := new(envelope)
	d := xml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(e); err != nil {
		return e, faultInvalidXML()
	}
	if d.InputOffset() < int64(len(bytes.TrimRight(b, " \t\r\n"))) {
		return e, faultInvalidXML() // something follows the envelope
	}
	if e.Body.Identify != nil {
		return e, nil // it has no headers
	}
	h := &e.Header
	h.Action, h.MessageID = strings.TrimSpace(h.Action), strings.TrimSpace(h.MessageID)
	h.ResourceURI = strings.TrimSpace(h.ResourceURI)
	if h.Action == "" || h.MessageID == "" || strings.TrimSpace(h.To) == "" {
		return e, faultHeaderMissing()
	}
	for _, o := range h.Others {
		if yes, ok := boolXML(o.MustUnderstand); !ok || yes {
			return e, faultMustUnderstand()
		}
	}
	return e, nil
}

// selector returns the value of a selector and whether it is there exactly once.
func (h *header) selector(name string) (string, bool) {
	value, n := "", 0
	for _, s := range h.Selectors {
		if s.Name == name {
			value, n = strings.TrimSpace(s.Value), n+1
		}
	}
	return value, n == 1
}

// option returns a boolean option; ok is false when its value is not a boolean.
func (h *header) option(name string) (value, ok bool) {
	for _, o := range h.Options {
		if strings.EqualFold(o.Name, name) {
			return boolXML(o.Value)
		}
	}
	return false, true
}

// codePage is the shell's; ok is false when it is no number.
func (h *header) codePage() (page int, ok bool) {
	for _, o := range h.Options {
		if strings.EqualFold(o.Name, "WINRS_CODEPAGE") {
			n, err := strconv.ParseUint(strings.TrimSpace(o.Value), 10, 16)
			return int(n), err == nil
		}
	}
	return 437, true // what a console of Windows in English begins with
}

// boolXML reads an xs:boolean in the spellings that clients use; empty is false.
func boolXML(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "1":
		return true, true
	case "", "false", "0":
		return false, true
	}
	return false, false
}

// answer is what goes back: an action and what stands in the body, already XML.
type answer struct {
	status int
	action string
	body   string
}

// marshal writes the answer to e as an envelope.
func (a answer) marshal(e *envelope) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<s:Envelope xml:lang="en-US" xmlns:s="%s" xmlns:a="%s" xmlns:x="%s" xmlns:w="%s" xmlns:rsp="%s" xmlns:p="%s">`,
		nsSOAP, nsAddressing, nsTransfer, nsWSMan, nsShell, nsMicrosoft)
	fmt.Fprintf(&b, `<s:Header><a:Action>%s</a:Action><a:MessageID>uuid:%s</a:MessageID><a:To>%s</a:To>`,
		a.action, newID(), roleAnonymous)
	if id := e.Header.MessageID; id != "" {
		fmt.Fprintf(&b, `<a:RelatesTo>%s</a:RelatesTo>`, escape(id))
	}
	fmt.Fprintf(&b, `</s:Header><s:Body>%s</s:Body></s:Envelope>`, a.body)
	return b.Bytes()
}

// identity answers wsmid:Identify, DSP0226 section 11. Who has not logged on is
// told 0.0.0.
func identity(windows string) []byte {
	version := "OS: " + windows + " SP: 0.0 Stack: 3.0"
	return fmt.Appendf(nil, `<s:Envelope xml:lang="en-US" xmlns:s="%s"><s:Header/><s:Body>`+
		`<wsmid:IdentifyResponse xmlns:wsmid="%s"><wsmid:ProtocolVersion>%s</wsmid:ProtocolVersion>`+
		`<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor><wsmid:ProductVersion>%s</wsmid:ProductVersion>`+
		`</wsmid:IdentifyResponse></s:Body></s:Envelope>`, nsSOAP, nsIdentity, nsWSMan, version)
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// newID is a random UUID in capitals, as Windows writes them.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// parseDuration reads the xs:duration forms that have a fixed length: days, hours,
// minutes and seconds. Years and months have none and are refused.
func parseDuration(s string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(s), "P")
	if !ok || len(rest) > 40 {
		return 0, false
	}
	days, clock, timed := strings.Cut(rest, "T")
	if timed && clock == "" || !timed && days == "" {
		return 0, false
	}
	total, ok1 := durationParts(days, "D")
	part, ok2 := durationParts(clock, "HMS")
	return total + part, ok1 && ok2 && total+part <= longestDuration
}

// longestDuration keeps sums of a few of them from overflowing.
const longestDuration = 366 * 24 * time.Hour

// durationParts reads numbers that are followed by the letters of units, each at
// most once and in that order. Only seconds may have a fraction.
func durationParts(s, units string) (time.Duration, bool) {
	length := map[byte]time.Duration{'D': 24 * time.Hour, 'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	var total time.Duration
	for s != "" {
		n := strings.IndexAny(s, units)
		if n <= 0 || strings.Trim(s[:n], "0123456789.") != "" {
			return 0, false
		}
		unit := s[n]
		value, err := strconv.ParseFloat(s[:n], 64)
		if err != nil || unit != 'S' && strings.Contains(s[:n], ".") {
			return 0, false
		}
		part := value * float64(length[unit])
		if part > float64(longestDuration) {
			return 0, false
		}
		total += time.Duration(part)
		units, s = units[strings.IndexByte(units, unit)+1:], s[n+1:]
	}
	return total, true
}
