package wsman

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// shell is one cmd shell. Its commands map and counters are guarded by Server.mu.
type shell struct {
	id, user  string
	noProfile bool
	codePage  int
	commands  map[string]*Command
	idleAfter time.Duration
	busy      int         // operations in progress; idle counts from none
	idle, age *time.Timer // end the shell
}

const (
	defaultMaxShells    = 30
	defaultMaxProcesses = 25
	defaultEnvelopeKB   = 500
	defaultIdleTimeout  = 2 * time.Hour
)

// create opens a shell.
func (s *Server) create(c *connection, user string, e *envelope) (answer, *soapFault) {
	if e.Body.Shell == nil {
		return answer{}, faultInvalidBody()
	}
	noProfile, ok := e.Header.option("WINRS_NOPROFILE")
	if !ok {
		return answer{}, faultOption()
	}
	page, ok := e.Header.codePage()
	if !ok {
		return answer{}, faultOption()
	}
	idle := s.cfg.IdleTimeout
	if asked := e.Body.Shell.IdleTimeOut; asked != "" {
		d, ok := parseDuration(asked)
		if !ok || d <= 0 {
			return answer{}, faultInvalidBody()
		}
		idle = min(idle, d)
	}
	sh := &shell{id: newID(), user: user, noProfile: noProfile, codePage: page, commands: make(map[string]*Command), idleAfter: idle}
	if fault := s.addShell(c, sh); fault != nil {
		return answer{}, fault
	}
	return answer{http.StatusOK, nsTransfer + "/CreateResponse", fmt.Sprintf(
		`<x:ResourceCreated><a:Address>%s</a:Address><a:ReferenceParameters><w:ResourceURI>%s</w:ResourceURI>`+
			`<w:SelectorSet><w:Selector Name="ShellId">%[3]s</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>`+
			`<rsp:Shell><rsp:ShellId>%[3]s</rsp:ShellId><rsp:ResourceUri>%[2]s</rsp:ResourceUri><rsp:Owner>%[4]s</rsp:Owner>`+
			`<rsp:ClientIP>%[5]s</rsp:ClientIP><rsp:IdleTimeOut>PT%.3[6]fS</rsp:IdleTimeOut>`+
			`<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`,
		escape(strings.TrimSpace(e.Header.To)), resourceCmd, sh.id, escape(user), c.remote.Addr(), idle.Seconds())}, nil
}

// addShell counts the shell against its owner's quota and starts its clocks.
func (s *Server) addShell(c *connection, sh *shell) *soapFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.connections[c] {
		return faultAborted() // cut by a Reset while the request was on its way
	}
	open := 0
	for _, other := range s.shells {
		if other.user == sh.user {
			open++
		}
	}
	if open >= s.cfg.MaxShells {
		return faultShellQuota(s.cfg.MaxShells)
	}
	s.shells[sh.id] = sh
	// Nobody waits for a timer's call: it takes the lock, finds the shell or not,
	// and is done.
	sh.idle = time.AfterFunc(sh.idleAfter, func() { s.endShell(sh.id) })
	if s.cfg.MaxShellRunTime > 0 {
		sh.age = time.AfterFunc(s.cfg.MaxShellRunTime, func() { s.endShell(sh.id) })
	}
	return nil
}

// useShell finds the shell that a request names; it is not idle until release.
// Another user's shell is not found, as on Windows for everybody but its owner.
func (s *Server) useShell(user string, e *envelope) (sh *shell, release func(), fault *soapFault) {
	id, ok := e.Header.selector("ShellId")
	s.mu.Lock()
	defer s.mu.Unlock()
	sh = s.shells[strings.ToUpper(id)]
	if !ok || sh == nil || sh.user != user {
		return nil, nil, faultShellGone(id)
	}
	sh.busy++
	sh.idle.Stop()
	return sh, func() { s.releaseShell(sh) }, nil
}

func (s *Server) releaseShell(sh *shell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh.busy--
	if sh.busy == 0 && s.shells[sh.id] == sh {
		sh.idle.Reset(sh.idleAfter)
	}
}

// endShell removes the shell and ends its commands. It reports whether there was
// such a shell.
func (s *Server) endShell(id string) bool {
	s.mu.Lock()
	sh := s.shells[id]
	delete(s.shells, id)
	var commands []*Command
	if sh != nil {
		commands = slices.Collect(maps.Values(sh.commands))
	}
	s.mu.Unlock()
	if sh == nil {
		return false
	}
	sh.idle.Stop()
	if sh.age != nil {
		sh.age.Stop()
	}
	for _, c := range commands {
		c.end()
	}
	return true
}

// endShells ends every shell.
func (s *Server) endShells() {
	s.mu.Lock()
	ids := slices.Collect(maps.Keys(s.shells))
	s.mu.Unlock()
	for _, id := range ids {
		s.endShell(id)
	}
}

// remove answers Delete.
func (s *Server) remove(sh *shell) (answer, *soapFault) {
	if !s.endShell(sh.id) {
		return answer{}, faultShellGone(sh.id)
	}
	return answer{http.StatusOK, nsTransfer + "/DeleteResponse", ""}, nil
}
