package winrm

import "itmsbot/estate/winrm/scripts"

// scriptSet is every script of the typed calls.
type scriptSet struct {
	firewallRead, firewallAdd, firewallSwitch, firewallRemove Script
	restoreArm, restoreDisarm                                 Script
}

// loadScripts reads the embedded texts.
func loadScripts() (scriptSet, error) {
	var s scriptSet
	for _, want := range []struct {
		into        *Script
		name, doing string
		changes     bool
	}{
		{&s.firewallRead, "firewall-read", "read the firewall", false},
		{&s.firewallAdd, "firewall-add", "add firewall rules", true},
		{&s.firewallSwitch, "firewall-switch", "switch firewall rules", true},
		{&s.firewallRemove, "firewall-remove", "remove firewall rules", true},
		{&s.restoreArm, "restore-arm", "arm the self-restore", true},
		{&s.restoreDisarm, "restore-disarm", "disarm the self-restore", true},
	} {
		text, err := scripts.Text(want.name)
		if err != nil {
			return scriptSet{}, err
		}
		*want.into = Script{Name: want.name, Text: text, Doing: want.doing, Changes: want.changes}
	}
	return s, nil
}
