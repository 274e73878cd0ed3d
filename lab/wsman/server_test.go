package wsman

import (
	"bytes"
	"testing"
)

func TestSealedRun(t *testing.T) {
	t.Parallel()
	s, url := startHost(t, Config{Run: echo})
	p := newPeer(t, url)
	p.mustLogOn(t)
	shell := p.openShell(t)
	command := p.startCommand(t, shell, "echo")
	input := bytes.Repeat([]byte("0123456789"), 30_000)
	for rest := input; len(rest) > 0; {
		n := min(len(rest), 96<<10)
		if err := p.send(t, shell, command, rest[:n], n == len(rest)); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	out, errs, exit := p.receiveAll(t, shell, command)
	if out != string(input) || errs != "300000 bytes" || exit != 7 {
		t.Errorf("got %d bytes, %q, exit %d; want %d bytes, %q, exit 7", len(out), errs, exit, len(input), "300000 bytes")
	}
	if err := p.deleteShell(t, shell); err != nil {
		t.Error(err)
	}
	st := s.Stats()
	if st.Connections != 1 || st.Handshakes != 1 || st.Commands != 1 || st.Shells != 0 || st.Plain != 0 || st.Sealed != st.Requests-2 {
		t.Errorf("not what went over the wire: %+v", st)
	}
}
