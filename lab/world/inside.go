package world

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// QueuePath is where the SMP of the world keeps its queue; EventQueuePath says so.
const QueuePath = `D:\SMP\EventQueue`

// Inside is what somebody logged on to a host sees of it beside the firewall: a copy
// of one moment.
type Inside struct {
	Machine string // MachineGuid
	BIOS    string // UUID, as Windows reports it
	Name    string // NetBIOS
	Now     time.Time

	Windows  string    // version of the operating system
	Boot     time.Time // by the host's clock: setting it moves this too, as Windows does
	Networks []Network
	Services []Service
	Products []Product
	Disks    []Disk
	Files    []File
	Folders  []string // those that stay when they are empty
	Account  Account

	// SMP reports whether the Notification Server is installed; the four below are
	// its own.
	SMP            bool
	Inbox, Bodies  int // files in EvtInbox and EvtQueue
	Flush, Paused  bool
	Schedules      bool // RecreateAllSchedulesPostUpgrade
	Laid, Ordered  map[string]time.Time
	RestartOrdered bool

	// Constrained reports whether PowerShell is held to constrained language.
	Constrained bool

	Pending    []Pending
	Installers []Process
	Installing bool
	Action     *PowerAction // nil for none
}

// Network is a connected network.
type Network struct{ Interface, Name, Profile string }

// Product is an installed program.
type Product struct{ Code, Name, Version, Publisher string }

// Account is the machine account.
type Account struct {
	Domain  string
	Joined  bool
	Trusted bool
	Renewed time.Time // of the password, as the System log has it
}

// Inside shows a host to somebody logged on to it; a host that is not up shows
// nothing.
func (w *World) Inside(name string) (Inside, error) {
	var v Inside
	err := w.seeHost(name, func(h *host) error {
		v = w.inside(h)
		return nil
	})
	return v, err
}

func (w *World) inside(h *host) Inside {
	s := &h.system
	v := Inside{
		Machine: h.machine, BIOS: h.bios, Name: h.name, Now: w.timeOf(h),
		Windows: h.windows, Boot: h.began.Add(h.ahead()), Networks: h.networks(),
		Services: slices.Clone(h.services), Products: h.products(), Disks: slices.Clone(h.disks),
		Files: slices.Clone(h.files), Folders: slices.Clone(h.folders),
		Account: Account{Domain: "lab.example", Joined: true, Renewed: h.account.renewed, Trusted: w.trusts(h)},
		SMP:     h.role == roleSMP, Flush: s.flush, Paused: s.paused, Schedules: s.schedules,
		Laid: maps.Clone(s.laid), Ordered: maps.Clone(s.ordered), RestartOrdered: s.restart != 0,
		Constrained: s.constrained, Pending: clonePending(s.pending), Installers: slices.Clone(s.installers), Installing: s.installing,
	}
	if h.role == roleGateway {
		v.Account = Account{Domain: "WORKGROUP"}
	}
	if v.SMP {
		// An event is one file at a time: it comes into the inbox and is taken up
		// in the other folder.
		v.Bodies = w.queue.files / 4
		v.Inbox = w.queue.files - v.Bodies
	}
	if s.action != nil {
		a := *s.action
		v.Action = &a
	}
	return v
}

// networks has the one network of a host.
func (h *host) networks() []Network {
	list := []Network{}
	for _, p := range h.profiles {
		if p.Active {
			name := "lab.example"
			if p.Name != "Domain" {
				name = "Network"
			}
			list = append(list, Network{"Ethernet0", name, p.Name})
		}
	}
	return list
}

// products are those of ITMS, in the version that the host has.
func (h *host) products() []Product {
	const maker = "Symantec Corporation"
	if h.version == "" {
		return []Product{}
	}
	list := []Product{{"{4F5A3B10-8C7E-4D25-A0C1-6B1E2D9F7A01}", "Symantec Management Agent", h.version, maker}}
	switch h.role {
	case roleSMP:
		list = append(list,
			Product{"{4F5A3B10-8C7E-4D25-A0C1-6B1E2D9F7A02}", "Symantec Management Platform", h.version, maker},
			Product{"{4F5A3B10-8C7E-4D25-A0C1-6B1E2D9F7A03}", "Altiris Inventory Solution", h.version, maker},
			Product{"{4F5A3B10-8C7E-4D25-A0C1-6B1E2D9F7A04}", "Altiris Patch Management Solution", h.version, maker})
	case roleGateway:
		list = append(list, Product{"{4F5A3B10-8C7E-4D25-A0C1-6B1E2D9F7A05}", "Symantec Internet Gateway", h.version, maker})
	}
	slices.SortFunc(list, func(a, b Product) int { return strings.Compare(a.Name, b.Name) })
	return list
}
