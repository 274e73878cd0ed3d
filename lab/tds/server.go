package tds

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"itmsbot/lab/pki"
	"itmsbot/lab/world"
)

// Config says what instance the server is.
type Config struct {
	// Name and Domain are the computer's NetBIOS names, such as SQL1 and LAB. The
	// default instance has the computer's name.
	Name, Domain string

	// Certificate is the instance's. It is required: every connection is encrypted.
	Certificate *tls.Certificate

	// Password returns the password of an account. SQL Server accounts come with
	// domain "". False means that there is no such account. Nil knows nobody.
	Password func(user, domain string) (password string, ok bool)

	// World is what the statements are played against; required.
	World *world.World

	// Answers is asked for every new connection and every message; false cuts the
	// connection without a reply, as a host that is off or a stopped service does.
	// Nil always answers.
	Answers func() bool

	// Log gets one line per refusal and per statement that is not on the list, never
	// a password. Nil is silent.
	Log *slog.Logger
}

// Stats counts what went over the wire since New. Reset does not clear it.
type Stats struct {
	Connections int // accepted
	Packets     int // messages of clients, put together from their packets
	Logins      int // log-ons that succeeded, NTLM among them
	NTLM        int // log-ons of Windows accounts that succeeded
	Refused     int // log-ons that did not
	Plain       int // clients that asked for a connection without encryption
	Statements  int // statements that were answered
	Unlisted    int // statements that are not on the list
	Attentions  int // cancelled statements
	Open        int // connections that are logged on now
}

// Server is one instance.
type Server struct {
	cfg     Config
	list    statementList
	faults  faultList
	running sync.WaitGroup // calls of Serve, connections and their readers

	mu          sync.Mutex
	closed      bool
	listeners   map[net.Listener]bool
	connections map[*conn]bool
	stats       Stats // Open is filled in by Stats
}

// New makes a server; it listens when Serve is called.
func New(cfg Config) *Server {
	if cfg.Password == nil {
		cfg.Password = func(string, string) (string, bool) { return "", false }
	}
	if cfg.Answers == nil {
		cfg.Answers = func() bool { return true }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		cfg:         cfg,
		list:        statementsOf(statementsText),
		faults:      faultList{cleared: make(chan struct{})},
		listeners:   map[net.Listener]bool{},
		connections: map[*conn]bool{},
	}
}

// Serve answers connections on l, which it closes, until Close; it then returns nil.
// It may be called for several listeners.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if err := s.checked(); err != nil {
		return err
	}
	if !s.open(l) {
		return nil
	}
	defer s.running.Done()
	for {
		nc, err := l.Accept()
		if err != nil {
			if s.isClosed() {
				return nil
			}
			return fmt.Errorf("serve %s on %s: %w", s.cfg.Name, l.Addr(), err)
		}
		if !s.cfg.Answers() || s.faults.strikes("", FaultDown) {
			cut(nc)
			continue
		}
		s.accept(nc)
	}
}

// checked says what is wrong with the server's own list and configuration.
func (s *Server) checked() error {
	switch {
	case s.list.err != nil:
		return fmt.Errorf("serve %s: %w", s.cfg.Name, s.list.err)
	case s.cfg.Certificate == nil || len(s.cfg.Certificate.Certificate) == 0:
		return fmt.Errorf("serve %s: it has no certificate", s.cfg.Name)
	case s.cfg.World == nil:
		return fmt.Errorf("serve %s: it has no world", s.cfg.Name)
	}
	return nil
}

// certificate chooses what a new connection is shown.
func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if s.faults.strikes("", FaultAnotherCertificate) {
		return pki.Impostor(s.cfg.Certificate)
	}
	return s.cfg.Certificate, nil
}

// open counts a call of Serve, unless the server was closed before.
func (s *Server) open(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.listeners[l] = true
	s.running.Add(1)
	return true
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// accept serves one connection until it ends.
func (s *Server) accept(nc net.Conn) {
	c := &conn{server: s, net: nc, stream: nc}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		cut(nc)
		return
	}
	s.connections[c] = true
	s.stats.Connections++
	s.running.Add(1)
	go func() { // Close waits for it
		defer s.running.Done()
		defer s.leave(c)
		if err := c.serve(); err != nil {
			s.cfg.Log.Debug("connection ended", "host", s.cfg.Name, "why", err.Error())
		}
	}()
}

func (s *Server) leave(c *conn) {
	_ = c.net.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
}

// cut ends a connection with a reset, as a computer that is off leaves no goodbye.
func cut(nc net.Conn) {
	if t, ok := nc.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = nc.Close()
}

// Close stops listening, cuts every connection and waits until every goroutine of the
// server has ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var errs []error
	for l := range s.listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	s.mu.Unlock()
	s.Clear()
	s.Reset()
	s.running.Wait()
	return errors.Join(errs...)
}

// Reset is a restart of the instance as the network sees it: every connection is cut.
// The listener stays; Config.Answers says when the instance is back.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		cut(c.net)
	}
}

// Stats returns the counts of this moment.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	for c := range s.connections {
		if c.loggedOn {
			st.Open++
		}
	}
	return st
}

// count changes the counters, and what else mu guards.
func (s *Server) count(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}
