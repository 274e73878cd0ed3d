package wsman

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"

	"itmsbot/lab/ntlm"
)

// connection is one TCP connection. NTLM belongs to the connection: handshake and
// session live and die with it. But for net, only the goroutine that serves the
// connection touches it, one request after the other.
type connection struct {
	net      net.Conn // below TLS
	remote   netip.AddrPort
	bindings []byte         // of the host's certificate; nil on plain http
	hello    *ntlm.Acceptor // a handshake has begun
	on       *logon         // a handshake has ended well
}

// logon is what a finished handshake leaves behind.
type logon struct {
	user    string
	session *ntlm.Session // nil when sealing was not negotiated
}

// port is the host's own, by which the connection came.
func (c *connection) port() int {
	if c.bindings != nil {
		return HTTPSPort
	}
	return HTTPPort
}

// cut ends the connection as a pulled cable or a firewall does.
func (c *connection) cut() { cut(c.net) }

func cut(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not an orderly end
	}
	_ = c.Close()
}

// door is a listener that lets in only whom the host answers on a port of its own.
type door struct {
	net.Listener
	port    int
	answers func(remote netip.AddrPort, port int) bool
}

// Accept waits for the next connection that the host answers.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil || d.answers(address(c), d.port) {
			return c, err
		}
		cut(c)
	}
}

// address is the far end; zero when the listener is not one of TCP.
func address(c net.Conn) netip.AddrPort {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort()
	}
	return netip.AddrPort{}
}

// connectionKey is where net/http hands a request its connection; a context is
// the only way that it offers.
type connectionKey struct{}

// connected registers a new connection.
func (s *Server) connected(ctx context.Context, n net.Conn, bindings []byte) context.Context {
	c := &connection{net: n, remote: address(n), bindings: bindings}
	if t, ok := n.(*tls.Conn); ok {
		c.net = t.NetConn()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Connections++
	s.connections[c] = true
	if s.closed {
		c.cut() // accepted while Close was at work, which no longer sees it
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// connState lets Close wait for the goroutine of every connection. Serve is itself
// counted while it reports a new one, so the count cannot be zero then.
func (s *Server) connState(n net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.running.Add(1)
	case http.StateClosed:
		s.forget(n)
		s.running.Done()
	}
}

// forget drops the connection that n belongs to.
func (s *Server) forget(n net.Conn) {
	if t, ok := n.(*tls.Conn); ok {
		n = t.NetConn()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		if c.net == n {
			delete(s.connections, c)
		}
	}
}
