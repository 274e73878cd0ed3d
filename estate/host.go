package estate

import "time"

// HostRecord is what is written down of a host before the upgrade, to be compared
// with afterwards (1.4).
type HostRecord struct {
	Answer
	// BIOS is the UUID of Win32_ComputerSystemProduct as Windows writes it.
	// CanonicalUUID and SwappedUUID lead from it to the virtual machine.
	BIOS string `json:"bios"`
	// Windows is the version of the operating system, such as 10.0.14393.
	Windows string `json:"windows"`
	// Boot is when Windows started. A change of the clock moves it; whether a
	// host has started anew is for RebootState to say.
	Boot     time.Time      `json:"boot"`
	Networks []Network      `json:"networks"`
	Services []Service      `json:"services"` // by name, all but those of one logon session
	Products []Product      `json:"products"` // of Altiris, Symantec and Broadcom, by name
	Account  MachineAccount `json:"account"`
}

// Network is a connected network.
type Network struct {
	Interface string `json:"interface"`
	Name      string `json:"name"`
	// Profile is Domain, Private or Public: which rules count for what comes in
	// from there.
	Profile string `json:"profile"`
}

// Service is a Windows service.
type Service struct {
	Name    string `json:"name"`    // the key, never localised
	Display string `json:"display"` // for people
	State   string `json:"state"`   // Running, Stopped, Start Pending, Stop Pending …
	Start   string `json:"start"`   // Auto, Manual, Disabled
	Account string `json:"account"` // LocalSystem, CORP\svc-itms
}

// Running reports whether a service is up, and not on its way up or down.
func (s Service) Running() bool { return s.State == "Running" }

// Product is an installed program as the list of programs has it.
type Product struct {
	Code      string `json:"code"` // the product code of an MSI, or another key
	Name      string `json:"name"`
	Version   string `json:"version"`
	Publisher string `json:"publisher"`
}

// MachineAccount is a host's own account in its domain. Windows changes the password
// of it by itself; a host that goes back to a snapshot from before such a change has
// lost the trust of its domain.
type MachineAccount struct {
	Domain string `json:"domain"` // of the domain, or of the workgroup
	Joined bool   `json:"joined"`
	// Trusted reports whether the secure channel to the domain works; nil when
	// that could not be found out, or the host is in no domain.
	Trusted *bool `json:"trusted"`
	// PasswordSeconds is how long ago the password was last changed, by the host's
	// own clock; nil when its event log does not reach back that far, or the host
	// is in no domain.
	PasswordSeconds *int64 `json:"password_seconds"`
	// PasswordDays is the age at which Windows changes it; 30 unless configured.
	PasswordDays int `json:"password_days"`
	// PasswordFixed reports that Windows never changes it.
	PasswordFixed bool `json:"password_fixed"`
}

// Disks is one look at a host's fixed drives.
type Disks struct {
	Answer
	Disks []Disk `json:"disks"` // by name
}

// Disk is a fixed drive, or a volume mounted in a folder.
type Disk struct {
	Name string `json:"name"` // "C:" or "D:\Data"
	// Free and Size are bytes; both are 0 for a volume that cannot be read.
	Free int64 `json:"free"`
	Size int64 `json:"size"`
	// System marks the drive from which Windows runs.
	System bool `json:"system"`
}
