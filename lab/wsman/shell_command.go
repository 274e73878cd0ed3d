package wsman

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	smallestEnvelope = 8 << 10 // DSP0226 section 6.2
	envelopeOverhead = 4 << 10 // of a Receive answer around its streams
)

// start answers Command. Several commands of one shell may run at a time.
func (s *Server) start(ctx context.Context, sh *shell, e *envelope) (answer, *soapFault) {
	line := e.Body.CommandLine
	if line == nil || line.Command == nil {
		return answer{}, faultInvalidBody()
	}
	console, ok1 := e.Header.option("WINRS_CONSOLEMODE_STDIN")
	skip, ok2 := e.Header.option("WINRS_SKIP_CMD_SHELL")
	if !ok1 || !ok2 {
		return answer{}, faultOption()
	}
	c := newCommand(*line.Command, line.Arguments...)
	c.ConsoleStdin, c.SkipCmdShell, c.NoProfile = console, skip, sh.noProfile
	c.User, c.Shell, c.ID = sh.user, sh.id, newID()
	c.CodePage, c.Service = sh.codePage, s.cfg
	// The command outlives the request that starts it; its own end is cancel.
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	if fault := s.addCommand(sh, c); fault != nil {
		cancel()
		return answer{}, fault
	}
	s.running.Go(func() { // Close waits for it
		defer cancel()
		if s.cfg.Run == nil {
			c.Exit(1)
			return
		}
		s.cfg.Run(run, c)
		c.finish()
	})
	return answer{http.StatusOK, nsShell + "/CommandResponse",
		"<rsp:CommandResponse><rsp:CommandId>" + c.ID + "</rsp:CommandId></rsp:CommandResponse>"}, nil
}

func (s *Server) addCommand(sh *shell, c *Command) *soapFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shells[sh.id] != sh {
		return faultShellGone(sh.id)
	}
	running := 0
	for _, other := range sh.commands {
		if other.running() {
			running++
		}
	}
	if running >= s.cfg.MaxProcesses {
		return faultCommandQuota(s.cfg.MaxProcesses)
	}
	sh.commands[c.ID] = c
	s.stats.Commands++
	return nil
}

// command finds a command of the shell.
func (s *Server) command(sh *shell, id string) (*Command, *soapFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := sh.commands[strings.ToUpper(id)]; c != nil {
		return c, nil
	}
	return nil, faultCommandGone()
}

// send answers Send.
func (s *Server) send(ctx context.Context, sh *shell, e *envelope, wait time.Duration) (answer, *soapFault) {
	if e.Body.Send == nil || len(e.Body.Send.Streams) == 0 {
		return answer{}, faultInvalidBody()
	}
	for _, stream := range e.Body.Send.Streams {
		end, ok := boolXML(stream.End)
		data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(stream.Data))
		if stream.Name != "stdin" || !ok || err != nil {
			return answer{}, faultInvalidBody()
		}
		c, fault := s.command(sh, stream.Command)
		if fault != nil {
			return answer{}, fault
		}
		if fault := c.send(ctx, data, end, wait); fault != nil {
			return answer{}, fault
		}
	}
	return answer{http.StatusOK, nsShell + "/SendResponse", "<rsp:SendResponse/>"}, nil
}

// receive answers Receive.
func (s *Server) receive(ctx context.Context, sh *shell, e *envelope, wait time.Duration) (answer, *soapFault) {
	if e.Body.Receive == nil || len(e.Body.Receive.Desired) != 1 {
		return answer{}, faultInvalidBody()
	}
	stream := e.Body.Receive.Desired[0]
	var want desired
	for name := range strings.FieldsSeq(stream.Names) {
		switch name {
		case "stdout":
			want.stdout = true
		case "stderr":
			want.stderr = true
		default:
			return answer{}, faultInvalidBody()
		}
	}
	if want == (desired{}) {
		return answer{}, faultInvalidBody()
	}
	limit, fault := s.outputLimit(e)
	if fault != nil {
		return answer{}, fault
	}
	c, fault := s.command(sh, stream.Command)
	if fault != nil {
		return answer{}, fault
	}
	o, fault := c.receive(ctx, want, wait, limit)
	if fault != nil {
		return answer{}, fault
	}
	return answer{http.StatusOK, nsShell + "/ReceiveResponse", "<rsp:ReceiveResponse>" + o.marshal(c.ID) + "</rsp:ReceiveResponse>"}, nil
}

// outputLimit is how much output fits the answer, whose size both sides limit.
func (s *Server) outputLimit(e *envelope) (int, *soapFault) {
	size := s.cfg.MaxEnvelopeKB << 10
	if asked := strings.TrimSpace(e.Header.MaxEnvelopeSize); asked != "" {
		n, err := strconv.ParseUint(asked, 10, 32)
		if err != nil || n < smallestEnvelope {
			return 0, faultSmallEnvelope()
		}
		size = min(size, int(n))
	}
	return (size - envelopeOverhead) / 4 * 3, nil // base64
}

func (o output) marshal(id string) string {
	var b strings.Builder
	for _, stream := range []struct {
		name string
		data []byte
	}{{"stdout", o.stdout}, {"stderr", o.stderr}} {
		if len(stream.data) > 0 {
			fmt.Fprintf(&b, `<rsp:Stream Name="%s" CommandId="%s">%s</rsp:Stream>`,
				stream.name, id, base64.StdEncoding.EncodeToString(stream.data))
		}
	}
	if !o.done {
		fmt.Fprintf(&b, `<rsp:CommandState CommandId="%s" State="%s/CommandState/Running"/>`, id, nsShell)
		return b.String()
	}
	fmt.Fprintf(&b, `<rsp:Stream Name="stdout" CommandId="%[1]s" End="true"/><rsp:Stream Name="stderr" CommandId="%[1]s" End="true"/>`+
		`<rsp:CommandState CommandId="%[1]s" State="%[2]s/CommandState/Done"><rsp:ExitCode>%[3]d</rsp:ExitCode></rsp:CommandState>`,
		id, nsShell, o.code)
	return b.String()
}

// signal answers Signal. Terminating a command that has ended is no error.
func (s *Server) signal(sh *shell, e *envelope) (answer, *soapFault) {
	if e.Body.Signal == nil {
		return answer{}, faultInvalidBody()
	}
	c, fault := s.command(sh, e.Body.Signal.Command)
	if fault != nil {
		return answer{}, fault
	}
	switch strings.TrimSpace(e.Body.Signal.Code) {
	case nsShell + "/signal/terminate":
		c.end()
		s.mu.Lock()
		delete(sh.commands, c.ID)
		s.mu.Unlock()
	case nsShell + "/signal/ctrl_c", nsShell + "/signal/ctrl_break":
		c.interrupt()
	default:
		return answer{}, faultInvalidBody()
	}
	return answer{http.StatusOK, nsShell + "/SignalResponse", "<rsp:SignalResponse/>"}, nil
}
