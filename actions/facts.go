package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// Fact is something that rules ask for. It is answered by the estate where the estate
// can, by the trail otherwise, and never from memory.
type Fact struct {
	// Name is the word in `/itms sign` and on cards.
	Name string
	// Says completes "it is so that …", Missing the sentence that refuses.
	Says, Missing string
	// Supply is what makes it so: a command, or what to do.
	Supply string
	// Signed facts are those that a person vouches for.
	Signed bool
	// ask says whether it is so, and what shows it. An error is unknown.
	ask func(ctx context.Context, env Env, l Ledger) (so bool, shown string, err error)
}

// The facts that rules name.
const (
	doorsAreClosed  = "doors-closed"
	queuesAreEmpty  = "queues-empty"
	smpRebooted     = "smp-rebooted"
	setIsTaken      = "set-taken"
	notCommitted    = "not-committed"
	notAllCommitted = "not-committed-in-full"
	goneLive        = "gone-live"
	hasGateway      = "has-gateway"
	subnetWasOpened = "subnet-opened"
	smpUpgraded     = "smp-upgraded"
	smpVerified     = "smp-verified"
	siteUpgraded    = "site-upgraded"
	clientTested    = "client-tested"
	gatewayUpgraded = "gateway-upgraded"
	underWay        = "upgrade-under-way"
	gatewayUnderWay = "gateway-under-way"
	testingPassed   = "testing-passed"
)

// facts lists them in the order of the method.
var facts = []*Fact{
	{Name: doorsAreClosed, Says: "the doors are closed to clients on every server (1.4 item 1)", Missing: "The doors are not closed on every server",
		Supply: "Close them with `/itms quiesce` or `/itms block`.", ask: doorsSo},
	{Name: queuesAreEmpty, Says: "the event queue is empty (1.4 item 2)", Missing: "The event queue is not empty",
		Supply: "Run `/itms queues` and wait.", ask: queueSo},
	{Name: smpRebooted, Says: "the SMP was restarted since the doors were closed (1.4 item 6)", Missing: "The SMP was not restarted since the doors were closed",
		Supply: "Ask for `/itms reboot` of the SMP.", ask: rebootedSo},
	{Name: setIsTaken, Says: "a whole set of snapshots was taken (1.4 item 7)", Missing: "There is no whole set of snapshots",
		Supply: "`/itms quiesce` takes one, or `/itms snapshot`.", ask: setSo},
	{Name: notCommitted, Says: "the set is not committed", Missing: "The set is committed, so there is nothing to go back to",
		Supply: "From here a person restores from backups.", ask: uncommittedSo},
	{Name: notAllCommitted, Says: "a snapshot of the set is still to be removed", Missing: "The set is committed already",
		Supply: "There is nothing left to commit.", ask: leftSo},
	signed(smpUpgraded, "the SMP is upgraded (1.5 items 1 to 6)"),
	signed(smpVerified, "the upgraded SMP is verified (1.5 items 7 to 13)"),
	signed(siteUpgraded, "the site server is upgraded (1.6)"),
	{Name: subnetWasOpened, Says: "a subnet was opened already (1.9 item 1)", Missing: "No subnet was opened yet",
		Supply: "`/itms allow subnet` opens one.", ask: subnetSo},
	signed(clientTested, "a single client was tested (1.7)"),
	{Name: hasGateway, Says: "the estate has an internet gateway", Missing: "The estate has no internet gateway",
		Supply: "The configuration names the servers.", ask: gatewaySo},
	{Name: underWay, Says: "an upgrade is under way that was not rolled back", Missing: "No upgrade is under way since the rollback",
		Supply: "A new set, or a word for what was upgraded, begins one.", ask: underWaySo},
	{Name: gatewayUnderWay, Says: "an upgrade is under way that was not rolled back, and the estate has an internet gateway",
		Missing: "No internet gateway is being upgraded", Supply: "The configuration names the servers.", ask: gatewayUnderWaySo},
	signed(gatewayUpgraded, "the internet gateway is upgraded (1.8)"),
	signed(testingPassed, "the acceptance tests have passed (1.9)"),
	{Name: goneLive, Says: "the doors are open to all clients again (1.10 items 1 and 2)", Missing: "The estate has not gone live",
		Supply: "Ask for `/itms golive`.", ask: liveSo},
}

// signed makes a fact for which a person vouches.
func signed(name, says string) *Fact {
	return &Fact{Name: name, Says: says, Missing: "Nobody has vouched that " + says, Signed: true,
		Supply: "If it is so, sign it: `/itms sign " + name + "` with the evidence.",
		ask: func(_ context.Context, _ Env, l Ledger) (bool, string, error) {
			s, ok := l.Vouched(name)
			if !ok {
				return false, "", nil
			}
			return true, s.Text, nil
		}}
}

// FactNamed finds a fact.
func FactNamed(name string) (*Fact, bool) {
	for _, f := range facts {
		if f.Name == strings.ToLower(name) {
			return f, true
		}
	}
	return nil, false
}

// SignedFacts lists the names of those that people vouch for.
func SignedFacts() []string {
	var names []string
	for _, f := range facts {
		if f.Signed {
			names = append(names, f.Name)
		}
	}
	return names
}

// doorsSo looks at every server with doors.
func doorsSo(ctx context.Context, env Env, _ Ledger) (bool, string, error) {
	for _, p := range lookAtDoors(ctx, env, Ask{Request: "look"}, env.Estate.WithDoors()) {
		switch {
		case p.err != nil:
			return false, "", p.err
		case !p.doors.Closed():
			return false, fmt.Sprintf("%s is open: %s", p.host.Name, stillOpen(p.doors)), nil
		}
	}
	return true, "closed on " + estate.Names(env.Estate.WithDoors()), nil
}

func queueSo(ctx context.Context, env Env, _ Ledger) (bool, string, error) {
	now, err := sampleQueue(ctx, env, hostOf(env.Estate, estate.SMP))
	if err != nil {
		return false, "", err
	}
	if len(now.Doubts) > 0 {
		return false, now.Doubts[0], nil
	}
	return now.left() <= env.Limits.QueueEmpty, strings.TrimSuffix(now.say(), "."), nil
}

// rebootedSo compares two ages: of the SMP's boot, on its own clock, and of the
// closing, on the bot's.
func rebootedSo(ctx context.Context, env Env, l Ledger) (bool, string, error) {
	smp := hostOf(env.Estate, estate.SMP)
	closed := l.Hosts[smp].Closed
	if len(closed) == 0 {
		return false, "no closing of " + smp + " is recorded", nil
	}
	record, err := env.Reboots.Record(ctx, smp, env.Lane)
	if err != nil {
		return false, "", err
	}
	up := record.Now.Sub(record.Boot)
	return up < env.Clock.Now().Sub(closed[len(closed)-1].At), fmt.Sprintf("%s was started %s ago", smp, hours(up)), nil
}

func setSo(_ context.Context, env Env, l Ledger) (bool, string, error) {
	if l.Set == nil {
		return false, "", nil
	}
	return true, fmt.Sprintf("%s took it %s ago", l.Set.Request, hours(env.Clock.Now().Sub(l.Set.At).Round(time.Minute))), nil
}

func uncommittedSo(_ context.Context, _ Env, l Ledger) (bool, string, error) {
	if l.Set != nil && len(l.Set.Removed) > 0 {
		return false, "the snapshots of " + estate.Join(l.Set.Removed) + " are removed", nil
	}
	return true, "", nil
}

func leftSo(_ context.Context, _ Env, l Ledger) (bool, string, error) {
	if l.Set.Committed() {
		return false, "every snapshot of " + l.Set.Request + " is removed", nil
	}
	return true, "", nil
}

func subnetSo(_ context.Context, _ Env, l Ledger) (bool, string, error) {
	return l.Since("allow subnet"), "", nil
}

func gatewaySo(_ context.Context, env Env, _ Ledger) (bool, string, error) {
	i := slices.IndexFunc(env.Estate.Hosts, func(h estate.Host) bool { return h.Role == estate.Gateway })
	if i < 0 {
		return false, "", nil
	}
	return true, env.Estate.Hosts[i].Name, nil
}

// underWaySo is not so between a rollback and whatever begins the next attempt. What
// opens doors asks for an upgraded SMP only where there may be one.
func underWaySo(_ context.Context, _ Env, l Ledger) (bool, string, error) {
	since := l.RolledBack == 0 || l.Set != nil && l.Set.Took > l.RolledBack ||
		slices.ContainsFunc(l.Whole.Signed, func(s runbook.Signature) bool { return s.N > l.RolledBack })
	if since {
		return true, "", nil
	}
	return false, "all is rolled back, and nobody has vouched for anything since", nil
}

func gatewayUnderWaySo(ctx context.Context, env Env, l Ledger) (bool, string, error) {
	if so, shown, err := gatewaySo(ctx, env, l); !so || err != nil {
		return false, shown, err
	}
	return underWaySo(ctx, env, l)
}

// liveSo asks the trail whether the doors were opened to all after they had been
// closed, on every server, since the set was taken.
func liveSo(_ context.Context, env Env, l Ledger) (bool, string, error) {
	opened := ""
	for _, r := range l.Done {
		if opensAll(r) && r.State == runbook.WasDone && begun(r) > l.Reverted && l.Set != nil && begun(r) > l.Set.Took {
			opened = r.ID
		}
	}
	if opened == "" {
		return false, "", nil
	}
	for _, h := range env.Estate.WithDoors() {
		if len(l.Hosts[h.Name].Closed) > 0 {
			return false, h.Name + " is closed still", nil
		}
	}
	return true, opened + " opened them", nil
}
