package winrm_test

import (
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/winrm"
)

// TestScriptWithALimitOfItsOwn: reading the logs may take longer than other looks, and
// no other look may.
func TestScriptWithALimitOfItsOwn(t *testing.T) {
	w := startWindows(t, nil)
	f := w.fleet(t, func(_ *winrm.Host, o *winrm.Options) { o.LookLimit = 100 * time.Millisecond })
	script := look("wait 400ms")
	err := f.Run(t.Context(), "SMP1", estate.Look, script, struct{}{}, new(estate.Answer))
	expect(t, err, estate.Unreachable, "")
	script.Limit = 20 * time.Second
	if err := f.Run(t.Context(), "SMP1", estate.Look, script, struct{}{}, new(estate.Answer)); err != nil {
		t.Error(err)
	}
}
