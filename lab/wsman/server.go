package wsman

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"itmsbot/lab/ntlm"
	"itmsbot/lab/pki"
)

// Config says what kind of host the server is.
type Config struct {
	// Name and Domain are the NetBIOS names in the NTLM challenge, such as SMP1
	// and LAB.
	Name, Domain string

	// Password returns the password of an account. Local accounts come with domain
	// "" or Name. False means that there is no such account. Nil knows nobody.
	Password func(user, domain string) (password string, ok bool)

	// Certificate is what ServeTLS shows; it takes TLS 1.2 and later.
	Certificate *tls.Certificate

	// Windows is the version that the host tells who has logged on, such as
	// 10.0.19045; empty is that of Server 2016.
	Windows string

	// RequireBinding refuses NTLM over https without channel bindings. Bindings
	// that are sent are checked in any case.
	RequireBinding bool

	// AllowUnencrypted accepts messages in clear on plain http.
	AllowUnencrypted bool

	// AllowBasic accepts and offers Basic authentication over https, and where
	// AllowUnencrypted is set on plain http too.
	AllowBasic bool

	MaxEnvelopeKB   int           // largest SOAP message, in KiB; 0 means 500
	MaxShells       int           // open shells per user; 0 means 30
	MaxProcesses    int           // running commands per shell; 0 means 25
	IdleTimeout     time.Duration // a shell without an operation for so long ends; 0 means 2 hours
	MaxShellRunTime time.Duration // a shell ends at this age; 0 means never

	// Run is the process of one command and must return soon after ctx ends: when
	// the command is signalled, its shell is deleted or times out, or the host is
	// reset or closed. Returning without Exit is exit code 0, or 3221225786 after
	// Ctrl-C. A nil Run ends every command with exit code 1.
	Run func(ctx context.Context, c *Command)

	// Answers is asked for every new connection and every request; false cuts the
	// connection without a reply, as a host that is off or a closed firewall does. The
	// port is the host's own, HTTPPort or HTTPSPort. Nil always answers.
	Answers func(remote netip.AddrPort, port int) bool

	// Log gets one line per refusal, never a password or a message. Nil is silent.
	Log *slog.Logger
}

// The ports of a Windows host, whatever a lab listens on.
const (
	HTTPPort  = 5985
	HTTPSPort = 5986
)

// Stats counts what went over the wire since New. Reset does not clear it.
type Stats struct {
	Connections    int // accepted
	Requests       int // HTTP requests, the legs of the handshake among them
	Handshakes     int // NTLM logons that succeeded
	Refused        int // answers to a challenge that were not accepted
	Basic          int // requests that carried a password in clear, accepted or not
	Commands       int // commands started
	Shells         int // shells open now
	LargestRequest int // bytes of the largest body
	Faults         int // SOAP faults sent
	Sealed         int // messages that arrived sealed and were opened
	Plain          int // messages that arrived in clear, accepted or not, over TLS too
}

// Server is one host's remote management service.
type Server struct {
	cfg     Config
	faults  faultList
	running sync.WaitGroup // calls of Serve, connections, commands

	mu          sync.Mutex
	closed      bool
	https       []*http.Server
	connections map[*connection]bool
	shells      map[string]*shell // by id
	stats       Stats             // Shells is filled in by Stats
}

// New makes a server; it listens when Serve is called.
func New(cfg Config) *Server {
	cfg.MaxEnvelopeKB = cmp.Or(cfg.MaxEnvelopeKB, defaultEnvelopeKB)
	cfg.MaxShells = cmp.Or(cfg.MaxShells, defaultMaxShells)
	cfg.MaxProcesses = cmp.Or(cfg.MaxProcesses, defaultMaxProcesses)
	cfg.IdleTimeout = cmp.Or(cfg.IdleTimeout, defaultIdleTimeout)
	cfg.Windows = cmp.Or(cfg.Windows, "10.0.14393")
	if cfg.Password == nil {
		cfg.Password = func(string, string) (string, bool) { return "", false }
	}
	if cfg.Answers == nil {
		cfg.Answers = func(netip.AddrPort, int) bool { return true }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		cfg:         cfg,
		faults:      faultList{cleared: make(chan struct{})},
		connections: make(map[*connection]bool),
		shells:      make(map[string]*shell),
	}
}

// Serve answers plain http on l, which it closes, until Close; it then returns nil.
// Only sealed messages are accepted. Serve and ServeTLS may be called for several
// listeners of one host.
func (s *Server) Serve(l net.Listener) error {
	return s.serve(&door{l, HTTPPort, s.cfg.Answers}, nil)
}

// ServeTLS is Serve for https.
func (s *Server) ServeTLS(l net.Listener) error {
	bindings, err := s.bindings()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return s.serve(tls.NewListener(&door{l, HTTPSPort, s.cfg.Answers}, &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: s.certificate,
	}), bindings)
}

// serve answers on one listener; bindings are nil on plain http.
func (s *Server) serve(l net.Listener, bindings []byte) error {
	defer l.Close()
	h := &http.Server{
		Handler:           http.HandlerFunc(s.handle),
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return s.connected(ctx, c, bindings) },
		ConnState:         s.connState,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       2 * time.Minute, // as http.sys
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	if !s.open(h) {
		return nil
	}
	defer s.running.Done()
	if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve %s on %s: %w", s.cfg.Name, l.Addr(), err)
	}
	return nil
}

// open counts a call of Serve, unless the server was closed before.
func (s *Server) open(h *http.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.https = append(s.https, h)
	s.running.Add(1)
	return true
}

// certificate chooses what a new connection is shown. Channel bindings go on meaning
// the host's own.
func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if _, ok := s.faults.strike("", FaultAnotherCertificate); ok {
		return pki.Impostor(s.cfg.Certificate)
	}
	return s.cfg.Certificate, nil
}

// bindings are the channel bindings of the host's certificate.
func (s *Server) bindings() ([]byte, error) {
	if s.cfg.Certificate == nil || len(s.cfg.Certificate.Certificate) == 0 {
		return nil, fmt.Errorf("serve %s over TLS: it has no certificate", s.cfg.Name)
	}
	leaf, err := x509.ParseCertificate(s.cfg.Certificate.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("serve %s: read its certificate: %w", s.cfg.Name, err)
	}
	return ntlm.ChannelBindings(leaf), nil
}

// Close stops listening, cuts every connection, ends every shell and waits until
// every goroutine of the server, each Run among them, has ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	https := s.https
	s.mu.Unlock()
	var errs []error
	for _, h := range https {
		errs = append(errs, h.Close())
	}
	s.Reset()
	s.running.Wait()
	return errors.Join(errs...)
}

// Reset is a reboot as the network sees it: every connection is cut, every shell
// and its commands end, every session is forgotten. It does not wait for Run to
// return and the listener stays; Config.Answers says when the host is back.
func (s *Server) Reset() {
	s.mu.Lock()
	cut := s.connections
	s.connections = make(map[*connection]bool)
	s.mu.Unlock()
	for c := range cut {
		c.cut()
	}
	s.endShells()
}

// Stats returns the counts of this moment.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Shells = len(s.shells)
	return st
}

// count changes the counters.
func (s *Server) count(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}
