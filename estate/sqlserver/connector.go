package sqlserver

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"strconv"
	"sync/atomic"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"itmsbot/estate"
)

// connector makes connections for database/sql: one log-on at a time, each over a
// certificate that was verified, none with an account that was refused before.
type connector struct {
	instance Instance
	at       place
	opts     Options
	// made counts the connections, so that what was learnt over an earlier one is
	// looked at again.
	made atomic.Uint64
}

func newConnector(i Instance, at place, o Options) *connector {
	return &connector{instance: i, at: at, opts: o}
}

// Driver is for database/sql.
func (c *connector) Driver() driver.Driver { return &mssql.Driver{} }

// Connect makes a connection and logs on.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	// database/sql also connects on its own behalf, without a deadline.
	ctx, cancel := context.WithTimeout(ctx, c.opts.Dial)
	defer cancel()
	if err := c.instance.Login.Usable(); err != nil {
		return nil, lost(ctx, err)
	}
	a, err := c.dial(ctx)
	if err != nil {
		return nil, lost(ctx, err)
	}
	defer a.end()
	var conn driver.Conn
	err = c.instance.Login.LogOn(ctx, c.instance.Name, func(password string) (bool, error) {
		m := mssql.NewConnectorConfig(c.config(a, password))
		m.Dialer = a
		var err error
		if conn, err = m.Connect(ctx); err != nil {
			t := c.troubleOf(ctx, a, err)
			return t.kind == estate.Refused, t
		}
		return false, nil
	})
	if err != nil {
		return nil, lost(ctx, err)
	}
	c.made.Add(1)
	return conn, nil
}

// dial reaches the server before the account's turn is waited for, so that a server
// that is away does not keep the hosts waiting that use the same account. The
// connection is closed when ctx ends before end is called: the driver does not watch
// it before the log-on.
func (c *connector) dial(ctx context.Context) (*attempt, error) {
	a := &attempt{instance: &c.instance}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(c.at.host, strconv.FormatUint(c.at.port, 10)))
	if err != nil {
		return nil, err
	}
	a.conn = conn
	a.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return a, nil
}

// config says to the driver what a DSN would, without a string in between in which
// something could be quoted wrongly.
func (c *connector) config(a *attempt, password string) msdsn.Config {
	return msdsn.Config{
		Host: c.at.host, Port: c.at.port, Protocols: []string{"tcp"},
		Database: c.instance.Database, AppName: "itmsbot",
		User: c.instance.Login.String(), Password: password,
		Encryption: msdsn.EncryptionRequired, TLSConfig: a.tlsConfig(),
		DialTimeout: -1, // ctx ends it
	}
}

// troubleOf gives the error of a failed attempt its kind. Nothing was started. Refused
// is said of the account alone.
func (c *connector) troubleOf(ctx context.Context, a *attempt, err error) *trouble {
	var said mssql.Error
	switch {
	case a.untrusted != nil:
		return a.untrusted
	case errors.As(err, &said) && refused(said):
		c.opts.Log.Warn("credential parked", "account", c.instance.Login.String(), "host", c.instance.Name)
		return &trouble{estate.Refused, "the server refused " + c.instance.Login.String() + ": " + sentence(said.Message), said}
	case ctx.Err() != nil || errors.As(err, &said) || a.broken.Load():
		return lost(ctx, err)
	case !a.verified:
		return &trouble{estate.Untrusted, "no encrypted connection came about: " + sentence(err.Error()), err}
	}
	return lost(ctx, err)
}

// attempt is the making of one connection: its dialler and its judge of certificates.
// The driver keeps neither the errors of these two nor their types.
type attempt struct {
	instance *Instance
	conn     net.Conn // to the server

	lent      bool // conn, to the driver
	verified  bool
	untrusted *trouble
	broken    atomic.Bool // the network failed
	stop      func() bool // of the watch on the context
}

// HostName makes the driver leave the look-up of names to DialContext, which ends
// with its context.
func (a *attempt) HostName() string { return a.instance.CertificateName }

// DialContext gives the driver the connection.
func (a *attempt) DialContext(_ context.Context, _, address string) (net.Conn, error) {
	if a.lent {
		// The log-on was answered with the address of another server, to which the
		// driver would now send it.
		a.untrusted = &trouble{kind: estate.Untrusted, detail: "the server sends the bot on to " + address + ", which is not the configured one"}
		return nil, a.untrusted
	}
	a.lent = true
	return &watched{Conn: a.conn, broken: &a.broken}, nil
}

// end stops watching the context, and closes a connection that the driver never got.
func (a *attempt) end() {
	a.stop()
	if !a.lent {
		_ = a.conn.Close()
	}
}

// watched notes whether the network failed, which the driver's errors do not say.
type watched struct {
	net.Conn
	broken *atomic.Bool
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err != nil {
		w.broken.Store(true)
	}
	return n, err
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if err != nil {
		w.broken.Store(true)
	}
	return n, err
}

// tlsConfig remembers how the certificate was judged. SQL Server does not speak TLS
// 1.3 inside TDS 7 ([MS-TDS] 2.2.6.5).
func (a *attempt) tlsConfig() *tls.Config {
	c := a.instance.Peer.TLS(a.instance.CertificateName)
	c.MaxVersion = tls.VersionTLS12
	verify := c.VerifyConnection
	c.VerifyConnection = func(s tls.ConnectionState) error {
		err := verify(s)
		if a.verified = err == nil; !a.verified {
			a.untrusted = &trouble{estate.Untrusted, "its certificate is not the trusted one: " + innermost(err).Error(), err}
		}
		return err
	}
	return c
}
