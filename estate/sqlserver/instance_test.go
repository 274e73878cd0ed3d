package sqlserver

import (
	"crypto/x509"
	"strings"
	"testing"

	"itmsbot/estate/trust"
)

func TestInstancesThatCannotBe(t *testing.T) {
	password := func() (string, error) { return "", nil }
	good := func() Instance {
		return Instance{
			Name: "SQL1", Address: "sql1.lab:1433", Peer: trust.Peer{Roots: x509.NewCertPool()},
			Login: &trust.Login{User: "itmsbot", Password: password},
		}
	}
	tests := []struct {
		name   string
		change func(*Instance)
		want   string // in the refusal; empty is none
	}{
		{"as it should be", func(*Instance) {}, ""},
		{"without a port", func(i *Instance) { i.Address = "sql1.lab" }, ""},
		{"IPv6", func(i *Instance) { i.Address = "[fd00::1]:1433" }, ""},
		{"IPv6 without a port", func(i *Instance) { i.Address = "[fd00::1]" }, ""},
		{"no name", func(i *Instance) { i.Name = "" }, "name"},
		{"no address", func(i *Instance) { i.Address = "" }, "1433"},
		{"a port that is none", func(i *Instance) { i.Address = "sql1.lab:0" }, "1433"},
		{"a named instance", func(i *Instance) { i.Address = `sql1.lab\ITMS` }, "named instance"},
		{"a user in the address", func(i *Instance) { i.Address = "sa@sql1.lab:1433" }, "1433"},
		{"no account", func(i *Instance) { i.Login = nil }, "account"},
		{"no password", func(i *Instance) { i.Login = &trust.Login{User: "itmsbot"} }, "account"},
		{"a backslash", func(i *Instance) { i.Login = &trust.Login{User: `LAB\itmsbot`, Password: password} }, "backslash"},
		{"nothing to trust", func(i *Instance) { i.Roots = nil }, "thumbprint"},
		{"a short thumbprint", func(i *Instance) { i.Thumbprint = "abcd" }, "SHA-256"},
		{"a pasted thumbprint", func(i *Instance) { i.Thumbprint = strings.Repeat("AB:", 31) + "AB" }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := good()
			tt.change(&i)
			s, err := New(i, Options{})
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("err = %v, want one about %q", err, tt.want)
			case err == nil:
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
