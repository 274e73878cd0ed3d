package world

import (
	"fmt"
	"slices"
)

// The versions of ITMS between which the practice upgrade goes.
const (
	versionBefore = "8.0"
	versionAfter  = "8.1"
)

// setUpgrade has somebody upgrade the server of a role by hand, as the method's section
// 1.6 does, and be done with it at once. The SMP's installer also changes the CMDB,
// which is on the SQL Server and goes back with that alone.
func setUpgrade(w *World, _ *host, c Condition) error {
	i := slices.IndexFunc(w.hosts, func(h *host) bool { return h.role == c.Word && h.version != "" })
	if i < 0 {
		return fmt.Errorf("an upgrade is of smp, site or gateway, not of %q", c.Word)
	}
	h, smp := w.hosts[i], c.Word == roleSMP
	switch {
	case !h.up():
		return fmt.Errorf("%s is not running, so nothing can be installed on it", h.name)
	case smp && !w.sql().running("MSSQLSERVER"):
		return fmt.Errorf("the SQL Server on %s does not run, and the upgrade of %s changes its database", w.sql().name, h.name)
	case h.version == versionAfter && (!smp || w.database.schema == versionAfter):
		return fmt.Errorf("%s has version %s already", h.name, versionAfter)
	}
	h.version = versionAfter
	if smp {
		w.database.schema = versionAfter
	}
	w.runInstaller(h)
	return nil
}

// setInstallerRule has the next installer on a host switch a local rule on, as
// installers do that find a rule of their own switched off.
func setInstallerRule(w *World, h *host, c Condition) error {
	r := h.rule(storeLocal, c.Name)
	if r == nil {
		return errNoRule(h, c.Name)
	}
	if !slices.Contains(w.installerRules[h.name], r.Name) {
		w.installerRules[h.name] = append(w.installerRules[h.name], r.Name)
	}
	return nil
}

// runInstaller is what an installer does beside installing. A rule that is gone stays
// away.
func (w *World) runInstaller(h *host) {
	for _, name := range w.installerRules[h.name] {
		if r := h.rule(storeLocal, name); r != nil {
			r.Enabled = true
		}
	}
	delete(w.installerRules, h.name)
	w.firewallChanged(h)
}
