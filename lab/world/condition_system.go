package world

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// logBurst is the most entries that one condition puts into a log.
const logBurst = 5000

// setLog puts errors into a log, all of this moment.
func setLog(w *World, h *host, c Condition) error {
	e := LogEntry{At: w.now, Log: c.Name, Level: LevelError, Text: c.Word}
	switch {
	case c.Name == SystemLog:
		e.Source, e.ID = "Service Control Manager", 7031
	case c.Name == ApplicationLog:
		e.Source, e.ID = "Application Error", 1000
	case c.Name == SMPLog && h.role == roleSMP:
		e.Source = "Altiris.NS.DatabaseContext"
	default:
		return fmt.Errorf("%s has no log %q; there are System and Application, and SMP on the SMP server", h.name, c.Name)
	}
	if *c.Number < 1 || *c.Number > logBurst {
		return fmt.Errorf("a burst is 1 to %d errors, not %d", logBurst, *c.Number)
	}
	if e.Text == "" {
		e.Text = "A transport-level error has occurred when receiving results from the server"
	}
	for range *c.Number {
		h.note(e)
	}
	return nil
}

func setLogCleared(w *World, h *host, c Condition) error {
	if c.Name != SystemLog && c.Name != ApplicationLog && (c.Name != SMPLog || h.role != roleSMP) {
		return fmt.Errorf("%s has no log %q; there are System and Application, and SMP on the SMP server", h.name, c.Name)
	}
	h.system.since[c.Name] = w.timeOf(h)
	return nil
}

// PendingCodes are the reasons for a reboot that a host can have.
func PendingCodes() []string {
	return []string{"file-rename", "servicing", "windows-update", "updates-volatile", "run-once", "domain-join", "computer-rename"}
}

func setPending(_ *World, h *host, c Condition) error {
	if !slices.Contains(PendingCodes(), c.Name) {
		return fmt.Errorf("there is no reason %q for a reboot; there are %s", c.Name, strings.Join(PendingCodes(), ", "))
	}
	s := &h.system
	i := slices.IndexFunc(s.pending, func(p Pending) bool { return p.Code == c.Name })
	switch {
	case !*c.On && i >= 0:
		s.pending = slices.Delete(s.pending, i, i+1)
		return nil
	case !*c.On:
		return nil
	case i < 0:
		s.pending = append(s.pending, Pending{Code: c.Name})
		i = len(s.pending) - 1
	}
	if c.Name == "file-rename" {
		file := c.Word
		if file == "" {
			file = `C:\Program Files\Altiris\Notification Server\Bin\Altiris.NS.dll`
		}
		s.pending[i].Items = append(s.pending[i].Items, file)
	}
	return nil
}

func setInstaller(w *World, h *host, c Condition) error {
	s := &h.system
	s.installers = slices.DeleteFunc(s.installers, func(p Process) bool { return equalFold(p.Name, c.Name) })
	if *c.On {
		s.installers = append(s.installers, Process{c.Name, 3000 + 4*len(s.installers), w.timeOf(h).Truncate(time.Second)})
	}
	s.installing = len(s.installers) > 0
	return nil
}

func setAction(w *World, h *host, c Condition) error {
	h.system.action = nil
	if *c.On {
		h.system.action = &PowerAction{"2", w.timeOf(h).Add(4 * time.Hour).Format("2006-01-02 15:04:05")}
	}
	return nil
}

// setMarker switches something that only the SMP has in its registry.
func setMarker(mark func(*system) *bool) func(*World, *host, Condition) error {
	return func(w *World, _ *host, c Condition) error {
		if !w.smp().up() {
			return fmt.Errorf("%s is not running", w.smp().name)
		}
		*mark(&w.smp().system) = *c.On
		return nil
	}
}

// setClock steps a host's clock: so many seconds before the world's, or behind it.
func setClock(_ *World, h *host, c Condition) error {
	const most = 7 * day
	if *c.Number < -most || *c.Number > most {
		return fmt.Errorf("a clock is at most %d seconds off, not %d", most, *c.Number)
	}
	h.clock = int64(*c.Number)
	return nil
}

func setConstrained(_ *World, h *host, c Condition) error {
	h.system.constrained = *c.On
	return nil
}

func setNoReturn(_ *World, h *host, c Condition) error {
	h.system.noReturn = *c.On
	return nil
}

// setLame stops a service for good, or mends it; it is not started by that.
func setLame(w *World, h *host, c Condition) error {
	s := h.service(c.Name)
	switch {
	case s == nil:
		return fmt.Errorf("%s has no service %q", h.name, c.Name)
	case s.Name == "MpsSvc":
		return fmt.Errorf("the firewall service of %s cannot be stopped; switch its profile off", h.name)
	}
	name := strings.ToLower(s.Name)
	if !*c.On {
		delete(h.system.lame, name)
		return nil
	}
	h.system.lame[name] = true
	if s.State != "Stopped" {
		s.State = "Stopped"
		w.servicesChanged()
		w.condemn(h)
	}
	return nil
}

// startAll starts what starts by itself at the end of a boot. Remote Desktop is among
// it: Windows has it as Manual and starts it whenever it is allowed.
func (w *World) startAll(h *host) {
	for i := range h.services {
		s := &h.services[i]
		if s.Start != "Auto" && s.Name != "TermService" {
			continue
		}
		if h.system.lame[strings.ToLower(s.Name)] {
			h.note(LogEntry{At: w.now, Log: SystemLog, Source: "Service Control Manager", ID: 7009, Level: LevelError,
				Text: fmt.Sprintf("A timeout was reached (30000 milliseconds) while waiting for the %s service to connect.", s.Display)})
			continue
		}
		s.State = "Running"
	}
}

// setPassword says when Windows renewed the password of a host's own account; the
// directory agrees.
func setPassword(w *World, h *host, c Condition) error {
	if *c.Number < 0 || *c.Number > 365 {
		return fmt.Errorf("a machine password is 0 to 365 days old, not %d", *c.Number)
	}
	h.account.renewed = w.now.Add(-time.Duration(*c.Number) * 24 * time.Hour).Truncate(time.Second)
	w.directory[h.name] = h.account.renewed
	return nil
}
