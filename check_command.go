package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"itmsbot/bot"
	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/estate/winrm"
	"itmsbot/runbook"
)

// checkCommand is `itmsbot check`: does everything answer that the bot needs?
func checkCommand() *cobra.Command {
	var path, host string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Connect to everything of a configuration, change nothing, and say what is missing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCheck(cmd.Context(), cmd.OutOrStdout(), path, host)
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&host, "host", "", "test remote management of this one host in depth")
	return cmd
}

// errMissing makes the exit code; what is bad was printed.
var errMissing = errors.New("not everything is as it has to be; see BAD above")

func runCheck(ctx context.Context, out io.Writer, path, host string) error {
	c, err := readSite(ctx, path)
	if err != nil {
		return err
	}
	as := siteLogins(c) // one for all, so that a wrong password is tried once
	fleet, err := winrm.New(siteHosts(c, as), winrm.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer fleet.Close()
	now := time.Now
	if c.Lab != nil {
		clock, err := newPracticeClock(ctx, c.Lab.URL)
		if err != nil {
			return err
		}
		now = clock.Now
	}
	if host != "" {
		h, ok := c.Machines().Host(host)
		if !ok {
			return fmt.Errorf("the configuration has no host %s; it has %s", host, estate.Names(c.Machines().Hosts))
		}
		return report(out, selfTest(ctx, fleet, h, wayOf(c, h.Name), now))
	}
	cfg, err := siteSlack(c)
	if err != nil {
		return err
	}
	list := []finding{{"configuration", "", good, path + " is whole; its digest is " + digestOf(c)}, checkDatabase(c)}
	for _, f := range bot.Inspect(ctx, cfg, c.Policy().Members) {
		list = append(list, finding{"slack", f.Subject, when(f.Good), f.Says})
	}
	list = append(list, checkHosts(ctx, fleet, c.Machines(), now)...)
	list = append(list, checkCMDB(ctx, c, as, now)...)
	list = append(list, checkBackups(ctx, fleet, c)...)
	return report(out, append(list, checkVCenter(ctx, fleet, c, as)...))
}

// standing is how a finding stands. Only what is known to be good is good.
type standing string

// The standings.
const (
	good standing = "ok"
	note standing = "note" // works, and a person should know
	bad  standing = "BAD"
)

// when is good if so is true.
func when(so bool) standing {
	if so {
		return good
	}
	return bad
}

// finding is one line of a check.
type finding struct {
	target, subject string
	stands          standing
	says            string
}

// report prints the findings, and is an error if one is not good.
func report(out io.Writer, list []finding) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var missing error
	for _, f := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.stands, f.target, f.subject, f.says)
		if f.stands == bad {
			missing = errMissing
		}
	}
	return errors.Join(w.Flush(), missing)
}

func digestOf(c *config.Config) string {
	d, err := c.Digest()
	if err != nil {
		return err.Error()
	}
	return runbook.Short(d)
}

// checkDatabase looks at the file's place without opening it: a bot may be
// running on it.
func checkDatabase(c *config.Config) finding {
	f := finding{target: "database", subject: c.Database, stands: bad}
	dir, err := os.Stat(filepath.Dir(c.Database))
	switch {
	case err != nil:
		f.says = err.Error()
	case !dir.IsDir():
		f.says = filepath.Dir(c.Database) + " is no folder"
	default:
		f.stands, f.says = good, "there; itmsbot audit verify checks the trail"
		if _, err := os.Stat(c.Database); errors.Is(err, os.ErrNotExist) {
			f.says = "not there yet; the first start makes it"
		} else if err != nil {
			f.stands, f.says = bad, err.Error()
		}
	}
	return f
}

// The skews of DESIGN §6.
const (
	skewShown  = 2 * time.Minute
	skewBlocks = 5 * time.Minute
)

// checkHosts asks all hosts at once, each within its own limit. Reading the
// firewall is the first thing every plan does; it takes a local administrator.
func checkHosts(ctx context.Context, fleet *winrm.Fleet, e estate.Estate, now func() time.Time) []finding {
	found := make([][]finding, len(e.Hosts))
	var wg sync.WaitGroup // waited for below
	for i, h := range e.Hosts {
		wg.Go(func() {
			asked := now()
			fw, err := fleet.Firewall(ctx, h.Name, estate.Look, estate.FirewallQuery{Names: []string{}, Ports: h.ClientPorts, WinRMPort: h.WinRMPort})
			if err != nil {
				found[i] = []finding{{h.Name, "remote management", bad, advice(err)}}
				return
			}
			found[i] = append(readFirewall(e, h, fw), skew(h.Name, asked, now(), fw.Now))
			if fleet.HasRescue(h.Name) {
				found[i] = append(found[i], ownAccount(ctx, fleet, h.Name))
			}
		})
	}
	wg.Wait()
	var list []finding
	for _, f := range found {
		list = append(list, f...)
	}
	return list
}

// ownAccount tries the account that is needed on the day a domain does not know its host
// any more. Then is too late to find out that it does not get in.
func ownAccount(ctx context.Context, fleet *winrm.Fleet, host string) finding {
	record, err := fleet.RescueRecord(ctx, host)
	switch {
	case err != nil:
		return finding{host, "own account", bad, advice(err)}
	case record.Account.Joined && record.Account.Trusted != nil && !*record.Account.Trusted:
		return finding{host, "own account", bad, "it gets in, and says that the domain does not know the host any more"}
	}
	return finding{host, "own account", good, "it gets in"}
}

// readFirewall says what a look found that a plan would trip over.
func readFirewall(e estate.Estate, h estate.Host, fw estate.Firewall) []finding {
	list := []finding{{h.Name, "remote management", good, fmt.Sprintf("%s answers, Windows name %s, machine %s", h.Role, fw.Name, fw.Machine)}}
	if !sameName(fw.Name, h.Name) {
		list = append(list, finding{h.Name, "name", note, "cards will say " + h.Name + ", Windows says " + fw.Name})
	}
	if len(fw.Callers) != 1 {
		list = append(list, finding{h.Name, "callers", note, "remote management is in use from " + estate.Join(fw.Callers) + "; closing the doors needs this bot to be alone"})
	}
	if len(h.ClientPorts) == 0 {
		return list
	}
	var kept []string
	for _, k := range e.Keep {
		kept = append(kept, k.Remote...)
	}
	d := estate.DoorsOf(h, fw, kept)
	for _, fault := range d.Faults {
		list = append(list, finding{h.Name, "firewall", bad, fault})
	}
	for _, r := range d.Policy {
		list = append(list, finding{h.Name, "firewall", bad, fmt.Sprintf("group policy %s opens %s, which cannot be closed on the host", r.Source, r.Display)})
	}
	for _, r := range d.AnyPort {
		list = append(list, finding{h.Name, "firewall", note, fmt.Sprintf("the rule %s opens every port; quiesce puts copies without the client ports in its place", r.Display)})
	}
	if len(d.Faults)+len(d.Policy) == 0 {
		list = append(list, finding{h.Name, "firewall", good, fmt.Sprintf("can be closed; %d rules let clients in now", len(d.Wide)+len(d.AnyPort))})
	}
	return list
}

// skew compares a host's clock with the bot's, which is this machine's or on a lab the
// lab's. The host was read somewhere
// between asked and answered, so half of that is uncertain.
func skew(host string, asked, answered, theirs time.Time) finding {
	half := answered.Sub(asked) / 2
	off := theirs.Sub(asked.Add(half)).Round(time.Second)
	says := fmt.Sprintf("%+.0f s against the bot's clock, give or take %.0f s", off.Seconds(), half.Seconds()+1)
	switch size := off.Abs(); {
	case size > skewBlocks:
		return finding{host, "clock", bad, says + "; more than five minutes blocks"}
	case size > skewShown:
		return finding{host, "clock", note, says}
	}
	return finding{host, "clock", good, says}
}

// advice says what a person can do about trouble with a host. The kind decides.
func advice(err error) string {
	next := map[estate.Trouble]string{
		estate.Unreachable: "is the host up, is WinRM on (winrm quickconfig), and do firewalls in between let this machine through?",
		estate.Refused:     "check the account and its password, and that it is a local administrator there; it was tried once and is not tried again",
		estate.Parked:      "another host refused the same account before; it is not tried again, so that it is not locked",
		estate.Untrusted:   "compare the certificate with ca and thumbprint; on http the host has to seal with NTLM",
		estate.Failed:      "the account reached the host but could not do this; it has to be a local administrator, and PowerShell 5.1 in full language mode",
	}[estate.TroubleOf(err)]
	return told(err, next)
}

// told is trouble in the far end's words, and what to do next.
func told(err error, next string) string {
	var e *estate.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	says := string(e.Kind)
	if e.Detail != "" {
		says += ": " + e.Detail
	}
	if next != "" {
		says += "; " + next
	}
	return says
}

// wayOf finds the configuration's words for a host.
func wayOf(c *config.Config, name string) config.WinRM {
	for _, h := range c.Estate.Hosts {
		if h.Name == name {
			return h.WinRM
		}
	}
	return config.WinRM{} // name is of c's own estate
}
