package wsman

import (
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"itmsbot/lab/ntlm"
)

var (
	errNoChallenge = errors.New("wsman: NTLM message that answers no challenge on this connection")
	errRefused     = errors.New("wsman: told to refuse this logon")
	errNoSession   = errors.New("wsman: sealed message without a session on this connection")
)

// sealOverhead is what sealing and its frame may add to an envelope, generously.
const sealOverhead = 64 << 10

// handle is one HTTP request. What it answers is in the order in which a Windows
// host looks at it: path and method, who asks, is it sealed, what is asked.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(connectionKey{}).(*connection)
	if !ok {
		w.WriteHeader(http.StatusInternalServerError) // not one of Serve's
		return
	}
	w.Header().Set("Server", "Microsoft-HTTPAPI/2.0")
	if !s.cfg.Answers(c.remote, c.port()) {
		c.cut()
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.cfg.MaxEnvelopeKB)<<10*2+sealOverhead))
	s.count(func(st *Stats) {
		st.Requests++
		st.LargestRequest = max(st.LargestRequest, len(body))
		if len(body) > 0 && !sealedType(r.Header.Get("Content-Type")) {
			st.Plain++
		}
	})
	switch {
	case err != nil:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case r.URL.Path != "/wsman":
		w.WriteHeader(http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
	case strings.EqualFold(r.Header.Get("WSMANIDENTIFY"), "unauthenticated"):
		s.identify(w, c, body)
	default:
		if user := s.logOn(w, r, c, len(body) > 0); user != "" {
			s.message(w, r, c, user, body)
		}
	}
}

// logOn returns who sends the request; "" means that it was answered.
//
// A connection that has logged on needs no header for a message, but an empty
// request without one is a client that begins anew: masterzen's Encryption waits
// for the 401, pywinrm sends its sealed messages bare.
func (s *Server) logOn(w http.ResponseWriter, r *http.Request, c *connection, message bool) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if scheme == "" && c.on != nil && message {
		return c.on.user
	}
	if !strings.EqualFold(scheme, "Basic") {
		if _, ok := s.faults.strike("", FaultDowngrade); ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
			w.WriteHeader(http.StatusUnauthorized)
			return ""
		}
	}
	switch {
	case strings.EqualFold(scheme, "Negotiate"):
		return s.negotiate(w, c, value)
	case strings.EqualFold(scheme, "Basic"):
		s.count(func(st *Stats) { st.Basic++ })
		if user, ok := s.basic(r, c); ok {
			return user
		}
	}
	s.deny(w, c)
	return ""
}

// negotiate takes one leg of the NTLM handshake; it returns who has logged on with
// the last one.
func (s *Server) negotiate(w http.ResponseWriter, c *connection, value string) string {
	token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	switch {
	case err != nil:
	case ntlm.IsNegotiate(token):
		if err = s.challenge(w, c, token); err == nil {
			return ""
		}
	case c.hello == nil:
		err = errNoChallenge
	default:
		hello := c.hello
		c.hello = nil // a challenge is good for one answer
		var on ntlm.Logon
		if on, err = hello.Accept(token); err == nil {
			err = s.admits()
		}
		if err == nil {
			c.on = &logon{accountName(on.User, on.Domain, s.cfg.Name), on.Session}
			s.count(func(st *Stats) { st.Handshakes++ })
			return c.on.user
		}
		s.count(func(st *Stats) { st.Refused++ })
	}
	c.hello, c.on = nil, nil
	s.cfg.Log.Info("logon refused", "host", s.cfg.Name, "from", c.remote, "reason", err)
	s.deny(w, c)
	return ""
}

// challenge answers the first leg.
func (s *Server) challenge(w http.ResponseWriter, c *connection, token []byte) error {
	_, weak := s.faults.strike("", FaultWeakChallenge)
	c.on = nil
	c.hello = &ntlm.Acceptor{
		Name: s.cfg.Name, Domain: s.cfg.Domain, Password: s.cfg.Password,
		Bindings: c.bindings, RequireBindings: s.cfg.RequireBinding, Strong: true, Weak: weak,
	}
	reply, err := c.hello.Challenge(token)
	if err != nil {
		return err
	}
	w.Header().Set("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString(reply))
	w.WriteHeader(http.StatusUnauthorized)
	return nil
}

// basic checks a password sent in clear.
func (s *Server) basic(r *http.Request, c *connection) (user string, ok bool) {
	name, password, ok := r.BasicAuth()
	if !ok || !s.takesBasic(c) {
		return "", false
	}
	domain, user, found := strings.Cut(name, `\`)
	if !found {
		domain, user = "", name
	}
	want, ok := s.cfg.Password(user, domain)
	if !ok || want != password || s.admits() != nil {
		return "", false
	}
	return accountName(user, domain, s.cfg.Name), true
}

// admits is nil unless who has proved themselves is to be refused all the same.
func (s *Server) admits() error {
	if _, ok := s.faults.strike("", FaultRefused); ok {
		return errRefused
	}
	return nil
}

// accountName is the name that quotas are counted by and that Command.User has.
func accountName(user, domain, host string) string {
	if domain == "" {
		domain = host
	}
	return strings.ToUpper(domain) + `\` + strings.ToLower(user)
}

// takesBasic reports whether a password may come in clear by this connection.
func (s *Server) takesBasic(c *connection) bool {
	return s.cfg.AllowBasic && (c.bindings != nil || s.cfg.AllowUnencrypted)
}

// deny asks for a logon.
func (s *Server) deny(w http.ResponseWriter, c *connection) {
	w.Header().Add("WWW-Authenticate", "Negotiate")
	if s.takesBasic(c) {
		w.Header().Add("WWW-Authenticate", `Basic realm="WSMAN"`)
	}
	w.WriteHeader(http.StatusUnauthorized)
}

// identify answers the one question that needs no logon.
func (s *Server) identify(w http.ResponseWriter, c *connection, body []byte) {
	e, fault := decode(body)
	if fault != nil || e.Body.Identify == nil {
		s.deny(w, c)
		return
	}
	w.Header().Set("Content-Type", soapType)
	_, _ = w.Write(identity("0.0.0")) // the client may have gone
}

// message opens the body and answers what it asks.
func (s *Server) message(w http.ResponseWriter, r *http.Request, c *connection, user string, body []byte) {
	kind := r.Header.Get("Content-Type")
	sealed := sealedType(kind)
	switch {
	case len(body) == 0:
		w.WriteHeader(http.StatusOK) // the last leg of a handshake
		return
	case sealed:
		plain, err := c.unseal(body)
		if err != nil {
			s.cfg.Log.Info("message refused", "host", s.cfg.Name, "from", c.remote, "reason", err)
			c.on = nil // its sequence is lost
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.count(func(st *Stats) { st.Sealed++ })
		body = plain
	case !soapMedia(kind):
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return
	case c.bindings == nil && !s.cfg.AllowUnencrypted:
		s.cfg.Log.Info("message refused", "host", s.cfg.Name, "from", c.remote, "reason", "not sealed")
		w.WriteHeader(http.StatusInternalServerError) // Windows says no more than this
		return
	}
	reply, ok := s.perform(r.Context(), c, user, body)
	if ok {
		s.reply(w, c, sealed, reply)
	}
}

// unseal opens a sealed body.
func (c *connection) unseal(body []byte) ([]byte, error) {
	f, err := parseFrame(body)
	if err != nil {
		return nil, err
	}
	if c.on == nil || c.on.session == nil {
		return nil, errNoSession
	}
	return c.on.session.Open(f.signature, f.sealed)
}

// reply sends an answer the way the question came.
func (s *Server) reply(w http.ResponseWriter, c *connection, sealed bool, reply wireReply) {
	body, kind := reply.body, soapType
	if sealed {
		_, sealed = s.faults.strike(reply.op, FaultUnsealed)
		sealed = !sealed
	}
	if sealed {
		f := frame{length: len(body)}
		f.signature, f.sealed = c.on.session.Seal(body)
		if _, ok := s.faults.strike(reply.op, FaultShortSignature); ok {
			f.signature = f.signature[:8]
		}
		body, kind = f.marshal(), sealType
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(reply.status)
	_, _ = w.Write(body) // the client may have gone
}

func soapMedia(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == "application/soap+xml"
}
