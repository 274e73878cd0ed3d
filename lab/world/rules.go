package world

import (
	"fmt"
	"slices"
	"strings"
)

// The stores of firewall rules.
const (
	storeLocal = "Local"
	storeGPO   = "GroupPolicy"
	// sourceLocal is what Windows names as the source of a local rule.
	sourceLocal = "PersistentStore"
)

// AddRule adds a rule to a host's local store. A name that is taken there, and
// ports or addresses that Windows would not take, are refused.
func (w *World) AddRule(name string, r Rule) error {
	r.Store, r.Source = storeLocal, sourceLocal
	return w.onHost(name, func(h *host) error { return w.addRule(h, r) })
}

// EnableRule switches a local rule on and reports whether that changed it.
func (w *World) EnableRule(name, rule string) (changed bool, err error) {
	return w.switchNamed(name, rule, true)
}

// DisableRule switches a local rule off and reports whether that changed it.
func (w *World) DisableRule(name, rule string) (changed bool, err error) {
	return w.switchNamed(name, rule, false)
}

func (w *World) switchNamed(name, rule string, on bool) (changed bool, err error) {
	err = w.onHost(name, func(h *host) error {
		changed, err = w.switchRule(h, rule, on)
		return err
	})
	return changed, err
}

// RemoveRule removes a rule from a host's local store.
func (w *World) RemoveRule(name, rule string) error {
	return w.onHost(name, func(h *host) error { return w.removeRule(h, storeLocal, rule) })
}

// ReplaceRule puts a rule in the place of the one of its name in a host's local
// store, as changing a rule does: nobody sees the host without it.
func (w *World) ReplaceRule(name string, r Rule) error {
	r.Store, r.Source = storeLocal, sourceLocal
	return w.onHost(name, func(h *host) error {
		old := h.rule(storeLocal, r.Name)
		if old == nil {
			return errNoRule(h, r.Name)
		}
		if err := checkRule(r, h); err != nil {
			return err
		}
		*old = cloneRule(r)
		w.firewallChanged(h)
		return nil
	})
}

// onHost does something to a host that is up and tells the watchers.
func (w *World) onHost(name string, do func(*host) error) error {
	return w.seeHost(name, func(h *host) error {
		defer w.bump()
		return do(h)
	})
}

// seeHost looks at a host that is up; nothing changes by it.
func (w *World) seeHost(name string, look func(*host) error) error {
	w.lock()
	defer w.mu.Unlock()
	h, err := w.host(name)
	if err != nil {
		return err
	}
	if !h.up() {
		return fmt.Errorf("%s is not running", h.name)
	}
	return look(h)
}

func (w *World) addRule(h *host, r Rule) error {
	if err := checkRule(r, h); err != nil {
		return err
	}
	if h.rule(r.Store, r.Name) != nil {
		return fmt.Errorf("%s has a rule %q already", h.name, r.Name)
	}
	h.rules = append(h.rules, cloneRule(r))
	w.firewallChanged(h)
	return nil
}

func (w *World) switchRule(h *host, name string, on bool) (changed bool, err error) {
	r := h.rule(storeLocal, name)
	if r == nil {
		return false, errNoRule(h, name)
	}
	if r.Enabled == on {
		return false, nil
	}
	r.Enabled = on
	w.firewallChanged(h)
	return true, nil
}

func (w *World) removeRule(h *host, store, name string) error {
	n := len(h.rules)
	h.rules = slices.DeleteFunc(h.rules, func(r Rule) bool {
		return r.Store == store && equalFold(r.Name, name)
	})
	if len(h.rules) == n {
		return errNoRule(h, name)
	}
	w.firewallChanged(h)
	return nil
}

func errNoRule(h *host, name string) error {
	return fmt.Errorf("rule %q of %s %w", name, h.name, errNoSuch)
}

// rule finds a rule of a store; nil when there is none.
func (h *host) rule(store, name string) *Rule {
	for i := range h.rules {
		if h.rules[i].Store == store && equalFold(h.rules[i].Name, name) {
			return &h.rules[i]
		}
	}
	return nil
}

// checkRule refuses what Windows refuses.
func checkRule(r Rule, h *host) error {
	switch {
	case r.Name == "":
		return fmt.Errorf("a rule needs a name")
	case r.Action != "Allow" && r.Action != "Block":
		return fmt.Errorf("rule %q: its action is Allow or Block, not %q", r.Name, r.Action)
	case len(r.Ports) == 0 || len(r.Remote) == 0:
		return fmt.Errorf("rule %q: ports and remote addresses are needed, Any where all are meant", r.Name)
	case r.Protocol == "" || r.Profile == "" || r.Program == "":
		return fmt.Errorf("rule %q: protocol, profile and program are needed, Any where all are meant", r.Name)
	}
	for _, p := range r.Ports {
		if _, err := parsePorts(p); err != nil && !isKeyword(p) {
			return fmt.Errorf("rule %q: %w", r.Name, err)
		}
	}
	for _, a := range r.Remote {
		if _, err := parseRemote(a, h.subnet); err != nil && !isKeyword(a) {
			return fmt.Errorf("rule %q: %w", r.Name, err)
		}
	}
	return nil
}

// isKeyword reports whether Windows knows a word in the place of a port or an
// address (New-NetFirewallRule, -LocalPort and -RemoteAddress).
func isKeyword(s string) bool {
	switch s {
	case "Any", "RPC", "RPCEPMap", "IPHTTPSIn", "IPHTTPSOut", "Teredo", "PlayToDiscovery",
		"LocalSubnet", "LocalSubnet4", "LocalSubnet6", "DNS", "DHCP", "WINS", "DefaultGateway",
		"Internet", "Intranet", "IntranetRemoteAccess":
		return true
	}
	return false
}

// firewallChanged makes a change of rules or profiles felt: connections that are
// no longer allowed will end.
func (w *World) firewallChanged(h *host) {
	h.gate = nil
	w.condemn(h)
}

func cloneRule(r Rule) Rule {
	r.Ports = slices.Clone(r.Ports)
	r.Remote = slices.Clone(r.Remote)
	return r
}

func cloneRules(rules []Rule) []Rule {
	out := make([]Rule, len(rules))
	for i, r := range rules {
		out[i] = cloneRule(r)
	}
	return out
}

// sortRules orders rules by store and name, so that two lists can be compared.
func sortRules(rules []Rule) {
	slices.SortFunc(rules, func(a, b Rule) int {
		if c := strings.Compare(b.Store, a.Store); c != 0 {
			return c // Local before GroupPolicy
		}
		return strings.Compare(a.Name, b.Name)
	})
}
