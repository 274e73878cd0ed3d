package commands

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// Call is a line and who sent it.
type Call struct {
	By   runbook.Person
	Door string
	// Delivery is the row under which the call is on disk.
	Delivery int64
	Line     string
	// Pressed says that the line is a button's: what it lacks can be asked for.
	Pressed bool
}

// Journal is what reads need of the trail.
type Journal interface {
	Live() ([]runbook.Request, error)
	Recent(n int) ([]runbook.Request, error)
	Tail(n int) ([]runbook.Event, error)
	Head() (n int64, hash string, err error)
}

// Parking is where credentials wait that a host has refused.
type Parking interface {
	// Unpark lets the credential of a host be tried once more.
	Unpark(host string)
}

// Router is the one way in. It is safe for use by one goroutine at a time,
// which is the one that takes deliveries in their order.
type Router struct {
	engine  *actions.Engine
	journal Journal
	looks   *actions.Looks
	parking Parking
	table   []command
}

// NewRouter makes the router. It starts nothing.
func NewRouter(e *actions.Engine, l *actions.Looks, p Parking, j Journal) *Router {
	r := &Router{engine: e, looks: l, parking: p, journal: j}
	r.table = r.commands()
	return r
}

// command is a word and what it does. looks says that viewers may use it.
type command struct {
	name, args, summary string
	looks               bool
	run                 func(tx actions.Tx, o actions.Order, words []string) (Reply, *runbook.Refusal, error)
	// asks is run in its place where a button's line has one word only.
	asks func(tx actions.Tx, o actions.Order, word string) (Reply, *runbook.Refusal, error)
}

// Do decides what a line asks for, inside the transaction of its delivery. The
// error is one of the journal; the caller then gets no answer and the delivery
// stays unhandled.
func (r *Router) Do(tx actions.Tx, c Call) (Reply, error) {
	o := actions.Order{By: c.By, Door: c.Door, Delivery: c.Delivery}
	words, refusal := Words(c.Line)
	if refusal == nil {
		o.Line = line(words)
		var reply Reply
		var err error
		reply, refusal, err = r.dispatch(tx, o, words, c.Pressed)
		if err = asRefusal(err, &refusal); err != nil {
			return Reply{}, err
		}
		if refusal == nil {
			return reply, nil
		}
	}
	return no(refusal), r.record(tx, o, c.Line, refusal)
}

// line writes words so that Words reads the same of it.
func line(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; w == "" || strings.ContainsFunc(w, unicode.IsSpace) {
			quoted[i] = `"` + w + `"`
		}
	}
	return strings.Join(quoted, " ")
}

// asRefusal turns an event that a request cannot take into words: somebody was
// faster, and the table of states said no.
func asRefusal(err error, refusal **runbook.Refusal) error {
	var misfit *runbook.Misfit
	if errors.As(err, &misfit) {
		*refusal = runbook.Refuse("`/itms status` says what is so now.", "%s is %s, so that cannot be done.", misfit.Request, misfit.State)
		return nil
	}
	return err
}

func (r *Router) dispatch(tx actions.Tx, o actions.Order, words []string, pressed bool) (Reply, *runbook.Refusal, error) {
	if len(words) == 0 {
		words = []string{"menu"}
	}
	if c, rest := r.named(words); c != nil {
		if c.looks {
			if no := r.engine.Policy().Known(o.By); no != nil {
				return Reply{}, no, nil
			}
		}
		if pressed && c.asks != nil && len(rest) == 1 {
			return c.asks(tx, o, rest[0])
		}
		return c.run(tx, o, rest)
	}
	if no := r.engine.Policy().Known(o.By); no != nil {
		return Reply{}, no, nil // the words are for those on the list
	}
	return Reply{}, r.unknown(words[0]), nil
}

// named finds the command that words begin with, the one of two words before the one
// of its first alone, and gives the words after it.
func (r *Router) named(words []string) (*command, []string) {
	for n := min(2, len(words)); n > 0; n-- {
		name := strings.ToLower(strings.Join(words[:n], " "))
		for i, c := range r.table {
			if c.name == name {
				return &r.table[i], words[n:]
			}
		}
	}
	return nil, nil
}

// unknown says no to a word that is no command, and which one was meant.
func (r *Router) unknown(word string) *runbook.Refusal {
	name := strings.ToLower(word)
	var known, begin []string
	for _, c := range r.table {
		known = append(known, c.name)
		if strings.HasPrefix(c.name, name+" ") {
			begin = append(begin, "`/itms "+c.name+"`")
		}
	}
	if len(begin) > 0 {
		return runbook.Refuse("There are "+strings.Join(begin, ", ")+".", "`/itms %s` needs one more word.", name)
	}
	const shown = 40
	if rs := []rune(word); len(rs) > shown {
		word = string(rs[:shown]) + "…"
	}
	word = strings.ReplaceAll(word, "`", "'")
	if near := nearest(name, known); near != "" {
		return runbook.Refuse("`/itms help` lists everything.", "There is no `%s`. Did you mean `/itms %s`?", word, near)
	}
	return runbook.Refuse("`/itms help` lists everything.", "There is no `%s`.", word)
}

// record writes the refusal down: who was turned away, from what, and why.
func (r *Router) record(tx actions.Tx, o actions.Order, line string, refusal *runbook.Refusal) error {
	const kept = 500
	if rs := []rune(line); len(rs) > kept {
		line = string(rs[:kept]) + fmt.Sprintf("… (%d characters)", len(rs))
	}
	_, err := add(tx, o, runbook.Refused, runbook.RefusedBody{Line: strings.ToValidUTF8(line, "�"), Refusal: *refusal})
	return err
}

// add writes an event that belongs to no request.
func add(tx actions.Tx, o actions.Order, kind runbook.Kind, body any) (runbook.Event, error) {
	upgrade, err := tx.Upgrade()
	if err != nil {
		return runbook.Event{}, err
	}
	ev, err := runbook.NewEvent(kind, "", body)
	if err != nil {
		return ev, err
	}
	ev.Upgrade, ev.Actor, ev.Door, ev.Delivery = upgrade, o.By, o.Door, o.Delivery
	return tx.Add(ev)
}

// Refuse answers a call that its door turns away, and writes that down.
func (r *Router) Refuse(tx actions.Tx, c Call, refusal *runbook.Refusal) (Reply, error) {
	return no(refusal), r.record(tx, actions.Order{By: c.By, Door: c.Door, Delivery: c.Delivery}, c.Line, refusal)
}
