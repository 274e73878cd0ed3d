package winrm

import (
	"time"

	"itmsbot/estate/winrm/scripts"
)

// scriptSet is every script of the typed calls.
type scriptSet struct {
	firewallRead, firewallAdd, firewallCopy, firewallSwitch, firewallRemove     Script
	restoreArm, restoreDisarm, closingArm, closingDisarm                        Script
	serviceSwitch                                                               Script
	hostRecord, queueRead, logRead, iisRead, evidenceRead, diskRead, fileNewest Script
	rebootRead, rebootLay, rebootOrder                                          Script
}

// Looks that take longer than Options.LookLimit. Logs and evidence are read for 50
// seconds at most; a record may have to wait for a domain controller.
const (
	recordLimit = 60 * time.Second
	logLimit    = 60 * time.Second
)

// loadScripts reads the embedded texts.
func loadScripts() (scriptSet, error) {
	var s scriptSet
	for _, want := range []struct {
		into        *Script
		name, doing string
		changes     bool
		limit       time.Duration
	}{
		{&s.firewallRead, "firewall-read", "read the firewall", false, 0},
		{&s.firewallAdd, "firewall-add", "add firewall rules", true, 0},
		{&s.firewallCopy, "firewall-copy", "copy firewall rules", true, 0},
		{&s.firewallSwitch, "firewall-switch", "switch firewall rules", true, 0},
		{&s.firewallRemove, "firewall-remove", "remove firewall rules", true, 0},
		{&s.restoreArm, "restore-arm", "arm the self-restore", true, 0},
		{&s.restoreDisarm, "restore-disarm", "disarm the self-restore", true, 0},
		{&s.closingArm, "closing-arm", "arm the closing", true, 0},
		{&s.closingDisarm, "closing-disarm", "disarm the closing", true, 0},
		{&s.serviceSwitch, "service-switch", "start or stop services", true, 0},
		{&s.hostRecord, "host-record", "record the host", false, recordLimit},
		{&s.queueRead, "queue-read", "read the files of the event queue", false, 0},
		{&s.logRead, "log-read", "read the logs", false, logLimit},
		{&s.iisRead, "iis-read", "read the logs of IIS", false, logLimit},
		{&s.evidenceRead, "evidence-read", "read what a revert would erase", false, logLimit},
		{&s.diskRead, "disk-read", "read the drives", false, 0},
		{&s.fileNewest, "file-newest", "look for the newest file", false, 0},
		{&s.rebootRead, "reboot-read", "read what a reboot would find", false, 0},
		{&s.rebootLay, "reboot-lay", "lay the boot key", true, 0},
		{&s.rebootOrder, "reboot-order", "order a restart", true, 0},
	} {
		text, err := scripts.Text(want.name)
		if err != nil {
			return scriptSet{}, err
		}
		*want.into = Script{Name: want.name, Text: text, Doing: want.doing, Changes: want.changes, Limit: want.limit}
	}
	return s, nil
}
