package actions

import (
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// computerName is what a computer can be called, alone or with its domain.
var computerName = regexp.MustCompile(`^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?$`)

// readComputer reads the argument that names a computer: an address, or a name that the
// CMDB is asked about. It gives it in one spelling.
func readComputer(word string) (string, *runbook.Refusal) {
	if looksLikeAddress(word) {
		p, no := readAddress(word)
		switch {
		case no != nil:
			return "", no
		case !p.IsSingleIP():
			return "", runbook.Refuse(fmt.Sprintf("A range is opened with `/itms allow subnet %s`.", p), "`%s` is a range, not one computer.", p)
		}
		return sayPrefix(p), nil
	}
	if !computerName.MatchString(word) {
		return "", runbook.Refuse("Write its address, or its name as the console shows it.", "`%s` is neither an address nor the name of a computer.", quotable(word))
	}
	return strings.ToUpper(word), nil
}

// whoIs finds out who is meant by the argument: by an address, whoever has it now; by a
// name, the one computer of that name with all its addresses.
func whoIs(ctx context.Context, env Env, word string) (entrant, []runbook.Reading, []string, error) {
	if looksLikeAddress(word) {
		p, no := readAddress(word)
		if no != nil {
			return entrant{}, nil, nil, no
		}
		return entrant{"client " + sayPrefix(p), []netip.Prefix{p}}, []runbook.Reading{whoHas(ctx, env, p)}, nil, nil
	}
	if env.CMDB == nil {
		return entrant{}, nil, nil, runbook.Refuse("Give its address.", "No CMDB is configured, so the name `%s` leads nowhere.", word)
	}
	found, err := env.CMDB.ComputersNamed(ctx, word)
	switch {
	case err != nil:
		return entrant{}, nil, nil, runbook.Refuse("Give its address, or ask again when the CMDB answers.", "Who `%s` is could not be read from the CMDB: the bot %s.", word, Words(err))
	case len(found.List) == 0:
		return entrant{}, nil, nil, runbook.Refuse("Give its address, or its name as the console shows it.", "The CMDB knows no computer `%s`.", word)
	case len(found.List) > 1 || found.More:
		return entrant{}, nil, nil, runbook.Refuse("Look which of them is meant, then give its address.", "`%s` is more than one computer: %s.", word, sayComputers(found))
	}
	c := found.List[0]
	usable, odd := usableAddresses(c)
	if len(usable) == 0 {
		return entrant{}, nil, nil, runbook.Refuse("Give the address by which it reaches the server.", "The CMDB has no address of `%s` from which a client comes (%s).", word, estate.Join(odd))
	}
	reading := runbook.Reading{What: word, Value: strings.Join(sayPrefixes(usable), ", ") + "; " + lastAsked(c), At: found.Now}
	warnings := []string{fmt.Sprintf("The address of %s is that of its last inventory (%s). It may have another one by now, and a computer at home comes in from another one.", word, lastAsked(c))}
	if !c.Managed {
		warnings = append(warnings, fmt.Sprintf("%s is not managed: the CMDB merely knows it.", word))
	}
	if len(odd) > 0 {
		warnings = append(warnings, fmt.Sprintf("Left out, because no client comes from there: %s.", estate.Join(odd)))
	}
	// What the rule is called is what was typed and read, not what the CMDB has.
	return entrant{"client " + word, usable}, []runbook.Reading{reading}, warnings, nil
}

// whoHas says who has an address as far as the CMDB knows. It stops nothing: an address
// is let in whoever has it.
func whoHas(ctx context.Context, env Env, p netip.Prefix) runbook.Reading {
	r := runbook.Reading{What: sayPrefix(p), At: env.Clock.Now()}
	if env.CMDB == nil {
		r.Value = "unknown whose, no CMDB is configured"
		return r
	}
	found, err := env.CMDB.ComputersAt(ctx, sayPrefix(p))
	switch {
	case err != nil:
		r.Value = "unknown whose, the bot " + Words(err)
		return r
	case len(found.List) == 0:
		r.Value = "no computer of the CMDB has it"
	default:
		r.Value = sayComputers(found)
	}
	r.At = found.Now
	return r
}

// sayComputers lists computers so that people can tell them apart.
func sayComputers(found estate.Computers) string {
	const most = 4
	var list []string
	for _, c := range found.List[:min(most, len(found.List))] {
		what := fmt.Sprintf("%s (%s, %s, %s", quotable(c.Name), estate.Join(c.Addresses), c.GUID, lastAsked(c))
		if len(c.Addresses) == 0 {
			what = fmt.Sprintf("%s (no address, %s, %s", quotable(c.Name), c.GUID, lastAsked(c))
		}
		if !c.Managed {
			what += ", not managed"
		}
		list = append(list, what+")")
	}
	if more := len(found.List) - most; more > 0 || found.More {
		list = append(list, "and others")
	}
	return strings.Join(list, "; ")
}

func lastAsked(c estate.Computer) string {
	if !c.Asked {
		return "never heard of"
	}
	return "last heard of " + hours(max(0, c.Age)) + " ago"
}

// usableAddresses are those of a computer from which a client can come; the others are
// given as they stand.
func usableAddresses(c estate.Computer) (usable []netip.Prefix, odd []string) {
	for _, a := range c.Addresses {
		p, no := readAddress(a)
		if no != nil || !p.IsSingleIP() {
			odd = append(odd, quotable(a))
			continue
		}
		usable = append(usable, p)
	}
	slices.SortFunc(usable, netip.Prefix.Compare)
	return slices.Compact(usable), odd
}
