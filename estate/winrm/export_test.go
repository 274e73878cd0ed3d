package winrm

import (
	"testing"
	"time"

	"github.com/bodgit/ntlmssp"
)

// LimitOutput sets how much is kept of what a script writes, in bytes.
func LimitOutput(o *Options, n int) { o.output = n }

// PauseWhenBusy sets what a busy host is given before it is offered input again.
func PauseWhenBusy(o *Options, d time.Duration) { o.pause = d }

// SessionKeys are those of a session with a host that does not matter.
func SessionKeys(t testing.TB) *ntlmssp.SecuritySession { return keys(t) }
