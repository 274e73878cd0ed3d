package lab

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// faultSource is a group of faults and the server that carries them out.
type faultSource struct {
	faultGroup
	inject func(madeFault) error // with the kind's own name, without the group
	left   func() []madeFault    // those still at work, with the count and after that are left
	clear  func() error
}

// madeFault is a fault as somebody asked for it.
type madeFault struct {
	kind, target string
	count, after int
}

// faultDesk makes faults and remembers them, because the servers forget a fault
// that has struck as often as it was to, and people want to read that it did.
type faultDesk struct {
	sources []faultSource

	mu   sync.Mutex // guards made, and keeps it in step with the servers
	made []madeFault
}

func newFaultDesk(sources ...faultSource) *faultDesk {
	sources = slices.DeleteFunc(sources, func(s faultSource) bool { return len(s.Targets) == 0 })
	return &faultDesk{sources: sources}
}

func (d *faultDesk) groups() []faultGroup {
	groups := []faultGroup{}
	for _, s := range d.sources {
		groups = append(groups, s.faultGroup)
	}
	return groups
}

// find returns the source of a kind such as "slack.down" and the kind itself.
func (d *faultDesk) find(kind string) (faultSource, faultKind, bool) {
	for _, s := range d.sources {
		for _, k := range s.Kinds {
			if k.Kind == kind {
				return s, k, true
			}
		}
	}
	return faultSource{}, faultKind{}, false
}

// inject makes a fault, or says what is wrong with it.
func (d *faultDesk) inject(f madeFault) error {
	s, k, ok := d.find(f.kind)
	if !ok {
		return refusef(http.StatusBadRequest, "There is no fault %q; GET /lab/faults lists them.", f.kind)
	}
	switch {
	case !slices.ContainsFunc(s.targetsOf(k), func(t faultTarget) bool { return t.Target == f.target }):
		return refusef(http.StatusBadRequest, "%s: %s has no target %q; GET /lab/faults lists them.", s.Title, k.Name, f.target)
	case k.Lasts && (f.count != 0 || f.after != 0):
		return refusef(http.StatusBadRequest, "%s: %s lasts until it is cleared, so send neither count nor after.", s.Title, k.Name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	plain := f
	plain.kind = k.Name
	if err := s.inject(plain); err != nil {
		return err
	}
	d.made = append(d.made, f)
	return nil
}

// clear ends every fault and forgets those used up.
func (d *faultDesk) clear() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.made = nil
	var errs []error
	for _, s := range d.sources {
		errs = append(errs, s.clear())
	}
	return errors.Join(errs...)
}

// active lists the faults made, oldest first. A fault made on the server itself,
// by a test, counts as one too.
func (d *faultDesk) active() []activeFault {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []activeFault
	for _, s := range d.sources {
		left := s.left()
		for i := range left {
			left[i].kind = s.Name + "." + left[i].kind
		}
		for _, made := range d.made {
			if _, of, _ := d.find(made.kind); !strings.HasPrefix(of.Kind, s.Name+".") {
				continue
			}
			// Of two alike the server uses up the older first; this takes the newer's
			// place only on the page, where they look the same.
			i := slices.IndexFunc(left, made.mayHaveLeft)
			a := s.describe(made)
			if i < 0 {
				a.Struck, a.UsedUp = made.count, true
			} else {
				a.Waiting = left[i].after
				if made.count > 0 {
					a.Struck = made.count - left[i].count
				}
				left = slices.Delete(left, i, i+1)
			}
			all = append(all, a)
		}
		for _, l := range left {
			a := s.describe(l)
			a.Waiting = l.after
			all = append(all, a)
		}
	}
	return all
}

// mayHaveLeft reports whether l can be what is left of f.
func (f madeFault) mayHaveLeft(l madeFault) bool {
	return l.kind == f.kind && l.target == f.target && l.after <= f.after &&
		l.count <= f.count && (l.count == 0) == (f.count == 0)
}

func (s faultSource) describe(f madeFault) activeFault {
	a := activeFault{Kind: f.kind, Name: strings.TrimPrefix(f.kind, s.Name+"."), Group: s.Title, Target: f.target, Count: f.count}
	targets := s.Targets
	for _, k := range s.Kinds {
		if k.Kind == f.kind {
			targets, a.Lasts = s.targetsOf(k), k.Lasts
		}
	}
	for _, t := range targets {
		if t.Target == f.target {
			a.Target = t.Name
		}
	}
	return a
}

// targetsOf are what a kind can be about.
func (s faultSource) targetsOf(k faultKind) []faultTarget {
	if k.Targets != nil {
		return k.Targets
	}
	return s.Targets
}

// sentence gives a clause its capital and its full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
