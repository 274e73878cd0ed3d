package winrm

import (
	"testing"

	"github.com/bodgit/ntlmssp"
)

// LimitOutput sets how much is kept of what a script writes, in bytes.
func LimitOutput(o *Options, n int) { o.output = n }

// SessionKeys are those of a session with a host that does not matter.
func SessionKeys(t testing.TB) *ntlmssp.SecuritySession { return keys(t) }
