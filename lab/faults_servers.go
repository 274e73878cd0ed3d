package lab

import (
	"cmp"
	"maps"
	"slices"

	"itmsbot/lab/slack"
	"itmsbot/lab/tds"
	"itmsbot/lab/vcenter"
	"itmsbot/lab/wsman"
)

// slackFaults are those of the workspace; their targets are Web API methods.
func slackFaults(s *slack.Server) faultSource {
	g := faultGroup{Name: "slack", Title: "Slack", Targets: []faultTarget{
		{"", "every call"}, {"chat.postMessage", "post"}, {"chat.update", "update"}, {"chat.postEphemeral", "answer to one person"},
		{"conversations.history", "history"}, {"views.open", "form"}, {"response_url", "response_url"}, {"upload", "upload"},
	}}
	for _, k := range slack.FaultKinds() {
		g.Kinds = append(g.Kinds, faultKind{Kind: "slack." + k.Name, Name: k.Name, About: sentence(k.About)})
	}
	return faultSource{g,
		func(f madeFault) error {
			return s.Inject(slack.Fault{Kind: f.kind, Method: f.target, After: f.after, Count: f.count})
		},
		func() (left []madeFault) {
			for _, f := range s.Faults() {
				left = append(left, madeFault{f.Kind, f.Method, f.Count, f.After})
			}
			return left
		},
		func() error { s.Clear(); return nil },
	}
}

// hostFaults are those of remote management; their targets are the hosts.
func hostFaults(hosts map[string]*wsman.Server) faultSource {
	names := slices.Sorted(maps.Keys(hosts))
	g := faultGroup{Name: "winrm", Title: "WinRM"}
	for _, name := range names {
		g.Targets = append(g.Targets, faultTarget{name, name})
	}
	for _, k := range wsman.FaultKinds() {
		g.Kinds = append(g.Kinds, faultKind{Kind: "winrm." + k.Kind, Name: k.Kind, About: sentence(k.Text)})
	}
	return faultSource{g,
		func(f madeFault) error {
			return hosts[f.target].Inject(wsman.Fault{Kind: f.kind, After: f.after, Count: f.count})
		},
		func() (left []madeFault) {
			for _, name := range names {
				for _, f := range hosts[name].Faults() {
					left = append(left, madeFault{f.Kind, name, f.Count, f.After})
				}
			}
			return left
		},
		func() error {
			for _, h := range hosts {
				h.Clear()
			}
			return nil
		},
	}
}

// sqlFaults are those of the SQL Server; their targets are the bot's statements, in
// words. What is not about a statement is about the instance.
func sqlFaults(s *tds.Server) faultSource {
	words := map[string]string{
		"backups": "the backup history", "neighbours": "the other databases", "objects": "which tables the CMDB has",
		"objects-msdb": "which tables msdb has", "queue": "the event queue", "server": "what server it is", "sites": "the site servers",
	}
	instance := []faultTarget{{"", "the instance"}}
	g := faultGroup{Name: "sql", Title: "SQL Server", Targets: []faultTarget{{"", "every statement"}}}
	for _, name := range s.Statements() {
		g.Targets = append(g.Targets, faultTarget{name, cmp.Or(words[name], name)})
	}
	for _, k := range tds.FaultKinds() {
		kind := faultKind{Kind: "sql." + k.Kind, Name: k.Kind, About: sentence(k.Text)}
		if !k.Statement {
			kind.Targets = instance
		}
		g.Kinds = append(g.Kinds, kind)
	}
	return faultSource{g,
		func(f madeFault) error {
			return s.Inject(tds.Fault{Kind: f.kind, On: f.target, After: f.after, Count: f.count})
		},
		func() (left []madeFault) {
			for _, f := range s.Faults() {
				left = append(left, madeFault{f.Kind, f.On, f.Count, f.After})
			}
			return left
		},
		func() error { s.Clear(); return nil },
	}
}

// vcenterFaults are those of vCenter; their targets are the virtual machines. What is
// not about a machine is about vCenter as a whole.
func vcenterFaults(s *vcenter.Server) faultSource {
	whole := []faultTarget{{"", "vCenter"}}
	g := faultGroup{Name: "vcenter", Title: "vCenter", Targets: []faultTarget{{"", "every machine"}}}
	for _, name := range s.FaultTargets() {
		g.Targets = append(g.Targets, faultTarget{name, name})
	}
	for _, k := range vcenter.FaultKinds() {
		kind := faultKind{Kind: "vcenter." + k.Kind, Name: k.Kind, About: sentence(k.Text), Lasts: k.Lasts}
		if k.Whole {
			kind.Targets = whole
		}
		g.Kinds = append(g.Kinds, kind)
	}
	return faultSource{g,
		func(f madeFault) error {
			return s.Inject(vcenter.Fault{Kind: f.kind, VM: f.target, After: f.after, Count: f.count})
		},
		func() (left []madeFault) {
			for _, f := range s.Faults() {
				left = append(left, madeFault{f.Kind, f.VM, f.Count, f.After})
			}
			return left
		},
		s.Clear,
	}
}
