package vcenter

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"time"

	"itmsbot/lab/world"
)

// Config says what vCenter to make.
type Config struct {
	World *world.World
	// User and Password are the one account.
	User, Password string
	// Delay is how long a task takes.
	Delay Delay
	// Log gets one line per refusal. Nil is silent.
	Log *slog.Logger
}

// Delay is a time of the world and a real one; a task takes both.
type Delay struct{ World, Real time.Duration }

// Server is a running practice vCenter.
type Server struct{ cfg Config }

// New makes the vCenter and opens its listener on loopback. Run serves it.
func New(cfg Config) (*Server, error) { return nil, errors.New("vcenter: not there yet") }

// URL is https://127.0.0.1:port/sdk.
func (s *Server) URL() string { return "" }

// Thumbprint is the SHA-256 of the certificate in hexadecimal.
func (s *Server) Thumbprint() string { return "" }

// Roots holds the certificate authority of the certificate.
func (s *Server) Roots() *x509.CertPool { return nil }

// CA is the certificate authority as PEM.
func (s *Server) CA() []byte { return nil }

// Run serves until ctx ends or Close is called, and waits for every task.
func (s *Server) Run(ctx context.Context) error { return nil }

// Close stops the server.
func (s *Server) Close() error { return nil }
