package world

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A world can be put away and taken up again, so that a rehearsal may pause overnight.
// What is saved is what changes; the rest, such as who the hosts are, follows from the
// same seed and number of computers. The clock stands still meanwhile.

// savedFormat changes with what is saved, so that nothing old is read as something new.
const savedFormat = 4

type savedWorld struct {
	Format  int
	Seed    uint64
	Managed int
	// PhysicalSQL is of Options; what SharedSQL brings is in the database.
	PhysicalSQL bool

	Now  time.Time
	At   int64
	Pace int

	Machines []savedHost // servers and test clients
	Clients  []savedClient
	Agenda   []savedEntry
	Console  []savedLink
	Queue    savedQueue
	Database savedDatabase

	Snapshots []savedSnapshot
	Directory map[string]time.Time
	Arrivals  map[netip.Addr]int64
	Installer map[string][]string // local rules that the next installer switches on

	Outside, Refused, Produced int64
}

// savedHost is what of a host changes.
type savedHost struct {
	Name     string
	Clock    int64
	Power    Power
	Ready    int64
	Began    time.Time
	Profiles []Profile
	Rules    []Rule
	Services []Service
	Version  string
	Disks    []Disk
	Files    []File
	Folders  []string
	Renewed  time.Time
	System   savedSystem
	Marker   string
	Agent    savedAgent
	Task     *Task
	TaskRan  bool
	Closings []Closing
	Caller   netip.Addr
}

type savedSystem struct {
	Logs          []LogEntry
	Web           savedWeb
	Since         map[string]time.Time
	Laid, Ordered map[string]time.Time
	Restart       int64
	Pending       []Pending
	Installers    []Process
	Installing    bool
	Action        *PowerAction
	Schedules     bool
	Flush, Paused bool
	Constrained   bool
	Lame          map[string]bool
	NoReturn      bool
}

// savedWeb is the log of IIS; it is long, so that its keys are short.
type savedWeb struct {
	Format string
	Minute int64
	Calls  []savedCall
}

type savedCall struct {
	Port   int        `json:"p"`
	From   netip.Addr `json:"a"`
	Path   string     `json:"u"`
	Format string     `json:"f,omitempty"`
	Count  int        `json:"n"`
	Last   int64      `json:"t"`
}

type savedClient struct {
	Counted, Rest, Contact int64
	Backlog                int
	Web, Task              savedLink
	Agent                  savedAgent
}

type savedAgent struct{ Version, Offered string }

type savedLink struct{ From, Ends int64 }

type savedEntry struct {
	At       int64
	Computer int
}

type savedQueue struct {
	Database, Files                         int
	Inbox, Drain                            int64
	Stuck                                   bool
	Processed, Injected, Worked, EmptySince int64
	Seconds, Minutes                        [60]int
}

type savedDatabase struct {
	Identity  string
	Schema    string
	Backups   []Backup
	Others    []Database
	Sites     []SiteService
	Computers []savedKnown
	Missing   map[string]bool
	Kept      *savedContents
}

// savedKnown is kept for thousands, so that its keys are short.
type savedKnown struct {
	Asked int64  `json:"t"`
	Agent string `json:"v"`
}

// savedContents is what the newest backup holds; its own Kept is nil.
type savedContents struct {
	Database savedDatabase
	Rows     int
	Handled  int64
}

type savedSnapshot struct {
	ID, Name string
	Taken    time.Time
	State    savedHost
	Files    int
	Database savedDatabase
	Rows     int
	Handled  int64
}

// Save puts the world away as it is at this moment; Resume takes it up.
func (w *World) Save() ([]byte, error) {
	w.lock()
	defer w.mu.Unlock()
	s := savedWorld{
		Format: savedFormat, Seed: w.seed, Managed: len(w.clients), PhysicalSQL: w.sql().physical, Now: w.now, At: w.at, Pace: w.pace,
		Queue: w.queue.saved(), Database: w.database.saved(), Directory: w.directory, Arrivals: w.arrivals,
		Installer: w.installerRules, Outside: w.outside, Refused: w.refused, Produced: w.produced,
	}
	for _, h := range w.machines() {
		s.Machines = append(s.Machines, h.saved())
	}
	for i := range w.clients {
		c := &w.clients[i]
		s.Clients = append(s.Clients, savedClient{c.counted, c.rest, c.contact, c.backlog, c.web.saved(), c.task.saved(), c.own.saved()})
	}
	for _, e := range w.agenda {
		s.Agenda = append(s.Agenda, e.saved())
	}
	for _, v := range w.console {
		s.Console = append(s.Console, v.link.saved())
	}
	for _, k := range w.snapshots {
		s.Snapshots = append(s.Snapshots, savedSnapshot{k.id, k.name, k.taken, k.state.saved(), k.files, k.database.saved(), k.rows, k.handled})
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("save the practice world: %w", err)
	}
	return b, nil
}

// complete reports whether every saved database has all computers.
func (s savedWorld) complete(computers int) bool {
	return len(s.Database.Computers) == computers && !slices.ContainsFunc(s.Snapshots, func(k savedSnapshot) bool {
		return len(k.Database.Computers) != computers
	})
}

// Resume takes up a world that Save has put away. Its time, seed and number of
// computers are those of then; Manual is o's, and so is Pace where it is given.
func Resume(o Options, saved []byte) (*World, error) {
	var s savedWorld
	if err := json.Unmarshal(saved, &s); err != nil {
		return nil, fmt.Errorf("the saved practice world cannot be read: %w", err)
	}
	if s.Format != savedFormat {
		return nil, fmt.Errorf("the saved practice world has format %d, this lab reads %d", s.Format, savedFormat)
	}
	w := New(Options{Pace: cmp.Or(o.Pace, s.Pace), Seed: s.Seed, Manual: o.Manual, Managed: s.Managed, PhysicalSQL: s.PhysicalSQL})
	if len(s.Clients) != len(w.clients) || len(s.Agenda) != len(w.agenda) || len(s.Console) != len(w.console) || len(s.Machines) != len(w.machines()) {
		return nil, fmt.Errorf("the saved practice world has %d computers and %d machines, this lab makes %d and %d", len(s.Clients), len(s.Machines), len(w.clients), len(w.machines()))
	}
	if !s.complete(len(w.roll)) {
		return nil, fmt.Errorf("the saved practice world has a CMDB without all of its %d computers", len(w.roll))
	}
	w.now, w.at = s.Now, s.At
	w.queue.resume(s.Queue)
	w.database = s.Database.resumed()
	w.directory, w.arrivals, w.installerRules = s.Directory, s.Arrivals, s.Installer
	w.outside, w.refused, w.produced = s.Outside, s.Refused, s.Produced
	// The snapshots first: they begin from hosts as they were made.
	for _, k := range s.Snapshots {
		h, err := w.host(k.State.Name)
		if err != nil {
			return nil, err
		}
		state := h.clone()
		state.resume(k.State)
		state.system.web = state.system.web.clone() // as KeepHost leaves it
		w.snapshots = append(w.snapshots, snapshot{k.ID, k.Name, k.Taken, state, k.Files, k.Database.resumed(), k.Rows, k.Handled})
	}
	for _, m := range s.Machines {
		h, err := w.host(m.Name)
		if err != nil {
			return nil, err
		}
		h.resume(m)
	}
	for i, c := range s.Clients {
		into := &w.clients[i]
		into.counted, into.rest, into.contact, into.backlog = c.Counted, c.Rest, c.Contact, c.Backlog
		into.web, into.task, into.own = c.Web.resumed(), c.Task.resumed(), c.Agent.resumed()
	}
	for i, e := range s.Agenda {
		w.agenda[i] = entry{e.At, e.Computer}
	}
	for i, l := range s.Console {
		w.console[i].link = l.resumed()
	}
	w.servicesChanged()
	return w, nil
}

func (h *host) saved() savedHost {
	y := &h.system
	s := savedHost{
		Name: h.name, Clock: h.clock, Power: h.power, Ready: h.ready, Began: h.began, Profiles: h.profiles, Rules: h.rules, Services: h.services,
		Version: h.version, Disks: h.disks, Files: h.files, Folders: h.folders, Renewed: h.account.renewed, Marker: h.marker, Agent: h.agent.saved(), Task: h.task, Closings: h.closings, Caller: h.caller,
		System: savedSystem{
			Logs: y.logs, Web: y.web.saved(), Since: y.since, Laid: y.laid, Ordered: y.ordered, Restart: y.restart, Pending: y.pending, Installers: y.installers, Installing: y.installing,
			Action: y.action, Schedules: y.schedules, Flush: y.flush, Paused: y.paused, Constrained: y.constrained, Lame: y.lame, NoReturn: y.noReturn,
		},
	}
	if h.task != nil {
		s.TaskRan = h.task.ran
	}
	return s
}

func (h *host) resume(s savedHost) {
	y := s.System
	h.clock, h.power, h.ready, h.began, h.profiles, h.rules, h.services = s.Clock, s.Power, s.Ready, s.Began, s.Profiles, s.Rules, s.Services
	h.version, h.disks, h.account.renewed, h.marker, h.task, h.caller = s.Version, s.Disks, s.Renewed, s.Marker, s.Task, s.Caller
	h.files, h.folders, h.agent, h.closings = s.Files, s.Folders, s.Agent.resumed(), s.Closings
	h.gate = nil
	h.system = system{
		logs: y.Logs, web: y.Web.resumed(), since: y.Since, laid: y.Laid, ordered: y.Ordered, restart: y.Restart, pending: y.Pending, installers: y.Installers, installing: y.Installing,
		action: y.Action, schedules: y.Schedules, flush: y.Flush, paused: y.Paused, constrained: y.Constrained, lame: y.Lame, noReturn: y.NoReturn,
	}
	if h.task != nil {
		h.task.ran = s.TaskRan
	}
}

func (l web) saved() savedWeb {
	s := savedWeb{Format: l.format, Minute: l.minute, Calls: make([]savedCall, len(l.calls))}
	for i, c := range l.calls {
		s.Calls[i] = savedCall{c.port, c.from, c.path, c.format, c.count, c.last}
	}
	return s
}

func (s savedWeb) resumed() web {
	l := web{format: s.Format, minute: s.Minute, calls: make([]webCall, len(s.Calls))}
	for i, c := range s.Calls {
		l.calls[i] = webCall{webKey{c.Port, c.From, c.Path, c.Format}, c.Count, c.Last}
		if c.Last/minute == s.Minute {
			if l.index == nil {
				l.index = map[webKey]int{}
			}
			l.index[l.calls[i].webKey] = i
		}
	}
	return l
}

func (q *queue) saved() savedQueue {
	return savedQueue{q.database, q.files, q.inbox, q.drain, q.stuck, q.processed, q.injected, q.worked, q.emptySince, q.seconds, q.minutes}
}

func (q *queue) resume(s savedQueue) {
	*q = queue{database: s.Database, files: s.Files, inbox: s.Inbox, drain: s.Drain, stuck: s.Stuck, processed: s.Processed, injected: s.Injected,
		worked: s.Worked, emptySince: s.EmptySince, seconds: s.Seconds, minutes: s.Minutes}
}

func (d database) saved() savedDatabase {
	s := savedDatabase{Identity: d.identity, Schema: d.schema, Backups: d.backups, Others: d.others, Sites: d.sites, Missing: d.missing,
		Computers: make([]savedKnown, len(d.computers))}
	for i, k := range d.computers {
		s.Computers[i] = savedKnown{k.asked, k.agent}
	}
	if k := d.kept; k != nil {
		s.Kept = &savedContents{k.database.saved(), k.rows, k.handled}
	}
	return s
}

func (s savedDatabase) resumed() database {
	d := database{identity: s.Identity, schema: s.Schema, backups: s.Backups, others: s.Others, sites: s.Sites, missing: s.Missing}.clone()
	for _, k := range s.Computers {
		d.computers = append(d.computers, known{k.Asked, k.Agent})
	}
	if k := s.Kept; k != nil {
		d.kept = &contents{k.Database.resumed(), k.Rows, k.Handled}
	}
	return d
}

func (l link) saved() savedLink   { return savedLink{l.from, l.ends} }
func (s savedLink) resumed() link { return link{s.From, s.Ends} }
func (e entry) saved() savedEntry { return savedEntry{e.at, e.computer} }

func (a agentState) saved() savedAgent   { return savedAgent{a.version, a.offered} }
func (s savedAgent) resumed() agentState { return agentState{s.Version, s.Offered} }
