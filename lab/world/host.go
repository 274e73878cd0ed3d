package world

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// bootSeconds is how long a host takes from power to its first answer.
const bootSeconds = 150

// host is one server.
type host struct {
	name, role, label, machine string
	bios                       string // UUID
	physical                   bool   // no hypervisor has it
	windows                    string // version of the operating system

	address netip.Addr
	subnet  netip.Prefix

	clock int64 // seconds by which the host's own clock is ahead of the world's
	power Power
	ready int64     // while starting: when it will be on
	began time.Time // of the last boot

	profiles []Profile
	rules    []Rule
	gate     *gate // rules and profiles compiled; nil after a change

	services  []Service
	listeners []listener
	doors     []int // client ports
	version   string
	disks     []Disk
	files     []File
	folders   []string // that are there although no file may be in them
	account   account
	agent     agentState
	system    system

	marker   string // HKLM value that arms the task
	task     *Task
	closings []Closing  // by key
	caller   netip.Addr // who spoke to WinRM last
}

// listener is a program that waits for connections while its service runs.
type listener struct {
	service string
	program string // in lower case, as the compiled rules have it
	first   int
	last    int
}

// timeOf is what a host's own clock says.
func (w *World) timeOf(h *host) time.Time { return w.now.Add(h.ahead()) }

// ahead is how far a host's clock is before the world's.
func (h *host) ahead() time.Duration { return time.Duration(h.clock) * time.Second }

// equalFold compares names as Windows does.
func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

func (w *World) errNoHost(name string) error {
	var names []string
	for _, h := range w.machines() {
		names = append(names, h.name)
	}
	return fmt.Errorf("there is no host %q; there are %s", name, strings.Join(names, ", "))
}

// errNoSuch is under every refusal to touch what does not exist.
var errNoSuch = errors.New("does not exist")

// Missing reports whether err says that a rule or a task does not exist.
func Missing(err error) bool { return errors.Is(err, errNoSuch) }

// up reports whether the host has booted.
func (h *host) up() bool { return h.power == PowerOn }

// service finds a service by name, in any letter case; nil when there is none.
func (h *host) service(name string) *Service {
	for i := range h.services {
		if equalFold(h.services[i].Name, name) {
			return &h.services[i]
		}
	}
	return nil
}

// running reports whether all services named run on a host that is up.
func (h *host) running(names ...string) bool {
	for _, name := range names {
		if s := h.service(name); s == nil || s.State != "Running" {
			return false
		}
	}
	return h.up()
}

// listens gives the program that waits on a TCP port.
func (h *host) listens(port int) (program string, ok bool) {
	for _, l := range h.listeners {
		if l.first <= port && port <= l.last && h.running(l.service) {
			return l.program, true
		}
	}
	return "", false
}

// admits reports whether a connection is answered: the host is up, a program
// listens, and the firewall lets the address through to it.
func (h *host) admits(remote netip.Addr, port int) bool {
	program, ok := h.listens(port)
	return ok && h.compiled().admits(remote, port, program)
}

// isDoor reports whether port is a client port.
func (h *host) isDoor(port int) bool {
	for _, p := range h.doors {
		if p == port {
			return true
		}
	}
	return false
}

// switchPower turns a host on or off. Turning on begins a boot; services and
// network come with its end.
func (w *World) switchPower(h *host, on bool) {
	switch {
	case on && h.power == PowerOff:
		h.power = PowerStarting
		h.ready = w.at + bootSeconds
	case !on && h.power != PowerOff:
		h.power = PowerOff
		h.caller = netip.Addr{}
		h.system.powerLost()
		for i := range h.services {
			h.services[i].State = "Stopped"
		}
		w.cutOff(h)
		w.servicesChanged()
		for _, lost := range w.powerLoss {
			lost(h.name)
		}
	}
}

// boot ends a boot that is due: what starts by itself runs.
func (w *World) boot(h *host) {
	if h.power != PowerStarting || w.at < h.ready || h.system.noReturn {
		return
	}
	h.power = PowerOn
	h.began = moment(w.at)
	h.system.booted()
	w.startAll(h)
	if h.role == roleSMP {
		w.queue.stuck = false // a new dispatcher
	}
	w.servicesChanged()
}

// Restart reboots a host: it is off at once and answers again when it has booted.
func (w *World) Restart(name string) error {
	w.lock()
	defer w.mu.Unlock()
	h, err := w.host(name)
	if err != nil {
		return err
	}
	if !h.up() {
		return fmt.Errorf("%s is not running, so it cannot be restarted", h.name)
	}
	w.switchPower(h, false)
	w.switchPower(h, true)
	w.bump()
	return nil
}

// Answers reports whether a connection from remote to a port of host gets an
// answer now: the host is up, something listens there, and the firewall lets it in.
func (w *World) Answers(name string, remote netip.Addr, port int) bool {
	w.lock()
	defer w.mu.Unlock()
	h, err := w.host(name)
	if err != nil || !h.admits(remote, port) {
		return false
	}
	if port == winrmPort || port == winrmsPort {
		h.caller = remote
	}
	return true
}
