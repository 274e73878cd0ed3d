package winrm

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bodgit/ntlmssp"

	"itmsbot/estate"
)

// logOnLimit ends a log-on, during which nobody else can use the account.
const logOnLimit = 10 * time.Second

// session is one lane's conversation with its host: a connection, who is logged on
// over it, and the keys its messages are sealed with. It is used by one goroutine
// at a time and logs on by itself whenever its connection is another one.
type session struct {
	host       *Host
	log        *slog.Logger
	connection *connection
	wait       time.Duration // how long the host may hold an answer back

	conn *liveConn                // that the host knows us on; nil before the log-on
	keys *ntlmssp.SecuritySession // nil where TLS protects the messages
}

func newSession(h *Host, o Options) *session {
	return &session{host: h, log: o.Log, connection: newConnection(h, o), wait: o.Operation}
}

// sealed reports whether messages are sealed with NTLM keys.
func (s *session) sealed() bool { return strings.HasPrefix(s.host.URL, "http:") }

// loggedOn reports whether the host still knows us.
func (s *session) loggedOn() bool { return s.conn != nil && !s.conn.closed.Load() }

// drop ends the session; the next message logs on over a new connection.
func (s *session) drop() {
	s.connection.close(s.conn)
	s.conn, s.keys = nil, nil
}

// exchange sends m and reads the answer. Errors are *fault, the host's own no, or
// *trouble. A message that the host did not take because it did not know us any
// more is sent once again after a new log-on.
func (s *session) exchange(ctx context.Context, m message) (reply, error) {
	envelope := m.envelope(s.host.URL, s.wait)
	for again := false; ; again = true {
		a, err := s.send(ctx, envelope)
		if err != nil {
			s.drop()
			return reply{}, err
		}
		unknown := a.status == http.StatusUnauthorized || a.status == http.StatusBadRequest && s.sealed()
		if unknown && !again && !s.isSealed(a) {
			s.drop()
			continue
		}
		return s.read(a, m.id)
	}
}

// send logs on where needed and posts one envelope.
func (s *session) send(ctx context.Context, envelope []byte) (*answer, error) {
	if s.host.Auth == Basic {
		return s.sendBasic(ctx, envelope)
	}
	if !s.loggedOn() {
		s.drop()
		if err := s.logOn(ctx); err != nil {
			return nil, err
		}
	}
	if !s.sealed() {
		return s.connection.post(ctx, envelope, soapType, "")
	}
	body, err := sealMessage(s.keys, envelope)
	if err != nil {
		return nil, &trouble{estate.Untrusted, "the message could not be sealed", err}
	}
	return s.connection.post(ctx, body, sealedType, "")
}

// read opens and parses an answer. Nothing unsealed is believed where messages are
// sealed, a fault no more than a result.
func (s *session) read(a *answer, id string) (reply, error) {
	body := a.body
	switch {
	case s.isSealed(a):
		var err error
		if body, err = openSealed(s.keys, a.header.Get("Content-Type"), a.body); err != nil {
			s.drop()
			return reply{}, &trouble{estate.Untrusted, err.Error(), err}
		}
	case s.sealed() && a.status == http.StatusOK:
		s.drop()
		return reply{}, &trouble{estate.Untrusted, errUnsealed.Error(), errUnsealed}
	case s.sealed(), len(body) == 0:
		return reply{}, httpTrouble(a.status)
	}
	r, err := parseReply(body, id)
	var no *fault
	if err == nil || errors.As(err, &no) {
		return r, err
	}
	s.drop()
	return r, &trouble{estate.Unreachable, sentence(err.Error()), err}
}

func (s *session) isSealed(a *answer) bool {
	return s.sealed() && strings.HasPrefix(a.header.Get("Content-Type"), "multipart/encrypted")
}

// logOn proves the account to the host with NTLM, over a new connection.
func (s *session) logOn(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, logOnLimit)
	defer cancel()
	if err := s.host.Login.Usable(); err != nil {
		return err
	}
	client, err := ntlmssp.NewClient(ntlmssp.SetDomain(s.host.Login.Domain), ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		return &trouble{estate.Untrusted, "NTLM cannot be used", err}
	}
	hello, err := client.Authenticate(nil, nil)
	if err != nil {
		return &trouble{estate.Untrusted, "NTLM cannot be used", err}
	}
	a, err := s.connection.post(ctx, nil, soapType, negotiate(hello))
	if err != nil {
		return err
	}
	s.conn = a.conn // so that drop closes it, whatever comes now
	challenge, err := challengeOf(a)
	if err != nil {
		return err
	}
	var bindings *ntlmssp.ChannelBindings
	if !s.sealed() {
		if bindings, err = channelBindings(a.tls); err != nil {
			return err
		}
	}
	if err := s.prove(ctx, client, challenge, bindings); err != nil {
		return err
	}
	if s.sealed() {
		s.keys = client.SecuritySession()
	}
	s.log.Debug("logged on", "host", s.host.Name, "account", s.host.Login.String())
	return nil
}

// prove answers the challenge; this is what a host counts as an attempt.
func (s *session) prove(ctx context.Context, client *ntlmssp.Client, challenge []byte, bindings *ntlmssp.ChannelBindings) error {
	return s.host.Login.LogOn(ctx, s.host.Name, func(password string) (refused bool, err error) {
		if err := client.SetOption(ntlmssp.SetUserInfo(s.host.Login.User, password)); err != nil {
			return false, &trouble{estate.Untrusted, "NTLM cannot be used", err}
		}
		proof, err := client.Authenticate(challenge, bindings)
		if err != nil {
			return false, &trouble{estate.Untrusted, "its NTLM challenge cannot be answered", err}
		}
		a, err := s.connection.post(ctx, nil, soapType, negotiate(proof))
		switch {
		case err != nil:
			return false, err
		case a.conn != s.conn:
			// The proof went to a host that has asked nothing, so its no means nothing.
			s.connection.close(a.conn)
			return false, &trouble{kind: estate.Unreachable, detail: "the connection was lost during the log-on"}
		case a.status == http.StatusUnauthorized:
			return true, s.refused()
		case a.status == http.StatusForbidden:
			return false, &trouble{kind: estate.Refused, detail: "the account may not use remote management there"}
		case a.status != http.StatusOK:
			return false, httpTrouble(a.status)
		}
		return false, nil
	})
}

// sendBasic posts with the password in the header; checked allows it on https alone.
func (s *session) sendBasic(ctx context.Context, envelope []byte) (*answer, error) {
	login := s.host.Login
	var a *answer
	prove := func(password string) (refused bool, err error) {
		token := base64.StdEncoding.EncodeToString([]byte(login.String() + ":" + password))
		if a, err = s.connection.post(ctx, envelope, soapType, "Basic "+token); err != nil {
			return false, err
		}
		s.conn = a.conn
		if a.status != http.StatusUnauthorized {
			return false, nil
		}
		for _, offer := range a.header.Values("WWW-Authenticate") {
			if scheme, _, _ := strings.Cut(offer, " "); strings.EqualFold(scheme, "Basic") {
				return true, s.refused()
			}
		}
		return false, &trouble{kind: estate.Untrusted, detail: "the host does not offer Basic"}
	}
	if s.loggedOn() {
		err := login.Again(s.host.Name, prove)
		return a, err
	}
	s.drop()
	err := login.LogOn(ctx, s.host.Name, prove)
	return a, err
}

// refused is what a host's no to the account is called. It is parked now.
func (s *session) refused() error {
	s.log.Warn("credential parked", "account", s.host.Login.String(), "host", s.host.Name)
	return &trouble{kind: estate.Refused, detail: s.host.Login.String()}
}

func negotiate(token []byte) string {
	return "Negotiate " + base64.StdEncoding.EncodeToString(token)
}
