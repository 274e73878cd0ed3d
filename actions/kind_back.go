package actions

import (
	"context"
	"fmt"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// lookWhetherBack looks whether a machine that was switched on is itself again: its
// domain knows it, its clock is right, the bot can log on with its own account, and what
// has to run on it runs. A domain that does not know the machine any more refuses the
// bot's account there; so that this account is not parked for all other servers, the host
// is asked with its own local account first, where the bot has one.
func lookWhetherBack(ctx context.Context, env Env, s runbook.Step, services []string, sql bool) (Finding, error) {
	if env.Rescues != nil && env.Rescues.HasRescue(s.Host) {
		own, err := env.Rescues.RescueRecord(ctx, s.Host)
		switch {
		case estate.TroubleOf(err) == estate.Unreachable:
			return notYet(err), nil
		case err == nil && own.Account.Joined && own.Account.Trusted != nil && !*own.Account.Trusted:
			return untrusted(s.Host, own.Now, "its own local account reports it"), nil
		}
		// Anything else the domain's account will say better.
	}
	record, skew, err := recordNow(ctx, env, s.Host)
	switch {
	case err != nil && (estate.TroubleOf(err) == estate.Refused || estate.TroubleOf(err) == estate.Parked):
		return refusedThere(s.Host, err), nil
	case err != nil && estate.TroubleOf(err) == estate.WrongMachine:
		return Finding{}, err
	case err != nil:
		return notYet(err), nil
	case record.Machine != s.Machine && s.Machine != "":
		return Finding{}, &estate.Error{Kind: estate.WrongMachine, Host: s.Host, Op: "look whether it is back",
			Detail: fmt.Sprintf("machine %s (%s) answers, the plan names %s", record.Machine, record.Name, s.Machine)}
	}
	f := Finding{Standing: IsDone, HostNow: record.Now, Facts: record.Account}
	if record.Account.Joined && record.Account.Trusted != nil && !*record.Account.Trusted {
		return untrusted(s.Host, record.Now, "it says so itself"), nil
	}
	if skew.Abs() > estate.SkewBlocks {
		f.Standing, f.Text = Otherwise, upper(estate.SaySkew(s.Host, skew))+". Set it right, then try again."
		return f, nil
	}
	if words := estate.SaySkew(s.Host, skew); words != "" {
		f.Warn = upper(words) + "."
	}
	if missing := notRunning(services, record.Services); len(missing) > 0 {
		f.Standing, f.Text = IsPartly, "It answers; not running yet: "+estate.Join(missing)+"."
		return f, nil
	}
	if sql && !databaseAnswers(ctx, env) {
		f.Standing, f.Text = IsPartly, "It answers; the CMDB does not yet."
		return f, nil
	}
	f.Text = "Back: the log-on works, the services run"
	if sql {
		f.Text += ", the CMDB answers"
	}
	switch {
	case !record.Account.Joined:
		f.Text += "; in no domain."
	case record.Account.Trusted == nil:
		f.Text += "."
		f.Warn = strings.TrimSpace(f.Warn + " Whether its domain still knows it could not be found out.")
	default:
		f.Text += ", its domain knows it."
	}
	return f, nil
}

func notYet(err error) Finding {
	return Finding{Standing: IsNotDone, Text: fmt.Sprintf("It does not answer yet: the bot %s.", Words(err))}
}

// untrusted is a host whose domain does not know it any more. Nothing but a person with
// a local account mends that.
func untrusted(host string, now time.Time, shown string) Finding {
	return Finding{Standing: Otherwise, HostNow: now,
		Text: fmt.Sprintf("The domain does not know %s any more (%s). Log on there with the local account, run `Test-ComputerSecureChannel -Repair -Credential (Get-Credential)`, then `/itms check %s`, and look again.", host, shown, host),
		Ask:  judge("Go on without it", fmt.Sprintf("You say that %s is repaired later. The next servers are powered on.", host))}
}

// refusedThere is a host that does not let the bot in, or is not asked because another
// one did not. Why, it does not say: the domain may not know the host any more, or the
// account has another password. The log-on is not tried again before a person looked.
func refusedThere(host string, err error) Finding {
	return Finding{Standing: Otherwise,
		Text: fmt.Sprintf("The bot %s. Either the domain does not know the server any more, or the account's password is another. Log on there with the local account, run `Test-ComputerSecureChannel`, repair it if it says no (`-Repair -Credential (Get-Credential)`), then `/itms check %s`, and look again.", Words(err), host),
		Ask:  judge("Go on without it", fmt.Sprintf("You say that %s is seen to later. The next servers are powered on.", host))}
}

// hostProved compares a host that has gone back with what was recorded of it before the
// set was taken: versions, services, doors, and that no task waits on it that would
// change them.
var hostProved = &Kind{
	Name: "host.proved", Version: 1, Limit: 3 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[provedParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		record, err := env.Reboots.Record(ctx, s.Host, env.Lane)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Standing: IsDone, HostNow: record.Now}
		var differ, said []string
		if p.Record == "" {
			said = append(said, "nothing was recorded of it before")
		} else {
			raw, err := env.FactsOf(p.RecordedBy, p.Record)
			if err != nil {
				return f, err
			}
			then, err := params[recordFacts](raw, "the record in step "+p.Record+" of "+p.RecordedBy)
			if err != nil {
				return f, err
			}
			differ = append(differ, changedProducts(then.Products, record.Products)...)
			differ = append(differ, notRunning(then.ranThen(), record.Services)...)
			said = append(said, "versions and services as "+p.RecordedBy+" recorded")
		}
		if len(p.Host.ClientPorts) > 0 {
			fw, err := lookAtPlanned(ctx, env, s, estate.FirewallQuery{Names: []string{}, Ports: p.Host.ClientPorts, WinRMPort: p.Host.WinRMPort})
			if err != nil {
				return f, err
			}
			if doors := estate.DoorsOf(p.Host, fw, append(p.Kept, fw.Callers...)); !doors.Closed() {
				differ = append(differ, strings.TrimSuffix(stillOpen(doors), "."))
			} else {
				said = append(said, "doors closed")
			}
			if fw.Restore != nil && fw.Restore.Armed {
				differ = append(differ, fmt.Sprintf("the self-restore %q is armed and would open the doors", fw.Restore.Key))
			}
			for _, c := range fw.Closings {
				differ = append(differ, fmt.Sprintf("the task that ends the opening %q is there", c.Key))
			}
		}
		if len(differ) > 0 {
			f.Standing, f.Text = Otherwise, "Not as it was: "+strings.Join(differ, "; ")+"."
			f.Ask = judge("Accept it so", fmt.Sprintf("You say that %s may stay as it is now.", s.Host))
			return f, nil
		}
		f.Text = upper(strings.Join(said, ", ")) + "."
		return f, nil
	},
}

type provedParams struct {
	Host estate.Host `json:"host"`
	Kept []string    `json:"kept"`
	// RecordedBy and Record are the request and the step that recorded the host;
	// empty where nothing did.
	RecordedBy string `json:"recorded_by"`
	Record     string `json:"record"`
}

// changedProducts says which products have another version than they had.
func changedProducts(then []productWas, now []estate.Product) []string {
	is := map[string]string{}
	for _, p := range now {
		is[p.Name] = p.Version
	}
	var changed []string
	for _, p := range then {
		switch v, there := is[p.Name]; {
		case !there:
			changed = append(changed, p.Name+" is not installed any more")
		case v != p.Version:
			changed = append(changed, fmt.Sprintf("%s is %s, was %s", p.Name, v, p.Version))
		}
	}
	return changed
}
