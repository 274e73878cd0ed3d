package estate

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// RebootState is one look at what a reboot would find, and at whether there was one
// (1.4 item 6).
type RebootState struct {
	Answer
	// Boot is when Windows started, by the host's clock. A change of the clock
	// moves it, so that Laid decides.
	Boot time.Time `json:"boot"`
	// Laid is when the boot key of the look's key was laid; nil when there is
	// none. The key does not survive a boot: one that was laid and is gone proves
	// that the host has started anew.
	Laid *time.Time `json:"laid"`
	// Ordered is when a restart was ordered for the same key in the boot that
	// runs; nil when none was.
	Ordered *time.Time `json:"ordered"`
	// Reasons are why Windows wants to be restarted.
	Reasons []RebootReason `json:"reasons"`
	// Agent is the management agent's own armed power action, nil for none. It
	// would restart the host when the agent likes.
	Agent *PowerAction `json:"agent"`
	// Installers are running installations.
	Installers []Installer `json:"installers"`
	// InProgress reports that Windows Installer has an installation under way.
	InProgress bool `json:"in_progress"`
	// Schedules reports the marker RecreateAllSchedulesPostUpgrade: the upgrade is
	// not finished, and may not be for hours (itms.md §9).
	Schedules bool `json:"schedules"`
}

// RebootReason is one reason for a restart, with what stands behind it.
type RebootReason struct {
	Code  string   `json:"code"`
	Count int      `json:"count"` // of files for FileRename, else 1
	Items []string `json:"items"` // files, the first 20
}

// The codes of reasons (itms.md §12).
const (
	FileRename      = "file-rename"      // PendingFileRenameOperations and …2
	Servicing       = "servicing"        // Component Based Servicing\RebootPending
	WindowsUpdate   = "windows-update"   // Auto Update\RebootRequired or PostRebootReporting
	UpdatesVolatile = "updates-volatile" // SOFTWARE\Microsoft\Updates UpdateExeVolatile
	RunOnce         = "run-once"         // RunOnce DVDRebootSignal
	DomainJoin      = "domain-join"      // Netlogon JoinDomain or AvoidSpnSet
	ComputerRename  = "computer-rename"  // the active name is not the one that is set
)

// PowerAction is the agent's own restart (itms.md §9). Both are as the agent writes
// them.
type PowerAction struct {
	Action   string `json:"action"`
	Deadline string `json:"deadline"`
}

// Installer is a process that installs something. Command lines are not asked for:
// they may hold passwords.
type Installer struct {
	Process string    `json:"process"`
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
}

// installation matches files that an installation or an update left to be replaced.
// Virus scanners, printers and browsers fill the same list within seconds of a boot.
var installation = regexp.MustCompile(`(?i)\\(altiris|symantec|broadcom|winsxs|config\.msi|installer|softwaredistribution)\\|\.(msi|rbf)$`)

// Blocks reports whether a reason has to be cleared by a reboot before anything is
// installed. Of files to be renamed, those count that an installation left; a list
// that is longer than what was read counts too.
func (r RebootReason) Blocks() bool {
	return r.Code != FileRename || r.Count > len(r.Items) || slices.ContainsFunc(r.Items, installation.MatchString)
}

// Busy says in sentences why a restart would come at the wrong time.
func (s RebootState) Busy() []string {
	var busy []string
	for _, i := range s.Installers {
		busy = append(busy, fmt.Sprintf("%s runs since %s", i.Process, i.Since.UTC().Format("15:04 MST")))
	}
	if s.InProgress && len(s.Installers) == 0 {
		busy = append(busy, "Windows Installer has an installation under way")
	}
	if s.Schedules {
		busy = append(busy, "the SMP is still recreating its schedules after an upgrade")
	}
	return busy
}
