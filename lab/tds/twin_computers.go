package tds

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"itmsbot/lab/world"
)

// text is a parameter of a statement that is a text; NULL is empty, and no name is like
// it.
func (c caller) text(name string) (string, *sqlError) {
	v, ok := c.named[name]
	if !ok {
		return "", undeclared(name)
	}
	s, ok := v.(string)
	if !ok && v != nil {
		return "", unconverted("nvarchar")
	}
	return s, nil
}

// number is a parameter of a statement that is a number.
func (c caller) number(name string) (int64, *sqlError) {
	v, ok := c.named[name]
	if !ok {
		return 0, undeclared(name)
	}
	n, ok := v.(int64)
	if !ok {
		return 0, unconverted("bigint")
	}
	return n, nil
}

func undeclared(name string) *sqlError {
	return &sqlError{137, 15, `Must declare the scalar variable "@` + name + `".`}
}

func unconverted(into string) *sqlError {
	return &sqlError{8114, 16, "Error converting data type to " + into + "."}
}

// The most rows that the statements ask for.
const (
	computersAsked = 21
	contactsAsked  = 5000
)

// computersNamedTwin plays computers-named.sql.
func computersNamedTwin(c caller) ([]resultSet, *sqlError) {
	name, e := c.text("name")
	if e != nil {
		return nil, e
	}
	return c.computers(func(one world.Computer) bool { return same(one.Name, name) || same(fqdn(one), name) })
}

// computersAtTwin plays computers-at.sql.
func computersAtTwin(c caller) ([]resultSet, *sqlError) {
	address, e := c.text("address")
	if e != nil {
		return nil, e
	}
	return c.computers(func(one world.Computer) bool { return same(one.Address, address) || same(one.Second, address) })
}

// same compares as the CMDB's collation does: without letter cases and the spaces at an
// end. NULL, which is empty here, is like nothing.
func same(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimRight(a, " "), strings.TrimRight(b, " "))
}

func fqdn(one world.Computer) string {
	if one.Domain == "" {
		return ""
	}
	return one.Name + "." + strings.ToLower(one.Domain)
}

// computers are those that match, a row for each address.
func (c caller) computers(match func(world.Computer) bool) ([]resultSet, *sqlError) {
	e := c.needs("vComputer", "vComputerResource", "Inv_AeX_AC_Identification", "Inv_AeX_AC_TCPIP",
		"Inv_AeX_AC_Client_Agent", "Evt_NS_Client_Config_Request")
	if e != nil {
		return nil, e
	}
	found := slices.DeleteFunc(c.view.Computers(), func(one world.Computer) bool { return !match(one) })
	slices.SortFunc(found, func(a, b world.Computer) int {
		return cmp.Or(cmp.Compare(bit(b.Managed), bit(a.Managed)), b.Contact.Compare(a.Contact), strings.Compare(a.GUID, b.GUID))
	})
	list := resultSet{columns: []column{
		{"guid", kindText}, {"name", kindText}, {"domain", kindText}, {"fqdn", kindText}, {"managed", kindInt},
		{"age_seconds", kindInt}, {"version", kindText}, {"address", kindText},
	}}
	for _, one := range found[:min(len(found), computersAsked)] {
		addresses := []string{one.Address, one.Address} // of vComputer, then those of the inventory
		if one.Second != "" {
			addresses = append(addresses, one.Second)
			slices.Sort(addresses[1:])
		}
		for _, a := range addresses {
			list.rows = append(list.rows, []any{one.GUID, one.Name, one.Domain, fqdn(one), bit(one.Managed), c.ageOf(one), one.Agent, a})
		}
	}
	return []resultSet{c.nowSet(), list}, nil
}

// nowSet is the result set that only has the time.
func (c caller) nowSet() resultSet {
	return resultSet{[]column{{"now", kindTime}}, [][]any{{c.view.Now}}}
}

// ageOf is how long ago a computer asked for its configuration, NULL when the CMDB keeps
// no request of it.
func (c caller) ageOf(one world.Computer) any {
	if one.Contact.IsZero() {
		return nil
	}
	return c.age(one.Contact)
}

// clientsSinceTwin plays clients-since.sql.
func clientsSinceTwin(c caller) ([]resultSet, *sqlError) {
	seconds, e := c.number("seconds")
	if e != nil {
		return nil, e
	}
	if e := c.needs("vComputer", "Inv_AeX_AC_Client_Agent", "Evt_NS_Client_Config_Request"); e != nil {
		return nil, e
	}
	asked := slices.DeleteFunc(c.view.Computers(), func(one world.Computer) bool { return one.Contact.IsZero() })
	slices.SortFunc(asked, func(a, b world.Computer) int {
		return cmp.Or(b.Contact.Compare(a.Contact), strings.Compare(a.GUID, b.GUID))
	})
	var reach any
	if len(asked) > 0 {
		reach = c.ageOf(asked[len(asked)-1])
	}
	about := resultSet{[]column{{"now", kindTime}, {"reach_seconds", kindInt}}, [][]any{{c.view.Now, reach}}}
	from := c.view.Now.Add(-time.Duration(seconds) * time.Second)
	asked = slices.DeleteFunc(asked, func(one world.Computer) bool { return one.Contact.Before(from) })

	list := resultSet{columns: []column{
		{"guid", kindText}, {"name", kindText}, {"address", kindText}, {"age_seconds", kindInt}, {"version", kindText}, {"computers", kindBigInt},
	}}
	versions := map[string]int64{}
	for i, one := range asked {
		versions[one.Agent]++
		if i < contactsAsked {
			list.rows = append(list.rows, []any{one.GUID, one.Name, one.Address, c.ageOf(one), one.Agent, int64(len(asked))})
		}
	}
	counts := resultSet{columns: []column{{"version", kindText}, {"computers", kindBigInt}}}
	for _, version := range slices.Sorted(maps.Keys(versions)) {
		counts.rows = append(counts.rows, []any{version, versions[version]})
	}
	return []resultSet{about, list, counts}, nil
}
