package lab

import (
	"context"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/winrm"
	"itmsbot/lab/world"
)

// TestLogOnWithoutTrust: a machine that the domain does not trust any more refuses the
// domain's account and takes its own, and says itself that the trust is gone.
func TestLogOnWithoutTrust(t *testing.T) {
	l, _ := run(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	trust := func(host string, on bool) {
		t.Helper()
		if err := l.World.Set(world.Condition{Field: "trust", Host: host, On: &on}); err != nil {
			t.Fatal(err)
		}
	}
	trust("SQL1", false)
	own := func(h HostDocument) HostDocument { // logs on with the local account
		h.User, h.Domain, h.Password = h.LocalUser, "", h.LocalPassword
		return h
	}
	change := func(h HostDocument, f func(*HostDocument)) HostDocument { f(&h); return h }
	sql, smp := l.host(t, "SQL1"), l.host(t, "SMP1")
	for _, tt := range []struct {
		name string
		as   HostDocument
		auth winrm.Auth
		want estate.Trouble
	}{
		{"the domain's account", sql, winrm.NTLM, estate.Refused},
		{"the domain's account, with Basic", sql, winrm.Basic, estate.Refused},
		{"the local account", own(sql), winrm.NTLM, ""},
		{"the local account, with Basic", own(sql), winrm.Basic, ""},
		{"the local account by the machine's name", change(own(sql), func(h *HostDocument) { h.Domain = "SQL1" }), winrm.NTLM, ""},
		{"the local account as one of the domain", change(own(sql), func(h *HostDocument) { h.Domain = domain }), winrm.NTLM, estate.Refused},
		{"the local account of another machine", change(own(sql), func(h *HostDocument) { h.Password = smp.LocalPassword }), winrm.NTLM, estate.Refused},
		{"another machine", smp, winrm.NTLM, ""},
		{"the local account of a trusted machine", own(smp), winrm.NTLM, ""},
	} {
		r, err := fleetTLS(t, tt.as, tt.auth, tt.as.CA).Record(ctx, tt.as.Name, estate.Look)
		if tt.want != "" {
			if got := estate.TroubleOf(err); got != tt.want {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
			}
			continue
		}
		if err != nil || r.Account.Trusted == nil || *r.Account.Trusted != (tt.as.Name != "SQL1") {
			t.Errorf("%s: trusted %v, %v", tt.name, r.Account.Trusted, err)
		}
	}
	trust("SQL1", true)
	if _, err := fleetTLS(t, sql, winrm.NTLM, sql.CA).Record(ctx, "SQL1", estate.Look); err != nil {
		t.Errorf("after the repair: %v", err)
	}
}
