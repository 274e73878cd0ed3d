package actions

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// hostRecord writes down what must be compared later (1.4, before item 1):
// services, product versions, network profile, firewall, machine account and
// boot of one host. It changes nothing; the whole of it is a file in the thread.
var hostRecord = &Kind{
	Name: "host.record", Version: 1, Limit: 2 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[recordParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: []string{}, Ports: p.Host.ClientPorts, WinRMPort: p.Host.WinRMPort})
		if err != nil {
			return Finding{}, err
		}
		record, skew, err := recordNow(ctx, env, s.Host)
		if err != nil {
			return Finding{}, err
		}
		whole, err := json.MarshalIndent(struct {
			Host     estate.HostRecord `json:"host"`
			Firewall estate.Firewall   `json:"firewall"`
		}{record, fw}, "", "  ")
		if err != nil {
			return Finding{}, fmt.Errorf("write down the record of %s: %w", s.Host, err)
		}
		facts := recordFacts{Boot: record.Boot, Services: []estate.Service{}, Products: []productWas{}, Profiles: activeProfiles(fw.Profiles), Account: record.Account}
		for _, svc := range record.Services {
			if ofITMS(svc) {
				facts.Services = append(facts.Services, svc)
			}
		}
		for _, product := range record.Products {
			facts.Products = append(facts.Products, productWas{product.Name, product.Version})
		}
		say := []string{count(len(facts.Services), "ITMS service"), count(len(facts.Products), "product"), count(len(fw.Active), "open firewall rule"),
			"profile " + estate.Join(facts.Profiles), accountAge(record.Account)}
		warn := ""
		if words := estate.SaySkew(s.Host, skew); words != "" {
			warn = upper(words) + "."
		}
		return Finding{Standing: IsDone, HostNow: record.Now, Facts: facts, Warn: warn, Text: "Recorded: " + strings.Join(say, ", ") + ".",
			Files: []File{{Name: "record-" + s.Host + ".json", Title: s.Host + " as it was before", Bytes: whole}}}, nil
	},
}

type recordParams struct {
	Host estate.Host `json:"host"`
}

// recordFacts are what later steps compare with.
type recordFacts struct {
	Boot     time.Time             `json:"boot"`
	Profiles []string              `json:"profiles"`
	Services []estate.Service      `json:"services"` // of ITMS
	Products []productWas          `json:"products"`
	Account  estate.MachineAccount `json:"account"`
}

type productWas struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func activeProfiles(profiles []estate.Profile) []string {
	names := []string{}
	for _, p := range profiles {
		if p.Active {
			names = append(names, p.Name)
		}
	}
	return names
}

// accountAge says how old a host's own password is: a host that goes back to
// before a change of it has lost its domain.
func accountAge(a estate.MachineAccount) string {
	switch {
	case !a.Joined:
		return "in no domain"
	case a.PasswordFixed:
		return "machine password never changed by Windows"
	case a.PasswordSeconds == nil:
		return "age of the machine password unknown"
	}
	return "machine password " + hours(time.Duration(*a.PasswordSeconds)*time.Second) + " old"
}

// ranThen lists the services that the record found running and that start by
// themselves: what has to run again.
func (r recordFacts) ranThen() []string {
	var names []string
	for _, s := range r.Services {
		if s.Running() && s.Start == "Auto" {
			names = append(names, s.Name)
		}
	}
	return names
}

// notRunning lists those of names that do not run now, with their state.
func notRunning(names []string, now []estate.Service) []string {
	var out []string
	for _, name := range names {
		i := slices.IndexFunc(now, func(s estate.Service) bool { return strings.EqualFold(s.Name, name) })
		switch {
		case i < 0:
			out = append(out, name+" is not installed any more")
		case !now[i].Running():
			out = append(out, name+" is "+now[i].State)
		}
	}
	return out
}

// sitesKnown looks for site servers that the CMDB knows and the configuration
// does not: their doors would stay open, and nobody would notice.
var sitesKnown = &Kind{
	Name: "sites.known", Version: 1, Limit: time.Minute,
	Look: func(ctx context.Context, env Env, _ runbook.Step) (Finding, error) {
		const label = "They may stay as they are"
		if env.CMDB == nil {
			return noCMDB(label)
		}
		sites, err := env.CMDB.SiteServers(ctx)
		if err != nil {
			return unseen(err, "the site servers of the CMDB", label)
		}
		f := Finding{Standing: IsDone, HostNow: sites.Now, Facts: sites, Text: "The configuration has every site server that the CMDB knows."}
		var names []string
		for _, s := range sites.NotIn(env.Estate) {
			names = append(names, s.FQDN())
		}
		if len(names) > 0 {
			f.Standing, f.Ask = Otherwise, judge(label, "You say that clients may go on reaching them.")
			f.Text = fmt.Sprintf("The CMDB knows site servers that `itmsbot.yaml` does not: %s. The bot does not close their doors.", estate.Join(names))
		}
		return f, nil
	},
}

// recordAll makes the stage before 1.4 item 1. The number of its steps is that of
// the machines, in their order: step 0.2 is the record of the second.
func recordAll(env Env, machines []machine) (runbook.Stage, error) {
	stage := runbook.Stage{ID: "0", Item: "1.4", Title: "Record the servers as they are", Doing: "recording the servers as they are", Done: "Servers recorded as they were"}
	for i, m := range machines {
		p, err := runbook.Canonical(recordParams{m.host})
		if err != nil {
			return stage, err
		}
		stage.Steps = append(stage.Steps, runbook.Step{ID: recordStep(i), Kind: hostRecord.Name, Version: hostRecord.Version, Host: m.host.Name,
			Machine: m.record.Machine, Params: p, Touches: []string{}, Title: "record " + m.host.Name + " as it is"})
	}
	stage.Steps = append(stage.Steps, runbook.Step{ID: recordStep(len(machines)), Kind: sitesKnown.Name, Version: sitesKnown.Version, Host: hostOf(env.Estate, estate.SQL),
		Params: json.RawMessage(`{}`), Touches: []string{}, Title: "look for site servers that are not configured"})
	return stage, nil
}

func recordStep(i int) string { return fmt.Sprintf("0.%d", i+1) }

// recorded finds the newest record of a host, and the request that made it; none
// where there is none.
func recorded(past Past, host string) (recordFacts, string, error) {
	all, err := past.Recent(everyRequest)
	if err != nil {
		return recordFacts{}, "", err
	}
	for _, r := range slices.Backward(all) {
		if r.State.Untouched() || r.Undoes != "" {
			continue
		}
		bytes, err := past.Plan(r.Digest)
		if err != nil {
			return recordFacts{}, "", err
		}
		plan, err := runbook.OpenPlan(bytes)
		if err != nil {
			continue // of another version
		}
		for _, s := range plan.Steps() {
			if life, _ := r.Step(s.ID); s.Kind != hostRecord.Name || s.Host != host || !life.Result.Good() {
				continue
			}
			raw, err := lastFacts(past, r.ID, s.ID)
			if err != nil || len(raw) == 0 {
				return recordFacts{}, "", err // too long for an event, so not to be compared with
			}
			facts, err := params[recordFacts](raw, "the record of "+host)
			return facts, r.ID, err
		}
	}
	return recordFacts{}, "", nil
}
