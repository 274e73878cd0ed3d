package winrm

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"itmsbot/estate"
)

// Flags of a type-2 message ([MS-NLMP] 2.2.2.5).
const (
	flagUnicode         = 1 << 0
	flagSign            = 1 << 4
	flagSeal            = 1 << 5
	flagAnonymous       = 1 << 11
	flagExtendedSession = 1 << 19
	flagTargetInfo      = 1 << 23
	flag128             = 1 << 29
	flagKeyExchange     = 1 << 30
)

// required are the flags without which ntlmssp would make weaker keys, or none at
// all, and say nothing.
var required = [...]struct {
	flag uint32
	name string
}{
	{flagSign, "signing"},
	{flagSeal, "sealing"},
	{flag128, "128-bit keys"},
	{flagKeyExchange, "key exchange"},
	{flagExtendedSession, "extended session security"},
	{flagTargetInfo, "target information"},
	{flagUnicode, "Unicode"},
}

// challengeOf takes the type-2 message out of an answer to a type-1 message.
func challengeOf(a *answer) ([]byte, error) {
	if a.status >= 500 {
		return nil, httpTrouble(a.status)
	}
	for _, offer := range a.header.Values("WWW-Authenticate") {
		scheme, token, _ := strings.Cut(offer, " ")
		if !strings.EqualFold(scheme, "Negotiate") || token == "" {
			continue
		}
		challenge, err := base64.StdEncoding.DecodeString(strings.TrimSpace(token))
		if err == nil {
			err = checkChallenge(challenge)
		}
		if err != nil {
			return nil, &trouble{estate.Untrusted, "its NTLM offer is not acceptable: " + err.Error(), err}
		}
		return challenge, nil
	}
	if a.status == http.StatusUnauthorized {
		// What somebody in between answers who would like to have the password.
		return nil, &trouble{kind: estate.Untrusted, detail: "the host does not offer NTLM"}
	}
	return nil, httpTrouble(a.status)
}

// checkChallenge refuses a type-2 message that would lead to a weak session, and
// one that ntlmssp cannot be given safely.
func checkChallenge(b []byte) error {
	const header = 48 // to the end of TargetInfoFields
	le := binary.LittleEndian
	if len(b) < header || !bytes.HasPrefix(b, []byte("NTLMSSP\x00")) || le.Uint32(b[8:]) != 2 {
		return errors.New("it is not an NTLM challenge")
	}
	flags := le.Uint32(b[20:])
	for _, r := range required {
		if flags&r.flag == 0 {
			return fmt.Errorf("it leaves out %s", r.name)
		}
	}
	if flags&flagAnonymous != 0 {
		// ntlmssp echoes the flag and then logs on as nobody, with keys that
		// whoever sent the challenge knows.
		return errors.New("it asks for an anonymous session")
	}
	start, size := uint64(le.Uint32(b[44:])), uint64(le.Uint16(b[40:]))
	if start+size > uint64(len(b)) {
		return errors.New("its target information is cut off")
	}
	return checkTargetInfo(b[start : start+size])
}

// checkTargetInfo walks the AV pairs ([MS-NLMP] 2.2.2.1). ntlmssp reads flags and
// time stamp without looking at their lengths.
func checkTargetInfo(b []byte) error {
	const eol, avFlags, avTimestamp = 0, 6, 7
	for len(b) >= 4 {
		id, size := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		b = b[4:]
		switch {
		case id == eol:
			return nil
		case size > len(b), id == avFlags && size != 4, id == avTimestamp && size != 8:
			return errors.New("its target information is malformed")
		}
		b = b[size:]
	}
	return errors.New("its target information has no end")
}

// httpTrouble is an HTTP status where something else was to come.
func httpTrouble(status int) *trouble {
	return &trouble{kind: estate.Unreachable, detail: fmt.Sprintf("HTTP status %d in place of an answer", status)}
}
