package world

import (
	"fmt"
	"time"
)

// Machine is a host as a hypervisor sees it.
type Machine struct {
	Host  string
	BIOS  string // UUID
	Power Power
	// Tools reports whether the guest answers the hypervisor: from the end of a
	// boot to the loss of power.
	Tools bool
	// GrowthMB is how many megabytes an hour the host writes anew on its disks,
	// and so how fast a snapshot's delta disks grow.
	GrowthMB int64
	// Renewed is when the host last changed the password of its machine account.
	Renewed time.Time
	// Trusted reports whether the domain knows that password. A revert to a
	// snapshot from before a change loses the trust; a host outside the domain
	// has none to lose.
	Trusted bool
}

// physicalBIOS is the UUID of a machine of its own: a maker's and no hypervisor's.
const physicalBIOS = "4c4c4544-0034-4a10-8052-b7c04f4d5331"

// Machines lists the hosts that a hypervisor has, in the order of Truth.
func (w *World) Machines() []Machine {
	w.lock()
	defer w.mu.Unlock()
	var list []Machine
	for _, h := range w.hosts {
		if h.physical {
			continue
		}
		list = append(list, Machine{
			Host: h.name, BIOS: h.bios, Power: h.power, Tools: h.up(), GrowthMB: h.growth(),
			Renewed: h.account.renewed, Trusted: w.trusts(h),
		})
	}
	return list
}

// growth is in megabytes an hour; a database writes most.
func (h *host) growth() int64 {
	switch h.role {
	case roleSQL:
		return 6144
	case roleSMP:
		return 2048
	}
	return 512
}

// PowerOn begins a boot, as pressing the button does.
func (w *World) PowerOn(name string) error { return w.press(name, true) }

// PowerOff takes a host's power away at once. A guest that is asked to shut down
// ends the same way.
func (w *World) PowerOff(name string) error { return w.press(name, false) }

func (w *World) press(name string, on bool) error {
	w.lock()
	defer w.mu.Unlock()
	h, err := w.host(name)
	if err != nil {
		return err
	}
	if on == (h.power != PowerOff) {
		return fmt.Errorf("the power of %s is %s already", h.name, h.power)
	}
	w.switchPower(h, on)
	w.bump()
	return nil
}

// account is what a host remembers of its machine account in the domain.
type account struct{ renewed time.Time }

// RenewPassword lets a host change the password of its machine account now, as
// Windows does every thirty days.
func (w *World) RenewPassword(name string) error {
	return w.onHost(name, func(h *host) error {
		w.renew(h)
		return nil
	})
}

func (w *World) renew(h *host) {
	h.account.renewed = w.now
	w.directory[h.name] = w.now
}

// trusts reports whether the domain knows the password of a host's machine account. A
// host in no domain has no trust to lose.
func (w *World) trusts(h *host) bool {
	return h.role == roleGateway || h.account.renewed.Equal(w.directory[h.name])
}

// Trusts reports whether accounts of the domain can log on to a host: its secure channel
// works, or it is in no domain and has accounts of its own under the same names.
func (w *World) Trusts(name string) bool {
	w.lock()
	defer w.mu.Unlock()
	h, err := w.host(name)
	return err == nil && w.trusts(h)
}

// setTrust lets the domain lose the password of a host's machine account, or does what
// Test-ComputerSecureChannel -Repair does on the host: both agree on a new one.
func setTrust(w *World, h *host, c Condition) error {
	switch {
	case h.role == roleGateway:
		return fmt.Errorf("%s is in no domain", h.name)
	case !*c.On:
		w.directory[h.name] = time.Time{}
	case !h.up():
		return fmt.Errorf("%s is not running, so nobody can repair its secure channel", h.name)
	default:
		w.renew(h)
	}
	return nil
}

// join gives the hosts their machine accounts, twelve days old and from different
// hours.
func (w *World) join(start time.Time) {
	w.directory = map[string]time.Time{}
	for i, h := range w.machines() {
		h.account.renewed = start.Add(-12*24*time.Hour - time.Duration(i)*5*time.Hour).Truncate(time.Second)
		w.directory[h.name] = h.account.renewed
	}
}
