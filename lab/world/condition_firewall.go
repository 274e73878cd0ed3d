package world

import "fmt"

func setRule(w *World, h *host, c Condition) error {
	_, err := w.switchRule(h, c.Name, *c.On)
	return err
}

func setRuleAdd(w *World, h *host, c Condition) error {
	r := completed(*c.Rule)
	r.Store, r.Source = storeLocal, sourceLocal
	return w.addRule(h, r)
}

func setRuleRemove(w *World, h *host, c Condition) error {
	return w.removeRule(h, storeLocal, c.Name)
}

// setAnyPort makes or removes what is found on many a server: a rule by which
// somebody once let everything in.
func setAnyPort(w *World, h *host, c Condition) error {
	const name = "Old-Monitoring"
	if !*c.On {
		return w.removeRule(h, storeLocal, name)
	}
	protocol := c.Word
	if protocol == "" {
		protocol = "TCP"
	}
	if protocol != "TCP" && protocol != "Any" {
		return fmt.Errorf("a rule for any port is for TCP or Any, not %q", protocol)
	}
	return w.addRule(h, inbound(name, "Old monitoring", "", protocol, "Any", "Any"))
}

func setPolicyAdd(w *World, h *host, c Condition) error {
	r := completed(*c.Rule)
	r.Store = storeGPO
	if r.Source == "" {
		return fmt.Errorf("rule %q needs a source: the group policy it comes from", r.Name)
	}
	return w.addRule(h, r)
}

func setPolicyRemove(w *World, h *host, c Condition) error {
	return w.removeRule(h, storeGPO, c.Name)
}

// completed fills in what Windows would. A rule is made enabled; switching it off
// is a condition of its own.
func completed(r Rule) Rule {
	r.Enabled = true
	for _, f := range []struct {
		field *string
		word  string
	}{
		{&r.Display, r.Name}, {&r.Action, "Allow"}, {&r.Profile, "Any"},
		{&r.Protocol, "TCP"}, {&r.Program, "Any"},
	} {
		if *f.field == "" {
			*f.field = f.word
		}
	}
	if len(r.Ports) == 0 {
		r.Ports = []string{"Any"}
	}
	if len(r.Remote) == 0 {
		r.Remote = []string{"Any"}
	}
	return r
}

func setProfile(w *World, h *host, c Condition) error {
	return w.eachProfile(h, c.Name, func(p *Profile) { p.Enabled = *c.On })
}

func setNetwork(w *World, h *host, c Condition) error {
	if h.profile(c.Name) == nil {
		return errNoProfile(h, c.Name)
	}
	return w.eachProfile(h, "", func(p *Profile) { p.Active = equalFold(p.Name, c.Name) })
}

func setInbound(w *World, h *host, c Condition) error {
	if c.Word != "Block" && c.Word != "Allow" {
		return fmt.Errorf("what no rule names is Block or Allow, not %q", c.Word)
	}
	return w.eachProfile(h, c.Name, func(p *Profile) { p.Inbound = c.Word })
}

func setLocalRules(w *World, h *host, c Condition) error {
	return w.eachProfile(h, c.Name, func(p *Profile) { p.LocalRules = *c.On })
}

// eachProfile changes the profile named, or all when name is empty.
func (w *World) eachProfile(h *host, name string, change func(*Profile)) error {
	if name != "" && h.profile(name) == nil {
		return errNoProfile(h, name)
	}
	for i := range h.profiles {
		if p := &h.profiles[i]; name == "" || equalFold(p.Name, name) {
			change(p)
		}
	}
	w.firewallChanged(h)
	return nil
}

// profile finds a profile by name; nil when there is none.
func (h *host) profile(name string) *Profile {
	for i := range h.profiles {
		if equalFold(h.profiles[i].Name, name) {
			return &h.profiles[i]
		}
	}
	return nil
}

func errNoProfile(h *host, name string) error {
	return fmt.Errorf("%s has the profiles Domain, Private and Public, not %q", h.name, name)
}
