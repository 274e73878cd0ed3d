package winrm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"

	"github.com/bodgit/ntlmssp"
)

const (
	soapType     = "application/soap+xml;charset=UTF-8"
	sealProtocol = "application/HTTP-SPNEGO-session-encrypted"
	sealedType   = `multipart/encrypted;protocol="` + sealProtocol + `";boundary="Encrypted Boundary"`
	boundary     = "--Encrypted Boundary"

	signatureSize = 16 // NTLMSSP_MESSAGE_SIGNATURE ([MS-NLMP] 2.2.2.9)
)

// errUnsealed means that a sealed message was answered with bytes that are not
// sealed, or not by whom we are talking to.
var errUnsealed = errors.New("the answer is not sealed as it has to be")

// sealMessage seals msg with the session's keys ([MS-WSMV] 2.2.9.1).
func sealMessage(keys *ntlmssp.SecuritySession, msg []byte) ([]byte, error) {
	sealed, signature, err := keys.Wrap(msg)
	if err != nil {
		return nil, fmt.Errorf("seal a message: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n", boundary, sealProtocol, soapType, len(msg))
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: application/octet-stream\r\n", boundary)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(signature))))
	b.Write(signature)
	b.Write(sealed)
	b.WriteString(boundary + "--\r\n")
	return b.Bytes(), nil
}

// openSealed checks and opens a sealed answer. After an error the keys are out of
// step and of no more use.
func openSealed(keys *ntlmssp.SecuritySession, contentType string, body []byte) ([]byte, error) {
	if kind, params, err := mime.ParseMediaType(contentType); err != nil || kind != "multipart/encrypted" || params["protocol"] != sealProtocol {
		return nil, errUnsealed
	}
	signature, sealed, err := splitSealed(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsealed, err)
	}
	clear, err := keys.Unwrap(sealed, signature)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnsealed, err)
	}
	return clear, nil
}

// splitSealed takes a sealed body apart. Every length is checked here, because
// ntlmssp's Unwrap panics on a short signature. The sealed bytes may hold anything,
// the boundary too, so it is the stated length that says where they end.
func splitSealed(body []byte) (signature, sealed []byte, err error) {
	malformed := func(what string) ([]byte, []byte, error) { return nil, nil, errors.New(what) }
	head, rest, ok := cutLine(body)
	if !ok || head != boundary {
		return malformed("no boundary")
	}
	length := -1
	for head != boundary || length < 0 {
		if head, rest, ok = cutLine(rest); !ok {
			return malformed("no second part")
		}
		if _, n, ok := strings.Cut(head, ";Length="); ok {
			if length, err = strconv.Atoi(n); err != nil || length < 0 {
				return malformed("no length")
			}
		}
	}
	if head, rest, ok = cutLine(rest); !ok || !strings.EqualFold(head, "Content-Type: application/octet-stream") {
		return malformed("no sealed part")
	}
	if len(rest) < 4+signatureSize || binary.LittleEndian.Uint32(rest) != signatureSize {
		return malformed("no signature of 16 bytes")
	}
	signature, rest = rest[4:4+signatureSize], rest[4+signatureSize:]
	if binary.LittleEndian.Uint32(signature) != 1 {
		return malformed("a signature of another version")
	}
	if length > len(rest) || strings.TrimRight(string(rest[length:]), "\r\n") != boundary+"--" {
		return malformed("another length than stated")
	}
	return signature, rest[:length], nil
}

// cutLine returns the first line without the white space around it.
func cutLine(b []byte) (line string, rest []byte, ok bool) {
	head, rest, ok := bytes.Cut(b, []byte("\r\n"))
	return strings.TrimSpace(string(head)), rest, ok && len(head) < 1024
}
