package vsphere

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/vmware/govmomi/vim25/soap"
)

// connections is how many calls are under way at once; a snapshot of fifty
// machines starts in a few rounds, and TLS is agreed on once for each.
const connections = 16

// soapClient makes a client with connections and cookies of its own. govmomi's own
// way to dial TLS knows neither context nor limit, and falls back from a refused
// certificate to a thumbprint of SHA-1, so it is put aside.
func soapClient(u *url.URL, c Config) *soap.Client {
	s := soap.NewClient(u, false)
	s.UserAgent = "itmsbot"
	t := s.DefaultTransport()
	t.DialTLSContext = nil
	t.TLSClientConfig = c.Peer.TLS(u.Hostname())
	t.DialContext = (&net.Dialer{Timeout: c.Dial}).DialContext
	t.TLSHandshakeTimeout = c.Dial
	t.Proxy = nil // a proxy from the environment would be given the log-on
	t.MaxIdleConnsPerHost = connections
	t.MaxConnsPerHost = connections
	// Shorter than any server's, so that a change is not lost on a connection
	// that the far end is just closing.
	t.IdleConnTimeout = 15 * time.Second
	s.Transport = drained{t}
	return s
}

// drained reads each answer to its end. govmomi stops at the end of the XML, which
// lies before the end of the answer, so that Go would not use the connection again.
type drained struct{ next http.RoundTripper }

func (d drained) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := d.next.RoundTrip(r)
	if err == nil {
		res.Body = drainedBody{res.Body}
	}
	return res, err
}

type drainedBody struct{ io.ReadCloser }

// Close reads what is left, if it is little.
func (b drainedBody) Close() error {
	_, _ = io.CopyN(io.Discard, b, 4096) // what cannot be read is not used again
	return b.ReadCloser.Close()
}
