package sqlserver

import (
	"cmp"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"itmsbot/estate/trust"
)

// Instance is the SQL Server instance that holds the CMDB.
type Instance struct {
	Name     string // of the host, as plans and cards call it
	Address  string // sql1.corp.example:1433; the port may be left out when it is 1433
	Database string // empty means Symantec_CMDB
	// Login is required. With a domain it is a Windows account, which logs on by
	// NTLM; without one it is an account of SQL Server. The driver keeps its password
	// as long as a connection.
	Login *trust.Login
	// Peer says which certificate is believed; it is required. With Roots the
	// certificate must be for CertificateName.
	trust.Peer
	// CertificateName is empty when it is the host of Address.
	CertificateName string
}

// Options are the limits. The zero value is good.
type Options struct {
	// Look ends a look; default 20 s (DESIGN §8), making the connection included.
	Look time.Duration
	// Dial ends making a connection, TLS and log-on included; default 5 s.
	Dial time.Duration
	// Log gets what no caller is told: parking. Nil is silent.
	Log *slog.Logger
}

// connections is how many looks are under way at once; a further one waits.
const connections = 2

// idle is after how long an unused connection is closed.
const idle = 2 * time.Minute

func (o Options) withDefaults() Options {
	if o.Look <= 0 {
		o.Look = 20 * time.Second
	}
	if o.Dial <= 0 {
		o.Dial = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// place is an address in its parts.
type place struct {
	host string
	port uint64
}

// placeOf reads host:port, or a host alone.
func placeOf(address string) (place, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), "1433"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || strings.ContainsAny(host, `\/@ ,`) {
		return place{}, errors.New("the address has to look like sql1.corp.example:1433; a named instance is known by its port")
	}
	return place{host, n}, nil
}

// checked returns the instance with its defaults filled in, or why it cannot be used.
func (i Instance) checked() (Instance, place, error) {
	at, err := placeOf(i.Address)
	if err != nil {
		return i, at, err
	}
	i.Database = cmp.Or(i.Database, "Symantec_CMDB")
	i.CertificateName = cmp.Or(i.CertificateName, at.host)
	switch {
	case i.Name == "":
		return i, at, errors.New("it has no name")
	case i.Login.Check() != nil:
		return i, at, i.Login.Check()
	case strings.ContainsAny(i.Login.User+i.Login.Domain, `\`):
		// The driver tells a Windows account by the backslash alone.
		return i, at, errors.New("a Windows account is a user and a domain, without a backslash")
	}
	i.Peer, err = i.Peer.Checked()
	return i, at, err
}
