package vcenter

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/pki"
	"itmsbot/lab/world"
)

// Config says what vCenter to make.
type Config struct {
	World *world.World
	// User and Password are the one account.
	User, Password string
	// Delay is how long a task takes; it can be changed with SetDelay.
	Delay Delay
	// Neighbours are the machines that have nothing to do with ITMS, at most 200; 0
	// means 39, below 0 means none. Tests take few, because each costs a hundredth of
	// a second.
	Neighbours int
	// Log gets one line per refusal. Nil is silent.
	Log *slog.Logger
}

// Delay is a time of the world and a real one. What is delayed takes both.
type Delay struct{ World, Real time.Duration }

// Server is a practice vCenter. Its machines exist from New on; Run serves them.
type Server struct {
	cfg      Config
	model    *simulator.Model
	listener net.Listener
	url      string
	ca       *pki.Authority // its own, as vCenter has
	cert     *tls.Certificate
	faults   faultList
	stats    stats

	// closing ends when Close is called; every wait of a task listens to it.
	closing context.Context
	close   context.CancelFunc
	running sync.WaitGroup // tasks under way

	// The inventory: written by New, only read afterwards.
	bound   map[types.ManagedObjectReference]string // machine to host of the world
	clone   types.ManagedObjectReference            // the mirror copy of the SMP
	stores  map[types.ManagedObjectReference]store
	files   map[types.ManagedObjectReference]types.VirtualMachineFileLayoutEx // of a host's machine, without snapshots
	service *simulator.Service

	mu      sync.Mutex // guards all below
	web     *http.Server
	closed  bool
	delay   Delay
	number  int                                                           // of the last task and the last snapshot
	busy    map[types.ManagedObjectReference]types.ManagedObjectReference // machine to its task
	backups map[types.ManagedObjectReference]*simulator.Task              // those of busy that are somebody's backup
}

// New makes the vCenter and its machines, and opens its listener on loopback. It
// answers when Run is called.
func New(cfg Config) (*Server, error) {
	if cfg.World == nil || cfg.User == "" || cfg.Password == "" {
		return nil, errors.New("vcenter: it needs a world, a user and a password")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, delay: cfg.Delay,
		faults: faultList{cleared: make(chan struct{})},
		stats:  stats{calls: map[string]int{}, tasks: map[string]int{}},
		bound:  map[types.ManagedObjectReference]string{},
		stores: map[types.ManagedObjectReference]store{},
		files:  map[types.ManagedObjectReference]types.VirtualMachineFileLayoutEx{},
		busy:   map[types.ManagedObjectReference]types.ManagedObjectReference{}, backups: map[types.ManagedObjectReference]*simulator.Task{},
	}
	s.closing, s.close = context.WithCancel(context.Background())
	var err error
	if s.ca, err = pki.NewAuthority("Practice vCenter CA"); err == nil {
		s.cert, err = s.ca.Issue("vcenter.lab.example")
	}
	if err != nil {
		return nil, fmt.Errorf("vcenter: make a certificate: %w", err)
	}
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("vcenter: %w", err)
	}
	s.url = "https://" + s.listener.Addr().String() + "/sdk"
	if err := s.build(); err != nil {
		return nil, errors.Join(fmt.Errorf("vcenter: build the inventory: %w", err), s.Close())
	}
	return s, nil
}

// certificate chooses what a new connection is shown.
func (s *Server) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if _, ok := s.faults.strike(FaultAnotherCertificate, "", ""); ok {
		return pki.Impostor(s.cert)
	}
	return s.cert, nil
}

// URL is https://127.0.0.1:port/sdk.
func (s *Server) URL() string { return s.url }

// Thumbprint is the SHA-256 of the certificate in hexadecimal.
func (s *Server) Thumbprint() string { return pki.Thumbprint(s.cert) }

// Roots holds the authority that signed the certificate.
func (s *Server) Roots() *x509.CertPool { return s.ca.Roots() }

// CA is that authority as PEM.
func (s *Server) CA() []byte { return s.ca.PEM() }

// SetDelay changes how long the tasks take that begin from now on.
func (s *Server) SetDelay(d Delay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Run serves until ctx ends or Close is called, and then waits for every task.
func (s *Server) Run(ctx context.Context) error {
	h := &http.Server{
		Handler:           http.HandlerFunc(s.front),
		ConnState:         s.stats.connState,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: s.certificate},
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	s.mu.Lock()
	closed := s.closed
	s.web = h
	s.mu.Unlock()
	if closed {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() }) // Close below waits for the same
	defer stop()
	if err := h.ServeTLS(s.listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(fmt.Errorf("vcenter on %s: %w", s.listener.Addr(), err), s.Close())
	}
	return s.Close()
}

// Close cuts every connection, ends every task that is under way without letting it
// do its work, waits for them, and removes what the simulator keeps on disk. It may
// be called more than once.
func (s *Server) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	web := s.web
	s.mu.Unlock()
	s.close()
	var errs []error
	if web != nil {
		errs = append(errs, web.Close())
	}
	_ = s.listener.Close() // the web server has closed it, unless Run was never called
	s.running.Wait()
	if first && s.model != nil {
		s.model.Remove()
	}
	return errors.Join(errs...)
}

// listenURL is what the simulator compares log-ons with.
func (s *Server) listenURL() *url.URL {
	return &url.URL{Scheme: "https", Host: s.listener.Addr().String(), Path: "/sdk",
		User: url.UserPassword(s.cfg.User, s.cfg.Password)}
}
