package wsman

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"itmsbot/lab/ntlm"
)

// A sealed message travels as multipart/encrypted with two parts of fixed names,
// [MS-WSMV] 2.2.9.1.1. No MIME library reads it: the header lines begin with a tab
// and the second part is binary with neither an empty line before it nor a line
// end after it.
const (
	sealProtocol = "application/HTTP-SPNEGO-session-encrypted"
	sealBoundary = "--Encrypted Boundary"
	sealType     = `multipart/encrypted;protocol="` + sealProtocol + `";boundary="Encrypted Boundary"`
	soapType     = "application/soap+xml;charset=UTF-8"
)

var (
	errFrame       = errors.New("wsman: malformed multipart/encrypted message")
	errFrameLength = errors.New("wsman: length of the sealed message is not what its header says")
)

// sealedType reports whether a Content-Type announces a sealed message.
func sealedType(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "multipart/encrypted" && params["protocol"] == sealProtocol
}

// frame is one sealed message as it travels.
type frame struct {
	length            int // of the plain text
	signature, sealed []byte
}

// parseFrame reads a frame; all it returns points into b.
func parseFrame(b []byte) (frame, error) {
	var f frame
	rest, ok := boundaryLine(b)
	if !ok {
		return f, errFrame
	}
	protocol, rest, ok := headerLine(rest, "Content-Type")
	if !ok || protocol != sealProtocol {
		return f, errFrame
	}
	original, rest, ok := headerLine(rest, "OriginalContent")
	if !ok {
		return f, errFrame
	}
	length, err := originalLength(original)
	if err != nil {
		return f, err
	}
	if rest, ok = boundaryLine(rest); !ok {
		return f, errFrame
	}
	kind, rest, ok := headerLine(rest, "Content-Type")
	if !ok || kind != "application/octet-stream" {
		return f, errFrame
	}
	data, ok := bytes.CutSuffix(bytes.TrimSuffix(rest, []byte("\r\n")), []byte(sealBoundary+"--"))
	if !ok || len(data) < 4+ntlm.SignatureSize {
		return f, errFrame
	}
	if binary.LittleEndian.Uint32(data) != ntlm.SignatureSize {
		return f, errFrame
	}
	f = frame{length: length, signature: data[4 : 4+ntlm.SignatureSize], sealed: data[4+ntlm.SignatureSize:]}
	if f.length != len(f.sealed) { // RC4 keeps the length
		return f, errFrameLength
	}
	return f, nil
}

// marshal writes the frame.
func (f frame) marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: %s\r\n", sealBoundary, sealProtocol)
	fmt.Fprintf(&b, "\tOriginalContent: type=%s;Length=%d\r\n", soapType, f.length)
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: application/octet-stream\r\n", sealBoundary)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(f.signature))))
	b.Write(f.signature)
	b.Write(f.sealed)
	b.WriteString(sealBoundary + "--\r\n")
	return b.Bytes()
}

func boundaryLine(b []byte) (rest []byte, ok bool) {
	return bytes.CutPrefix(b, []byte(sealBoundary+"\r\n"))
}

// headerLine reads one header line of that name. Windows and every client seen
// start it with a tab.
func headerLine(b []byte, name string) (value string, rest []byte, ok bool) {
	const longest = 256
	line, rest, ok := bytes.Cut(b[:min(len(b), longest)], []byte("\r\n"))
	if !ok {
		return "", nil, false
	}
	rest = b[len(line)+2:]
	key, value, ok := strings.Cut(string(line), ":")
	if !ok || !strings.EqualFold(strings.TrimSpace(key), name) {
		return "", nil, false
	}
	return strings.TrimSpace(value), rest, true
}

// originalLength reads the Length of "type=application/soap+xml;charset=UTF-8;Length=1234".
func originalLength(original string) (int, error) {
	for part := range strings.SplitSeq(original, ";") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || !strings.EqualFold(key, "Length") {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return 0, errFrameLength
		}
		return int(n), nil
	}
	return 0, errFrameLength
}
