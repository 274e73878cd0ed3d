package tds

import (
	"cmp"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"itmsbot/lab/ntlm"
	"itmsbot/lab/world"
)

// logOn is LOGIN7 and what follows from it.
func (c *conn) logOn() error {
	m, err := c.read()
	if err != nil {
		return err
	}
	if m.kind != packetLogin {
		return fmt.Errorf("tds: message of type %d in the place of LOGIN7", m.kind)
	}
	l, err := parseLogin(m.body)
	if err != nil {
		return err
	}
	if l.version < tds72 {
		return fmt.Errorf("tds: version %08x is older than the 7.2 of this server", l.version)
	}
	c.size = firstSize
	said, err := c.admit(l)
	if err != nil {
		return err
	}
	if said != nil {
		return c.refuse(said)
	}
	return c.welcome(l)
}

// admit checks the account and the database; said is why they were refused.
func (c *conn) admit(l login) (said []sqlError, err error) {
	switch {
	case l.change:
		return []sqlError{{18456, 14, "Login failed. The password cannot be changed here."}}, nil
	case l.integrated:
		err = c.windowsAccount(l.sspi)
	default:
		err = c.sqlAccount(l)
	}
	var refused *sqlError
	if errors.As(err, &refused) {
		return []sqlError{*refused}, nil
	}
	if err != nil {
		return nil, err
	}
	if c.server.faults.strikes("", FaultRefused) {
		return []sqlError{loginFailed(c.account)}, nil
	}
	c.database = cmp.Or(l.database, "master")
	if !c.has(c.database) || c.server.faults.strikes("", FaultRecovering) {
		return []sqlError{
			{4060, 11, fmt.Sprintf("Cannot open database %q requested by the login. The login failed.", c.database)},
			loginFailed(c.account),
		}, nil
	}
	return nil, nil
}

// sqlAccount checks the password of a SQL Server account. An empty user is nobody.
func (c *conn) sqlAccount(l login) error {
	password, ok := c.server.cfg.Password(l.user, "")
	same := subtle.ConstantTimeCompare([]byte(password), []byte(l.password)) == 1
	c.account = l.user
	if l.user == "" || !ok || !same {
		e := loginFailed(l.user)
		return &e
	}
	return nil
}

// windowsAccount makes the NTLM handshake whose first message came with LOGIN7. TLS is
// what protects the session, so nothing is sealed with it; LMv2 is what an older client
// sends.
func (c *conn) windowsAccount(first []byte) error {
	a := ntlm.Acceptor{Name: c.server.cfg.Name, Domain: c.server.cfg.Domain, Password: c.server.cfg.Password, LMv2: true}
	challenge, err := a.Challenge(first)
	if err != nil {
		return untrustedDomain()
	}
	var r reply
	r.token(tokenSSPI, challenge)
	if err := c.send(&r); err != nil {
		return err
	}
	m, err := c.read()
	if err != nil {
		return err
	}
	if m.kind != packetSSPI {
		return fmt.Errorf("tds: message of type %d within the log-on", m.kind)
	}
	on, err := a.Accept(m.body)
	c.account = on.Domain + `\` + on.User // as SUSER_SNAME has it
	if err != nil {
		c.server.cfg.Log.Debug("log-on refused", "host", c.server.cfg.Name, "why", err.Error())
		if errors.Is(err, ntlm.ErrWrongAccount) {
			e := loginFailed(c.account)
			return &e
		}
		return untrustedDomain()
	}
	c.server.count(func(s *Stats) { s.NTLM++ })
	return nil
}

func loginFailed(account string) sqlError {
	return sqlError{18456, 14, "Login failed for user '" + account + "'."}
}

func untrustedDomain() *sqlError {
	return &sqlError{18452, 14, "Login failed. The login is from an untrusted domain and cannot be used with Integrated authentication."}
}

// refuse says why and ends the connection.
func (c *conn) refuse(said []sqlError) error {
	c.server.count(func(s *Stats) { s.Refused++ })
	var r reply
	for _, e := range said {
		r.error(c.server.cfg.Name, e)
	}
	r.done(tokenDone, doneError, 0)
	c.server.cfg.Log.Info("log-on refused", "host", c.server.cfg.Name, "account", c.account, "error", said[0].number)
	return errors.Join(c.send(&r), errors.New("tds: log-on refused"))
}

// welcome ends the log-on: database, collation, language, packet size.
func (c *conn) welcome(l login) error {
	var r reply
	name := c.server.cfg.Name
	r.env(envDatabase, toBVarchar(c.database), toBVarchar("master"))
	r.info(name, sqlError{5701, 0, "Changed database context to '" + c.database + "'."})
	r.env(envCollation, append([]byte{byte(len(collation()))}, collation()...), []byte{0})
	r.env(envLanguage, toBVarchar("us_english"), toBVarchar(""))
	r.info(name, sqlError{5703, 0, "Changed language setting to us_english."})
	r.env(envPacketSize, toBVarchar(fmt.Sprint(l.size())), toBVarchar(fmt.Sprint(firstSize)))
	if c.server.faults.strikes("", FaultElsewhere) {
		r.env(envRouting, routing("elsewhere.invalid", 1433), []byte{0, 0})
	}
	r.loginAck()
	if l.extended {
		r.Write([]byte{tokenFeatureAck, 0xff}) // none of them
	}
	r.done(tokenDone, 0, 0)
	if err := c.send(&r); err != nil {
		return err
	}
	c.size = l.size()
	c.prepared = map[int32]string{}
	c.server.count(func(s *Stats) { s.Logins++; c.loggedOn = true })
	return nil
}

// has reports whether there is a database of this name.
func (c *conn) has(name string) bool {
	v := c.server.cfg.World.SQL()
	if v.Missing(name) {
		return false
	}
	for _, known := range []string{"master", "msdb", "tempdb", "model", world.CMDB} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	for _, d := range v.Databases {
		if strings.EqualFold(name, d.Name) {
			return true
		}
	}
	return false
}
