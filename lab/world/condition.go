package world

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Condition is one change of the world from outside, as the page's panel and the
// tests make them. Field says what; what else it needs is in the table at Set.
type Condition struct {
	Field  string `json:"field"`
	Host   string `json:"host,omitempty"`
	Name   string `json:"name,omitempty"`
	On     *bool  `json:"on,omitempty"`
	Number *int   `json:"number,omitempty"`
	Word   string `json:"word,omitempty"`
	Rule   *Rule  `json:"rule,omitempty"`
}

// Set makes a condition so, or refuses it with a sentence and changes nothing.
//
//	queue        Number          rows in the database
//	files        Number          files in the inbox
//	stuck        On              the dispatcher processes nothing until it is restarted
//	pace         Number          world seconds per real second
//	disk         Host Name Number          free GB of a drive ("C:")
//	rule         Host Name On              a local rule is switched by hand
//	rule-add     Host Rule                 a local rule is added by hand
//	rule-remove  Host Name                 a local rule is removed by hand
//	any-port     Host On Word              a local rule for any port and program that somebody
//	                                       made; Word is its protocol, TCP or Any
//	gpo-add      Host Rule                 group policy brings a rule; Rule.Source names the policy
//	gpo-remove   Host Name                 group policy takes a rule away
//	profile      Host Name On              a profile is switched
//	network      Host Name                 the network now uses this profile
//	inbound      Host Name Word            Block or Allow for what no rule names; no Name is every profile
//	local-rules  Host Name On              whether local rules count; no Name is every profile
//	power        Host On                   on begins a boot
//	service      Host Name Word            Running or Stopped
//	closing      Host Name On              the task that closes an opening is switched by hand
//	service-start Host Name Word           Auto, Manual or Disabled
//	stays-stopped Host Name On             a service is stopped and does not start any more
//	clock        Host Number               the host's clock is so many seconds ahead; below 0 behind
//	constrained  Host On                   PowerShell is held to constrained language
//	no-return    Host On                   a boot does not end while this is so
//	pending      Host Name On Word         a reason for a reboot; Word is a file to be renamed
//	installer    Host Name On              a program installs something
//	power-action Host On                   the agent has armed a restart
//	password     Host Number               days since the machine password was renewed
//	schedules    On                        the SMP recreates its schedules
//	flush        On                        agents are told to throw their events away
//	paused       On                        the SMP leaves its queue alone
//	file         Host Name Number          a file is written now, of so many bytes
//	files-age    Host Number               no file of the host is younger than so many hours
//	files-gone   Host Name                 a folder is gone with everything in it
//	log          Host Name Number Word     so many errors now in System, Application or SMP
//	log-cleared  Host Name                 what a log had is gone
//	iis          Host Name Number Word     requests of an address in the log of IIS; Word is a path
//	iis-log      Host Word                 how that log is written from now on, of WebFormats, or gone
//	sql          Name and what it needs    the SQL Server; the table is at setSQL
//	restore-database Host                  the CMDB is what it was at the newest full backup, the
//	                                       last that the condition sql backup has taken
//	upgrade      Word                      the server of a role, smp, site or gateway, is of the
//	                                       new version; with the SMP the CMDB is too
//	installer-rule Host Name               the next upgrade of the host switches a local rule on
//	trust        Host On                   off: the domain does not know the host's password any
//	                                       more; on: the host has been given a new one
//
// A new rule may leave out what can be left to Windows: it is then enabled, allows,
// TCP, for any profile, address and program.
func (w *World) Set(c Condition) error {
	f, ok := fields()[c.Field]
	if !ok {
		names := slices.Sorted(maps.Keys(fields()))
		return fmt.Errorf("there is no condition %q; there are %s", c.Field, strings.Join(names, ", "))
	}
	if missing := f.missing(c); missing != "" {
		return fmt.Errorf("condition %q needs %q", c.Field, missing)
	}
	w.lock()
	defer w.mu.Unlock()
	h, err := w.hostOf(c, f)
	if err != nil {
		return err
	}
	if err := f.set(w, h, c); err != nil {
		return err
	}
	w.bump()
	return nil
}

// hostOf is the host that a condition is about, nil where it is about none.
func (w *World) hostOf(c Condition, f field) (*host, error) {
	if !f.host {
		if c.Host != "" {
			return nil, fmt.Errorf("condition %q is not about a host", c.Field)
		}
		return nil, nil
	}
	h, err := w.host(c.Host)
	if err != nil {
		return nil, err
	}
	if !h.up() && !f.whileOff {
		return nil, fmt.Errorf("%s is not running", h.name)
	}
	return h, nil
}

// field is one kind of condition.
type field struct {
	host, name, on, number, word, rule bool // what it needs
	whileOff                           bool // possible although the host is off

	set func(*World, *host, Condition) error
}

// missing names what a condition needs and does not have.
func (f field) missing(c Condition) string {
	switch {
	case f.host && c.Host == "":
		return "host"
	case f.name && c.Name == "":
		return "name"
	case f.on && c.On == nil:
		return "on"
	case f.number && c.Number == nil:
		return "number"
	case f.word && c.Word == "":
		return "word"
	case f.rule && c.Rule == nil:
		return "rule"
	}
	return ""
}

// fields are the kinds by name.
func fields() map[string]field {
	return map[string]field{
		"queue":       {number: true, set: setQueue},
		"files":       {number: true, set: setFiles},
		"stuck":       {on: true, set: setStuck},
		"pace":        {number: true, set: setPace},
		"disk":        {host: true, name: true, number: true, whileOff: true, set: setDisk},
		"rule":        {host: true, name: true, on: true, set: setRule},
		"rule-add":    {host: true, rule: true, set: setRuleAdd},
		"rule-remove": {host: true, name: true, set: setRuleRemove},
		"any-port":    {host: true, on: true, set: setAnyPort},
		"gpo-add":     {host: true, rule: true, set: setPolicyAdd},
		"gpo-remove":  {host: true, name: true, set: setPolicyRemove},
		"profile":     {host: true, name: true, on: true, set: setProfile},
		"network":     {host: true, name: true, set: setNetwork},
		"inbound":     {host: true, word: true, set: setInbound},
		"local-rules": {host: true, on: true, set: setLocalRules},
		"power":       {host: true, on: true, whileOff: true, set: setPower},
		"service":     {host: true, name: true, word: true, set: setService},
		"sql":         {name: true, set: setSQL},
		"upgrade":     {word: true, set: setUpgrade},
		"trust":       {host: true, on: true, whileOff: true, set: setTrust},

		"closing":       {host: true, name: true, on: true, set: setClosing},
		"service-start": {host: true, name: true, word: true, set: setStart},
		"stays-stopped": {host: true, name: true, on: true, set: setLame},
		"clock":         {host: true, number: true, set: setClock},
		"constrained":   {host: true, on: true, set: setConstrained},
		"no-return":     {host: true, on: true, whileOff: true, set: setNoReturn},
		"pending":       {host: true, name: true, on: true, set: setPending},
		"installer":     {host: true, name: true, on: true, set: setInstaller},
		"power-action":  {host: true, on: true, set: setAction},
		"password":      {host: true, number: true, set: setPassword},
		"schedules":     {on: true, set: setMarker(func(s *system) *bool { return &s.schedules })},
		"flush":         {on: true, set: setMarker(func(s *system) *bool { return &s.flush })},
		"paused":        {on: true, set: setMarker(func(s *system) *bool { return &s.paused })},
		"file":          {host: true, name: true, number: true, set: setFile},
		"files-age":     {host: true, number: true, set: setFilesAge},
		"files-gone":    {host: true, name: true, set: setFilesGone},
		"log":           {host: true, name: true, number: true, set: setLog},
		"log-cleared":   {host: true, name: true, set: setLogCleared},
		"iis":           {host: true, name: true, number: true, set: setWeb},
		"iis-log":       {host: true, word: true, set: setWebLog},

		"installer-rule":   {host: true, name: true, set: setInstallerRule},
		"restore-database": {host: true, set: setRestore},
	}
}

func setQueue(w *World, _ *host, c Condition) error {
	return w.putEvents(&w.queue.database, *c.Number)
}

func setFiles(w *World, _ *host, c Condition) error {
	return w.putEvents(&w.queue.files, *c.Number)
}

func (w *World) putEvents(what *int, n int) error {
	if n < 0 || n > queueLimit {
		return fmt.Errorf("a queue holds 0 to %d events, not %d", queueLimit, n)
	}
	w.queue.put(what, n)
	w.queue.remember(w.at)
	return nil
}

func setStuck(w *World, _ *host, c Condition) error {
	w.queue.stuck = *c.On
	return nil
}

func setPace(w *World, _ *host, c Condition) error { return w.pacing(*c.Number) }

func setDisk(_ *World, h *host, c Condition) error {
	for i := range h.disks {
		d := &h.disks[i]
		if !equalFold(d.Drive, c.Name) {
			continue
		}
		if *c.Number < 0 || *c.Number > d.SizeGB {
			return fmt.Errorf("drive %s of %s holds %d GB, so %d GB cannot be free", d.Drive, h.name, d.SizeGB, *c.Number)
		}
		d.FreeGB = *c.Number
		return nil
	}
	return fmt.Errorf("%s has no drive %q", h.name, c.Name)
}

func setPower(w *World, h *host, c Condition) error {
	w.switchPower(h, *c.On)
	return nil
}

func setService(w *World, h *host, c Condition) error {
	s := h.service(c.Name)
	switch {
	case c.Word != "Running" && c.Word != "Stopped":
		return fmt.Errorf("a service is Running or Stopped, not %q", c.Word)
	case s == nil:
		return fmt.Errorf("%s has no service %q", h.name, c.Name)
	case s.Name == "MpsSvc" && c.Word == "Stopped":
		return fmt.Errorf("the firewall service of %s cannot be stopped; switch its profile off", h.name)
	}
	if c.Word == "Running" && s.Start == "Disabled" {
		return fmt.Errorf("%s of %s is disabled", s.Name, h.name)
	}
	if s.Name == "AltirisClientMsgDispatcher" && s.State != c.Word {
		w.queue.stuck = false // a restart helps (KB 205352)
	}
	if c.Word == "Running" && h.system.lame[strings.ToLower(s.Name)] {
		return fmt.Errorf("%s of %s does not start", s.Name, h.name)
	}
	s.State = c.Word
	w.servicesChanged()
	w.condemn(h) // nobody listens any more
	return nil
}
