package runbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Canonical gives the one spelling of a value as JSON: sorted keys, no spaces,
// no escaped HTML, integers only. A number with a point or an exponent is an
// error, because two programs may print it differently.
func Canonical(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return CanonicalBytes(raw)
}

// CanonicalBytes is Canonical for bytes that are JSON already.
func CanonicalBytes(raw []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("more than one JSON value")
	}
	if err := integersOnly(tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(tree); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func integersOnly(v any) error {
	switch v := v.(type) {
	case json.Number:
		if s := v.String(); strings.ContainsAny(s, ".eE") || s == "-0" {
			return fmt.Errorf("number %s is not an integer in its one spelling", v)
		}
	case []any:
		for _, e := range v {
			if err := integersOnly(e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, e := range v {
			if err := integersOnly(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// Digest is the SHA-256 of bytes as 64 hex digits.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Short is the part of a digest that stands on a card: 12 hex digits.
func Short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}
