package estate

import "time"

// RuleGroup is the group of every firewall rule the bot makes. Removal and
// listing go by it, so that no rule of anybody else is ever touched.
const RuleGroup = "itmsbot"

// Lane is the way on which a host is asked. Each host has two, one run at a
// time each, with sessions of their own, so that people who look never slow
// down a change.
type Lane string

// The lanes of a host.
const (
	Look   Lane = "look"
	Change Lane = "change"
)

// Answer is what every script says about the machine it ran on.
type Answer struct {
	// Machine is the MachineGuid of HKLM\SOFTWARE\Microsoft\Cryptography:
	// the machine's identity, whatever name or address led to it.
	Machine string `json:"machine"`
	// Name is the NetBIOS name the machine gives itself.
	Name string `json:"name"`
	// Now is the host's own clock in UTC when the script ran.
	Now time.Time `json:"now"`
}

// FirewallQuery says what a look at a firewall is about.
type FirewallQuery struct {
	// Names are local rules to report whatever their state; rules of
	// RuleGroup are always reported.
	Names []string `json:"names"`
	// Ports are the client ports whose connections are listed.
	Ports []string `json:"ports"`
	// WinRMPort is where the bot itself comes in, to find its own address.
	WinRMPort int `json:"winrm_port"`
}

// Firewall is one look at a host's Windows firewall.
type Firewall struct {
	Answer
	Profiles []Profile `json:"profiles"`
	// Active are the enabled inbound allow rules of the active store: what
	// is in force, local and group policy together.
	Active []Rule `json:"active"`
	// Local are the rules of the persistent store that the query named, and
	// all of RuleGroup, enabled or not.
	Local []Rule `json:"local"`
	// Peers are the remote addresses with an established connection to one
	// of the client ports, loopback and the host's own addresses left out.
	Peers []Peer `json:"peers"`
	// Callers are the remote addresses connected to the WinRM port: the bot
	// as the host sees it is among them.
	Callers []string `json:"callers"`
	// Restore is the armed self-restore, nil when there is none.
	Restore *Restore `json:"restore"`
	// Closings are the closings that wait on the host, by key.
	Closings []Closing `json:"closings"`
}

// Profile is one firewall profile as it is in force.
type Profile struct {
	Name string `json:"name"` // Domain, Private or Public
	// Active reports whether a connected network uses this profile.
	Active  bool   `json:"active"`
	Enabled bool   `json:"enabled"`
	Inbound string `json:"inbound"` // Block, Allow: what happens to what no rule names
	// LocalRules reports whether group policy lets local rules count
	// (AllowLocalFirewallRules). False means that what the bot writes has
	// no effect.
	LocalRules bool `json:"local_rules"`
}

// Rule is an inbound firewall rule.
type Rule struct {
	Name    string `json:"name"` // the stable key, never localised
	Display string `json:"display"`
	Group   string `json:"group"`
	Enabled bool   `json:"enabled"`
	Action  string `json:"action"` // Allow, Block
	// Store is Local or GroupPolicy; Source names the policy object.
	Store   string `json:"store"`
	Source  string `json:"source"`
	Profile string `json:"profile"` // "Any" or "Domain, Private"
	// Protocol is TCP, UDP, Any or a number.
	Protocol string `json:"protocol"`
	// Ports are "443", "50120-50124", "Any" or a keyword such as RPC.
	Ports []string `json:"ports"`
	// Remote are "Any", addresses, ranges or a keyword such as LocalSubnet.
	Remote []string `json:"remote"`
	// Program is a path, "System" or "Any".
	Program string `json:"program"`
}

// Peer is somebody who is connected.
type Peer struct {
	Address string `json:"address"`
	Port    int    `json:"port"` // the local port
	Count   int    `json:"count"`
}

// NewRule is an allow rule for the bot to make: enabled, inbound, TCP, profile
// Any, group RuleGroup. It is data; nothing of it becomes script text.
type NewRule struct {
	Name    string   `json:"name"`
	Display string   `json:"display"`
	Ports   []string `json:"ports"`
	Remote  []string `json:"remote"`
}

// Restore is a self-restore: a one-shot SYSTEM task on the host that switches
// the named rules on again when the bot does not come back to disarm it
// (DESIGN §13).
type Restore struct {
	// Key names upgrade and request; the task does nothing unless the
	// marker in HKLM\SOFTWARE\itmsbot says the same.
	Key string `json:"key"`
	// Due is when the task runs, on the host's own clock.
	Due time.Time `json:"due"`
	// Armed reports whether both task and marker are there.
	Armed bool `json:"armed"`
}

// RestoreOrder is what arming needs.
type RestoreOrder struct {
	Key string `json:"key"`
	// Seconds from the host's now until the task runs.
	Seconds int `json:"seconds"`
	// Names are the rules to switch on again.
	Names []string `json:"names"`
}

// Closing is the end of an opening, kept by the host itself: a SYSTEM task that removes
// the opening's rules at its time, and then itself, whether the bot is there or not. In
// contrast to a Restore a start that was missed is made up for.
type Closing struct {
	// Key names upgrade and request; each has at most one closing on a host.
	Key string `json:"key"`
	// Due is when the task first runs, on the host's own clock. It is tried again every
	// minute until its rules are gone, so that one long past has not succeeded.
	Due time.Time `json:"due"`
	// Enabled is false when somebody has switched the task off: nothing will end the
	// opening then.
	Enabled bool `json:"enabled"`
}

// Closing finds the closing of a key; false when the host has none.
func (f Firewall) Closing(key string) (Closing, bool) {
	for _, c := range f.Closings {
		if c.Key == key {
			return c, true
		}
	}
	return Closing{}, false
}

// ClosingOrder is what arming a closing needs.
type ClosingOrder struct {
	// Key is the name of the task: letters, digits, blanks, dots, hyphens and
	// underscores, at most 100 of them.
	Key string `json:"key"`
	// Seconds from the host's now until the rules go: ClosingShortest to
	// ClosingLongest.
	Seconds int64 `json:"seconds"`
	// Names are the rules to remove. When the time comes only those of RuleGroup are.
	Names []string `json:"names"`
}

// The range of ClosingOrder.Seconds: a minute and a week.
const (
	ClosingShortest = 60
	ClosingLongest  = 7 * 24 * 3600
)

// Changed is what a script that changes something answers.
type Changed struct {
	Answer
	// Changed are the rule, task or service names that this run touched; what was
	// already so is not among them.
	Changed []string `json:"changed"`
	// Missing are names that were asked for and do not exist.
	Missing []string `json:"missing"`
}
