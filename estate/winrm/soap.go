package winrm

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	shellURI  = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
	shellNS   = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	anonymous = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

	actionCreate  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
	actionDelete  = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
	actionCommand = shellNS + "/Command"
	actionSend    = shellNS + "/Send"
	actionReceive = shellNS + "/Receive"

	// envelopeSize is the largest reply asked for and the largest request sent, in
	// bytes. It is the smallest MaxEnvelopeSizekb that Windows hosts come with.
	envelopeSize = 150 << 10
	// shellIdle is when a host may end a shell that nobody asks anything of. It is
	// long enough for a change to outlive a lost connection and short enough that
	// orphans do not fill the quota of 30.
	shellIdle = 3 * time.Minute
)

// message is one request to the cmd shell resource ([MS-WSMV] 3.1.4).
type message struct {
	id      string // uuid:…; the reply's RelatesTo has to say the same
	action  string
	shell   string // the shell's id; empty when there is none yet
	options string // <w:Option> elements
	body    string
}

// newMessageID returns a fresh "uuid:" and random UUID.
func newMessageID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// envelope writes m for the host at url, which may hold its answer back for wait.
// Attributes and element order follow what pywinrm and masterzen/winrm send, both
// of which are in use against Windows.
func (m message) envelope(url string, wait time.Duration) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><env:Envelope` +
		` xmlns:env="http://www.w3.org/2003/05/soap-envelope"` +
		` xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"` +
		` xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"` +
		` xmlns:rsp="` + shellNS + `"><env:Header>`)
	fmt.Fprintf(&b, `<a:To>%s</a:To><a:ReplyTo><a:Address mustUnderstand="true">%s</a:Address></a:ReplyTo>`, escape(url), anonymous)
	fmt.Fprintf(&b, `<w:MaxEnvelopeSize mustUnderstand="true">%d</w:MaxEnvelopeSize>`, envelopeSize)
	fmt.Fprintf(&b, `<w:OperationTimeout>%s</w:OperationTimeout><a:MessageID>%s</a:MessageID>`, duration(wait), m.id)
	b.WriteString(`<w:Locale mustUnderstand="false" xml:lang="en-US"/><p:DataLocale mustUnderstand="false" xml:lang="en-US"/>`)
	fmt.Fprintf(&b, `<a:Action mustUnderstand="true">%s</a:Action>`, m.action)
	if m.shell != "" {
		fmt.Fprintf(&b, `<w:SelectorSet><w:Selector Name="ShellId">%s</w:Selector></w:SelectorSet>`, escape(m.shell))
	}
	fmt.Fprintf(&b, `<w:ResourceURI mustUnderstand="true">%s</w:ResourceURI>`, shellURI)
	if m.options != "" {
		fmt.Fprintf(&b, `<w:OptionSet>%s</w:OptionSet>`, m.options)
	}
	fmt.Fprintf(&b, `</env:Header><env:Body>%s</env:Body></env:Envelope>`, m.body)
	return []byte(b.String())
}

// createShell asks for a shell without the account's profile, in UTF-8.
func createShell() message {
	return message{
		id:      newMessageID(),
		action:  actionCreate,
		options: option("WINRS_NOPROFILE", "TRUE") + option("WINRS_CODEPAGE", "65001"),
		body: `<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams>` +
			`<rsp:IdleTimeOut>` + duration(shellIdle) + `</rsp:IdleTimeOut></rsp:Shell>`,
	}
}

// startCommand runs line in a shell. Stdin is a pipe and not a console, so that
// nothing on the host interprets or echoes what is sent.
func startCommand(shell, line string) message {
	return message{
		id:      newMessageID(),
		action:  actionCommand,
		shell:   shell,
		options: option("WINRS_CONSOLEMODE_STDIN", "FALSE") + option("WINRS_SKIP_CMD_SHELL", "FALSE"),
		body:    `<rsp:CommandLine><rsp:Command>` + escape(line) + `</rsp:Command></rsp:CommandLine>`,
	}
}

// sendInput sends data to a command's stdin; last closes it.
func sendInput(shell, command string, data []byte, last bool) message {
	end := ""
	if last {
		end = ` End="true"`
	}
	return message{
		id:     newMessageID(),
		action: actionSend,
		shell:  shell,
		body: `<rsp:Send><rsp:Stream Name="stdin" CommandId="` + escape(command) + `"` + end + `>` +
			base64.StdEncoding.EncodeToString(data) + `</rsp:Stream></rsp:Send>`,
	}
}

// receiveOutput asks for what a command has written and whether it has ended.
func receiveOutput(shell, command string) message {
	return message{
		id:     newMessageID(),
		action: actionReceive,
		shell:  shell,
		body: `<rsp:Receive><rsp:DesiredStream CommandId="` + escape(command) + `">stdout stderr</rsp:DesiredStream>` +
			`</rsp:Receive>`,
	}
}

// deleteShell ends a shell and whatever runs in it.
func deleteShell(shell string) message {
	return message{id: newMessageID(), action: actionDelete, shell: shell}
}

func option(name, value string) string {
	return `<w:Option Name="` + name + `">` + value + `</w:Option>`
}

// escape makes s safe as element or attribute content.
func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}

// duration is d as XML Schema writes it: PT15S.
func duration(d time.Duration) string {
	return "PT" + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "S"
}
