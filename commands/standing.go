package commands

import (
	"fmt"
	"strings"

	"itmsbot/estate"
)

// standing says what stands of the upgrade as a whole: a hold, the set, who is let in by
// name, what people have vouched for, and which rules were passed over. The last stay
// until the end.
func (r *Router) standing() (string, error) {
	l, err := r.engine.Ledger()
	if err != nil {
		return "", err
	}
	name := r.engine.Policy().Name
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if h := l.Whole.Hold; h != nil {
		add("*On hold* since %s, by %s: “%s”.", Time(h.At), name(h.By), h.Text)
	}
	if s := l.Set; s != nil {
		switch {
		case s.Committed():
			add("The snapshot set of %s is committed: there is no way back by it.", s.Request)
		case len(s.Removed) > 0:
			add("The snapshot set of %s is half committed: gone on %s, so it is no way back any more. `/itms commit` removes the rest.", s.Request, estate.Join(s.Removed))
		default:
			add("The snapshot set is that of %s, taken %s.", s.Request, Time(s.At))
		}
	}
	for _, q := range l.Openings {
		switch o := q.Opening; {
		case o.Stuck != "":
			add("*Open and should be closed:* %s, `/itms %s`. %s", q.ID, q.Line, o.Stuck)
		case o.Until.IsZero():
			add("Open: %s, `/itms %s`, without an end.", q.ID, q.Line)
		default:
			add("Open: %s, `/itms %s`, until %s.", q.ID, q.Line, Time(o.Until))
		}
	}
	for _, s := range l.Whole.Signed {
		if _, counts := l.Vouched(s.Fact); counts {
			add("Signed by %s: %s.", name(s.By), s.Fact)
		}
	}
	passed, err := r.engine.PassedOver(l)
	if err != nil {
		return "", err
	}
	for _, p := range passed {
		add("%s: %s", p.Request, Overridden(p.Override))
	}
	if len(lines) == 0 {
		return "", nil
	}
	return "\n" + strings.Join(lines, "\n"), nil
}
