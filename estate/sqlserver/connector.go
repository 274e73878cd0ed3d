package sqlserver

import (
	"context"
	"crypto/tls"
	"database/sql/driver"
	"errors"
	"net"
	"sync/atomic"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"itmsbot/estate"
)

// connector makes connections for database/sql: one log-on at a time, each over a
// certificate that was verified, none with an account that was refused before.
type connector struct {
	instance   Instance
	at         place
	opts       Options
	credential *credential
	// made counts the connections, so that what was learnt over an earlier one is
	// looked at again.
	made atomic.Uint64
}

func newConnector(i Instance, at place, o Options) *connector {
	return &connector{instance: i, at: at, opts: o, credential: newCredential(i.Login, o.Log)}
}

// Driver is for database/sql.
func (c *connector) Driver() driver.Driver { return &mssql.Driver{} }

// Connect makes a connection and logs on.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	// database/sql also connects on its own behalf, without a deadline.
	ctx, cancel := context.WithTimeout(ctx, c.opts.Dial)
	defer cancel()
	if err := c.credential.take(ctx); err != nil {
		return nil, lost(ctx, err)
	}
	defer c.credential.giveBack()
	password, err := c.instance.Login.Password()
	if err != nil {
		return nil, &trouble{estate.Unreachable, "the password of " + c.instance.Login.String() + " could not be read", err}
	}
	a := &attempt{instance: &c.instance}
	defer a.end()
	m := mssql.NewConnectorConfig(c.config(a, password))
	m.Dialer = a
	conn, err := m.Connect(ctx)
	if err != nil {
		return nil, c.troubleOf(ctx, a, err)
	}
	c.made.Add(1)
	return conn, nil
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

// troubleOf gives the error of a failed attempt its kind. Nothing was started.
func (c *connector) troubleOf(ctx context.Context, a *attempt, err error) *trouble {
	var said mssql.Error
	switch {
	case a.untrusted != nil:
		return a.untrusted
	case errors.As(err, &said) && refused(said):
		c.credential.park(c.instance.Name)
		return &trouble{estate.Refused, "the server refused " + c.instance.Login.String() + ": " + sentence(said.Message), said}
	case ctx.Err() != nil || errors.As(err, &said) || a.broken.Load() || !a.dialled:
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

	dialled   bool
	verified  bool
	untrusted *trouble
	broken    atomic.Bool // the network failed
	stop      func() bool // of the watch on the context
}

// HostName makes the driver leave the look-up of names to DialContext, which ends
// with its context.
func (a *attempt) HostName() string { return a.instance.CertificateName }

// DialContext connects to the server, and closes the connection if ctx ends before
// end is called: the driver does not watch it before the log-on.
func (a *attempt) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if a.dialled {
		// The log-on was answered with the address of another server, to which the
		// driver would now send it.
		a.untrusted = &trouble{kind: estate.Untrusted, detail: "the server sends the bot on to " + address + ", which is not the configured one"}
		return nil, a.untrusted
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	a.dialled = true
	a.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return &watched{Conn: conn, broken: &a.broken}, nil
}

// end stops watching the context.
func (a *attempt) end() {
	if a.stop != nil {
		a.stop()
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

// tlsConfig has the certificate verified by the attempt, which remembers why it was
// not believed. SQL Server does not speak TLS 1.3 inside TDS 7 ([MS-TDS] 2.2.6.5).
func (a *attempt) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		MaxVersion:         tls.VersionTLS12,
		ServerName:         a.instance.CertificateName,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection:   a.verify,
	}
}

func (a *attempt) verify(s tls.ConnectionState) error {
	if err := trusted(a.instance, s.PeerCertificates); err != nil {
		a.untrusted = &trouble{estate.Untrusted, "its certificate is not the trusted one: " + err.Error(), err}
		return err
	}
	a.verified = true
	return nil
}
