package actions

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// The arguments of an opening: `on smp,site` and `for 2h`.
const (
	argOn  = "on"
	argFor = "for"
)

// openTo is what an opening may be limited to, in the order in which clients come in.
var openTo = []estate.Role{estate.SMP, estate.Site, estate.Gateway}

// parseWhither takes `on …` and `for …` from the end of the words. What stands before
// them is given back.
func parseWhither(words []string, example string) (before []string, args map[string]string, no *runbook.Refusal) {
	args = map[string]string{}
	first := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, argOn) || strings.EqualFold(w, argFor) })
	if first < 0 {
		return words, args, nil
	}
	for rest := words[first:]; len(rest) > 0; {
		key := strings.ToLower(rest[0])
		end := 1 + slices.IndexFunc(rest[1:], func(w string) bool { return strings.EqualFold(w, argOn) || strings.EqualFold(w, argFor) })
		if end == 0 {
			end = len(rest)
		}
		value := rest[1:end]
		rest = rest[end:]
		switch {
		case args[key] != "":
			return nil, nil, runbook.Refuse("For example "+example+".", "`%s` is there twice.", key)
		case len(value) == 0:
			return nil, nil, runbook.Refuse("For example "+example+".", "Something is missing after `%s`.", key)
		case key == argOn:
			args[key], no = readRoles(value)
		case len(value) > 1:
			no = runbook.Refuse("For example "+example+".", "`%s` is not known after `for %s`.", quotable(value[1]), quotable(value[0]))
		default:
			var seconds int64
			seconds, no = readLasting(value[0], shortestOpening)
			args[key] = lasting(seconds)
		}
		if no != nil {
			return nil, nil, no
		}
	}
	return words[:first], args, nil
}

// readRoles reads `smp,site` into one spelling.
func readRoles(words []string) (string, *runbook.Refusal) {
	named := map[estate.Role]bool{}
	for _, w := range strings.FieldsFunc(strings.Join(words, ","), func(r rune) bool { return r == ',' }) {
		role := estate.Role(strings.ToLower(w))
		if !slices.Contains(openTo, role) {
			return "", runbook.Refuse("Write `on smp`, `on site`, `on gateway`, or several with commas.", "`%s` is no kind of server that clients reach.", quotable(w))
		}
		named[role] = true
	}
	var list []string
	for _, role := range openTo {
		if named[role] {
			list = append(list, string(role))
		}
	}
	if len(list) == 0 {
		return "", runbook.Refuse("Write `on smp`, `on site`, `on gateway`, or several with commas.", "No server is named after `on`.")
	}
	return strings.Join(list, ","), nil
}

// entrances lays out who is to be let in where: on the servers that are named, else what
// comes from inside on SMP and site servers, and what comes from outside on the gateway.
// Whoever comes in over the gateway needs the gateway's own way to the SMP, too: it is
// part of the same opening.
func entrances(ctx context.Context, env Env, args map[string]string, who []entrant) ([]entrance, []string, error) {
	named := strings.FieldsFunc(args[argOn], func(r rune) bool { return r == ',' })
	var warnings []string
	ways := map[string][]wayIn{}
	for _, w := range who {
		for _, from := range w.from {
			roles := []estate.Role{estate.Gateway}
			if inHouse(from) {
				roles = []estate.Role{estate.SMP, estate.Site}
			}
			if len(named) > 0 {
				roles = nil
				for _, n := range named {
					roles = append(roles, estate.Role(n))
				}
				warnings = append(warnings, odd(from, roles)...)
			}
			hosts, err := serversOf(env.Estate, roles, from, len(named) > 0)
			if err != nil {
				return nil, nil, err
			}
			for _, h := range hosts {
				ways[h.Name] = append(ways[h.Name], wayIn{w.name, from, h.ClientPorts})
			}
		}
	}
	behind, more, err := behindGateways(ctx, env, ways)
	if err != nil {
		return nil, nil, err
	}
	warnings = append(warnings, more...)
	for name, list := range behind {
		ways[name] = append(ways[name], list...)
	}
	var list []entrance
	for _, h := range env.Estate.WithDoors() {
		if len(ways[h.Name]) > 0 {
			list = append(list, entrance{host: h, wanted: ways[h.Name]})
		}
	}
	return list, warnings, nil
}

// odd says what is seldom meant.
func odd(from netip.Prefix, roles []estate.Role) []string {
	switch inside := inHouse(from); {
	case inside && slices.Contains(roles, estate.Gateway):
		return []string{fmt.Sprintf("%s is a private address: computers on the internet never come to the gateway from there.", sayPrefix(from))}
	case !inside && (slices.Contains(roles, estate.SMP) || slices.Contains(roles, estate.Site)):
		return []string{fmt.Sprintf("%s is a public address, and this lets it in without the internet gateway.", sayPrefix(from))}
	}
	return nil
}

// serversOf lists the hosts of roles that have doors. A role that is named and is not
// there is a refusal; so is an address for which there is none at all.
func serversOf(e estate.Estate, roles []estate.Role, from netip.Prefix, named bool) ([]estate.Host, error) {
	var list []estate.Host
	for _, role := range roles {
		found := false
		for _, h := range e.WithDoors() {
			if h.Role == role {
				list, found = append(list, h), true
			}
		}
		if !found && named {
			return nil, runbook.Refuse("Its servers are "+estate.Names(e.Hosts)+".", "The estate has no %s with doors to clients.", role)
		}
	}
	if len(list) == 0 {
		what := "a private address, and the estate has no SMP server"
		if !inHouse(from) {
			what = "a public address, and the estate has no internet gateway"
		}
		return nil, runbook.Refuse("Say where, such as `on smp`.", "`%s` is %s with doors to clients.", sayPrefix(from), what)
	}
	return list, nil
}

// cemPort is the port of the SMP by which a gateway brings what comes in over it
// (reference/itms.md §11).
const cemPort = "4726"

// behindGateways are the ways of the gateways to the SMP, for those gateways on which
// somebody is let in. Their addresses are those that the CMDB has.
func behindGateways(ctx context.Context, env Env, ways map[string][]wayIn) (map[string][]wayIn, []string, error) {
	behind := map[string][]wayIn{}
	var warnings []string
	smp, ok := env.Estate.Host(hostOf(env.Estate, estate.SMP))
	if !ok || !(estate.Rule{Protocol: "TCP", Ports: []string{cemPort}}).Lets(smp) {
		return behind, nil, nil // the bot has not closed that port
	}
	for _, gateway := range env.Estate.WithDoors() {
		if gateway.Role != estate.Gateway || len(ways[gateway.Name]) == 0 {
			continue
		}
		own, why := ownAddresses(ctx, env, gateway.Name)
		if why != "" {
			warnings = append(warnings, fmt.Sprintf("Unknown: whether %s itself reaches %s on %s. %s Until it does, nobody gets further than the gateway; let its address in with `/itms allow client ADDRESS on smp`.",
				gateway.Name, smp.Name, cemPort, why))
			continue
		}
		for _, from := range own {
			behind[smp.Name] = append(behind[smp.Name], wayIn{"gateway " + gateway.Name, from, []string{cemPort}})
		}
		warnings = append(warnings, fmt.Sprintf("%s needs %s on %s as well: %s, as the CMDB has it, is part of this opening where it is not open already.",
			gateway.Name, smp.Name, cemPort, estate.Join(sayPrefixes(own))))
	}
	return behind, warnings, nil
}

// ownAddresses finds the addresses of a server of the estate in the CMDB, or says why
// they are not known.
func ownAddresses(ctx context.Context, env Env, host string) ([]netip.Prefix, string) {
	if env.CMDB == nil {
		return nil, "No CMDB is configured that could tell its address."
	}
	found, err := env.CMDB.ComputersNamed(ctx, host)
	switch {
	case err != nil:
		return nil, fmt.Sprintf("Its address could not be read from the CMDB: the bot %s.", Words(err))
	case len(found.List) == 0:
		return nil, "The CMDB knows no computer of that name."
	case len(found.List) > 1 || found.More:
		return nil, fmt.Sprintf("The CMDB has several computers of that name: %s.", sayComputers(found))
	}
	usable, odd := usableAddresses(found.List[0])
	if len(usable) == 0 {
		return nil, fmt.Sprintf("The CMDB has no address of it that can be used (%s).", estate.Join(odd))
	}
	return usable, ""
}
