package winrm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"itmsbot/estate"
)

// deleteLimit ends the deletion of a shell that is left behind.
const deleteLimit = 5 * time.Second

// Run runs script on host with args as its one parameter and reads its one object
// into answer. args and answer are what encoding/json makes of them; args of a
// changing script hold the machine's GUID under "machine". Every error is an
// *estate.Error.
//
// Only estate.Unknown and estate.Failed leave open whether a changing script has
// changed something. A look that could not be finished in time is
// estate.Unreachable. Whoever waits for ctx finds its error in the chain.
func (f *Fleet) Run(ctx context.Context, host string, lane estate.Lane, script Script, args, answer any) error {
	adrift, err := f.run(ctx, host, lane, script, args, answer)
	if err != nil {
		return errorOf(err, host, script, adrift)
	}
	return nil
}

// run reports, beside an error, whether the script may have begun without anybody
// knowing how far it came. A script that has said so itself is not among them.
func (f *Fleet) run(ctx context.Context, host string, name estate.Lane, script Script, args, answer any) (adrift bool, err error) {
	machine, err := machineOf(script, args)
	if err != nil {
		return false, err
	}
	nonce := newNonce()
	input, err := payload(nonce, script, args)
	if err != nil {
		return false, err
	}
	limit := max(f.opts.LookLimit, script.Limit)
	if script.Changes {
		limit = f.opts.ChangeLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	l, err := f.take(ctx, host, name)
	if err != nil {
		return false, err
	}
	c := command{pause: f.opts.pause, limit: f.opts.output}
	running, done := l.stoppable(ctx)
	err = c.run(running, l.session, f.line, input)
	if err != nil && errors.Is(context.Cause(running), errRestarts) {
		err = &trouble{estate.Unreachable, errRestarts.Error(), errRestarts}
	}
	done()
	f.leave(ctx, l, c.shell, err)
	if err != nil {
		return c.started, hostsNo(err)
	}
	return outcome(&c, nonce, machine, answer)
}

// machineOf reads the machine that args name. A change without one is refused:
// nothing would keep it from being made on another machine.
func machineOf(script Script, args any) (string, error) {
	plain, err := json.Marshal(args)
	if err != nil {
		return "", fmt.Errorf("arguments of %s: %w", script.Name, err)
	}
	var named struct {
		Machine string `json:"machine"`
	}
	if err := json.Unmarshal(plain, &named); err != nil {
		return "", fmt.Errorf("arguments of %s: %w", script.Name, err)
	}
	if script.Changes && named.Machine == "" {
		return "", &trouble{kind: estate.WrongMachine, detail: "the arguments do not name the machine to change"}
	}
	return named.Machine, nil
}

// leave deletes the shell and gives the lane back. After trouble the caller is not
// kept waiting for a host that may be gone: the deletion goes on behind it, holding
// the lane, and Close waits for it.
func (f *Fleet) leave(ctx context.Context, l *lane, shell string, err error) {
	clean := func() {
		defer f.giveBack(l)
		if shell == "" {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteLimit)
		defer cancel()
		if _, err := l.session.exchange(ctx, deleteShell(shell)); err != nil {
			f.opts.Log.Debug("shell not deleted", "host", l.session.host.Name, "err", err)
		}
	}
	if err == nil {
		clean()
		return
	}
	f.running.Go(clean)
}

// hostsNo turns a fault into trouble.
func hostsNo(err error) error {
	var no *fault
	if errors.As(err, &no) {
		return refusalOf(no)
	}
	return err
}

// outcome reads what the ended command has written. Without a trailer nobody
// knows how far the script came; with one it has said so itself.
func outcome(c *command, nonce, machine string, answer any) (adrift bool, err error) {
	t, ok := parseTrailer(c.stdout, nonce)
	if !ok {
		detail := fmt.Sprintf("PowerShell ended with code %d and without an answer", c.exitCode)
		if said := readable(c.stderr); said != "" {
			detail += ": " + said
		}
		return true, &trouble{kind: estate.Failed, detail: detail}
	}
	if !t.OK {
		return false, &trouble{kind: estate.Failed, detail: t.words()}
	}
	var who estate.Answer
	if err := json.Unmarshal(t.Data, &who); err != nil || who.Machine == "" {
		return true, &trouble{estate.Failed, "the script's answer does not say which machine it ran on", err}
	}
	if machine != "" && !strings.EqualFold(who.Machine, machine) {
		return false, &trouble{kind: estate.WrongMachine, detail: fmt.Sprintf("%s answered, machine %s in place of %s; nothing was changed", who.Name, who.Machine, machine)}
	}
	if err := json.Unmarshal(t.Data, answer); err != nil {
		return true, &trouble{estate.Failed, "the script's answer cannot be read: " + sentence(err.Error()), err}
	}
	return true, nil
}

// words are the script's own about what went wrong.
func (t trailer) words() string {
	s := sentence(t.Error)
	if t.Line > 0 {
		s = fmt.Sprintf("line %d: %s", t.Line, s)
	}
	if t.Type != "" {
		s += " (" + sentence(t.Type) + ")"
	}
	return s
}
