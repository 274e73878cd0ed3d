package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"itmsbot/estate"
)

const (
	// computersShown is how many computers of one name or address are listed; the
	// statements read one more.
	computersShown = 20
	// longestName is how long a computer's name may be, in characters.
	longestName = 64
	// longestAgo is how far back anybody may ask for contacts.
	longestAgo = 366 * 24 * time.Hour
)

// ComputersNamed reads which computers have a name: the host's alone, or with its
// domain, in any letter case. A name that no computer can have is not sent.
func (s *Server) ComputersNamed(ctx context.Context, name string) (estate.Computers, error) {
	name = strings.TrimSpace(name)
	if why := unfit(name); why != "" {
		return estate.Computers{}, s.errorOf(doingComputers, &trouble{kind: estate.Failed, detail: why})
	}
	return s.computers(ctx, s.statements.computersNamed, sql.Named("name", name))
}

// ComputersAt reads which computers have an address, as their inventory told it.
func (s *Server) ComputersAt(ctx context.Context, address string) (estate.Computers, error) {
	a, err := netip.ParseAddr(strings.TrimSpace(address))
	if err != nil || a.Zone() != "" {
		return estate.Computers{}, s.errorOf(doingComputers, &trouble{kind: estate.Failed, detail: fmt.Sprintf("%.64q is no IP address", address)})
	}
	return s.computers(ctx, s.statements.computersAt, sql.Named("address", a.Unmap().String()))
}

// unfit says why a name is that of no computer, or nothing.
func unfit(name string) string {
	switch {
	case name == "":
		return "a computer has a name"
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "a computer's name has no characters that cannot be seen"
	case utf8.RuneCountInString(name) > longestName:
		return fmt.Sprintf("a computer's name has %d characters at most", longestName)
	}
	return ""
}

func (s *Server) computers(ctx context.Context, st statement, of sql.NamedArg) (estate.Computers, error) {
	return look(ctx, s, doingComputers, func(ctx context.Context) (estate.Computers, error) {
		l := estate.Computers{List: []estate.Computer{}}
		err := s.read(ctx, st, func(r *rows) error {
			if err := r.one(&l.Now); err != nil {
				return err
			}
			if err := r.next(); err != nil {
				return err
			}
			for r.Next() {
				if err := scanComputer(r, &l.List); err != nil {
					return err
				}
			}
			return nil
		}, of)
		if len(l.List) > computersShown {
			l.List, l.More = l.List[:computersShown], true
		}
		return l, err
	})
}

// scanComputer reads a row, which has one of a computer's addresses. The rows of one
// computer follow each other.
func scanComputer(r *rows, list *[]estate.Computer) error {
	one := estate.Computer{Addresses: []string{}}
	var guid, name, domain, fqdn, agent, address sql.NullString
	var age sql.NullInt64
	if err := r.Scan(&guid, &name, &domain, &fqdn, &one.Managed, &age, &agent, &address); err != nil {
		return err
	}
	one.GUID, one.Name, one.Domain, one.FQDN, one.Agent = guid.String, name.String, domain.String, fqdn.String, agent.String
	one.Asked, one.Age = age.Valid, seconds(age.Int64)
	if n := len(*list); n == 0 || (*list)[n-1].GUID != one.GUID {
		*list = append(*list, one)
	}
	last := &(*list)[len(*list)-1]
	last.Addresses = withAddress(last.Addresses, address.String)
	return nil
}

// withAddress adds an address once. An adapter without a network has 0.0.0.0, which is
// none.
func withAddress(list []string, address string) []string {
	address = strings.TrimSpace(address)
	a, err := netip.ParseAddr(address)
	switch {
	case address == "", err == nil && a.IsUnspecified(), slices.Contains(list, address):
		return list
	}
	return append(list, address)
}

// ClientsSince reads which computers asked for their configuration less than so many
// seconds ago. It is a duration, because the clocks of the bot and of the SQL Server
// are two.
func (s *Server) ClientsSince(ctx context.Context, within int64) (estate.Contacts, error) {
	if within < 0 || within > int64(longestAgo/time.Second) {
		why := fmt.Sprintf("contacts are read for 0 seconds to %d days back, not for %d seconds", longestAgo/(24*time.Hour), within)
		return estate.Contacts{}, s.errorOf(doingContacts, &trouble{kind: estate.Failed, detail: why})
	}
	return look(ctx, s, doingContacts, func(ctx context.Context) (estate.Contacts, error) {
		c := estate.Contacts{Within: seconds(within), List: []estate.Contact{}, Agents: map[string]int64{}}
		err := s.read(ctx, s.statements.clientsSince, func(r *rows) error { return scanContacts(r, &c) }, sql.Named("seconds", within))
		return c, err
	})
}

func scanContacts(r *rows, c *estate.Contacts) error {
	var reach sql.NullInt64
	if err := r.one(&c.Now, &reach); err != nil {
		return err
	}
	c.Reach = seconds(reach.Int64)
	if err := r.next(); err != nil {
		return err
	}
	for r.Next() {
		var one estate.Contact
		var guid, name, address, agent sql.NullString
		var age int64
		if err := r.Scan(&guid, &name, &address, &age, &agent, &c.Count); err != nil {
			return err
		}
		one.GUID, one.Name, one.Address, one.Agent = guid.String, name.String, address.String, agent.String
		one.Age = seconds(age)
		c.List = append(c.List, one)
	}
	if err := r.next(); err != nil {
		return err
	}
	for r.Next() {
		var agent sql.NullString
		var n int64
		if err := r.Scan(&agent, &n); err != nil {
			return err
		}
		c.Agents[agent.String] += n
	}
	return nil
}
