package winrm

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/trust"
)

const (
	// replyLimit is the most that is read of one answer, and kept of a command's
	// whole output, in bytes.
	replyLimit = 8 << 20
	// idleLimit is shorter than what any host or firewall on the way grants, so
	// that it is us who close.
	idleLimit = 30 * time.Second
	// grace is what a host may be late by beyond the operation timeout. The client
	// must never give up first, or output is lost.
	grace = 10 * time.Second
)

// connection posts to one host over one connection at a time. It is used by one
// goroutine at a time.
type connection struct {
	url       string
	transport *http.Transport
	limit     time.Duration // of one request
}

func newConnection(h *Host, o Options) *connection {
	dialer := &net.Dialer{Timeout: o.Dial}
	return &connection{
		url:   h.URL,
		limit: o.Operation + grace,
		// No Proxy: a proxy from the environment would be given the log-on.
		transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dialer.DialContext(ctx, network, address)
				if err != nil {
					return nil, err
				}
				return &liveConn{Conn: conn}, nil
			},
			TLSClientConfig:     h.Peer.TLS(h.name),
			TLSHandshakeTimeout: o.Dial,
			MaxConnsPerHost:     1,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     idleLimit,
			DisableCompression:  true,
			// Answers of a WinRM service have a handful of headers.
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

// liveConn knows whether it was closed. NTLM proves a connection and not a
// request, so the session has to know which one it is on.
type liveConn struct {
	net.Conn
	closed atomic.Bool
}

func (c *liveConn) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// answer is an HTTP response, read to its end, and the connection it came over.
type answer struct {
	status int
	header http.Header
	body   []byte
	conn   *liveConn
	reused bool // the connection had served an earlier request
	tls    *tls.ConnectionState
}

// post sends one request. An answer with any status is no error; every error is
// *trouble and leaves open whether the request arrived.
func (c *connection) post(ctx context.Context, body []byte, contentType, authorization string) (*answer, error) {
	var a answer
	limited, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		a.reused = got.Reused
		conn := got.Conn
		if t, ok := conn.(*tls.Conn); ok {
			conn = t.NetConn()
		}
		a.conn, _ = conn.(*liveConn)
	}})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, &trouble{estate.Unreachable, "its URL cannot be used", err}
	}
	req.Header.Set("User-Agent", "itmsbot")
	req.Header.Set("Content-Type", contentType)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	// RoundTrip, not Client.Do: no redirect is followed with an Authorization.
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return &a, lost(ctx, err)
	}
	defer resp.Body.Close()
	a.status, a.header, a.tls = resp.StatusCode, resp.Header, resp.TLS
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, replyLimit+1))
	switch {
	case err != nil:
		return &a, lost(ctx, err)
	case len(a.body) > replyLimit:
		return &a, &trouble{kind: estate.Unreachable, detail: fmt.Sprintf("its answer is larger than %d bytes", replyLimit)}
	}
	return &a, nil
}

// close closes the connection, whether it is idle or lent out.
func (c *connection) close(conn *liveConn) {
	if conn != nil {
		conn.Close()
	}
	c.transport.CloseIdleConnections()
}

// lost is the trouble of a request that brought no answer.
func lost(ctx context.Context, err error) error {
	switch cause := ctx.Err(); {
	case cause != nil:
		return &trouble{estate.Unreachable, ended(cause), cause}
	case errors.Is(err, context.DeadlineExceeded):
		return &trouble{estate.Unreachable, "no answer in time", err}
	case trust.Untrusted(err):
		return &trouble{estate.Untrusted, "its certificate is not the trusted one: " + innermost(err).Error(), err}
	}
	return &trouble{estate.Unreachable, innermost(err).Error(), err}
}

// ended says in words how a context came to its end.
func ended(cause error) string {
	if errors.Is(cause, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "cancelled"
}

// innermost leaves out what net/http and net wrap around a cause, the URL with it.
func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
