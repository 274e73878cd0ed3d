package estate

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Computers are the computers that the CMDB has under a name or an address
// (reference/itms.md §0.1, §4).
type Computers struct {
	Now time.Time `json:"now"` // the SQL Server's clock, as in CMDB
	// List has twenty at most: the managed ones first, and of these the ones that
	// asked for their configuration last.
	List []Computer `json:"list"`
	// More reports that there are others, which are not in List.
	More bool `json:"more"`
}

// Computer is a computer as the CMDB has it. All of it is as old as its last
// inventory.
type Computer struct {
	GUID   string `json:"guid"` // of the resource, lower case, no braces
	Name   string `json:"name"`
	Domain string `json:"domain"` // NetBIOS; it may be empty
	FQDN   string `json:"fqdn"`   // it may be empty
	// Addresses are the computer's own, as its inventory told them, the one that the
	// console shows first. Of a computer at home they are those of its home network:
	// no firewall of the estate ever sees them.
	Addresses []string `json:"addresses"`
	// Managed is false for a computer that the CMDB merely knows, such as the former
	// identity of one that was installed anew.
	Managed bool `json:"managed"`
	// Asked reports whether the CMDB keeps a configuration request of it, and Age is
	// how long ago the last one was, computed by the SQL Server. The SMP writes the
	// times of requests in local time: an age is wrong by what the two clocks differ,
	// and by an hour while the clocks are changed.
	Asked bool          `json:"asked"`
	Age   time.Duration `json:"age"`
	// Agent is the version of its core agent; empty when it is not known.
	Agent string `json:"agent"`
}

// Contacts are the computers whose last configuration request is younger than a given
// time (reference/itms.md §4). What came after a snapshot is gone with the revert of
// the SQL Server's machine, so that this has to be read before.
type Contacts struct {
	Now time.Time `json:"now"` // the SQL Server's clock, as in CMDB
	// Within is the time that was asked for.
	Within time.Duration `json:"within"`
	// Reach is how old the oldest request is that the CMDB keeps; 0 when it keeps none.
	Reach time.Duration `json:"reach"`
	// Count is how many computers there are, List has five thousand at most, the latest
	// request first.
	Count int64     `json:"count"`
	List  []Contact `json:"list"`
	// Agents counts all of them by the version of their core agent; "" are those whose
	// version is not known. It is read a moment after Count. The CMDB learns of a new
	// version by an inventory, later than the agent has it.
	Agents map[string]int64 `json:"agents"`
}

// Contact is a computer that asked for its configuration.
type Contact struct {
	GUID string `json:"guid"` // of the resource, lower case, no braces
	// Name and Address are empty for a computer that is in the CMDB no more. Of its
	// addresses it is the one that the console shows; see Computer.Addresses.
	Name    string `json:"name"`
	Address string `json:"address"`
	// Age is how long ago the last request was; see Computer.Age.
	Age   time.Duration `json:"age"`
	Agent string        `json:"agent"` // version of the core agent; empty when it is not known
}

// Complete reports whether the CMDB keeps the requests of the whole time. When it does
// not, Count is the least that it can be: a site may purge requests, or not keep any.
func (c Contacts) Complete() bool { return c.Reach > 0 && c.Reach >= c.Within }

// Newer counts the computers whose agent is newer than a version, and those of which
// that cannot be said.
func (c Contacts) Newer(version string) (newer, unknown int64) {
	for agent, n := range c.Agents {
		switch later, known := NewerVersion(agent, version); {
		case !known:
			unknown += n
		case later:
			newer += n
		}
	}
	return newer, unknown
}

// NewerVersion reports whether a is a later version than b, number by number: 8.7.10 is
// later than 8.7.9. known is false when one of them is not made of numbers.
func NewerVersion(a, b string) (newer, known bool) {
	one, ok := versionNumbers(a)
	other, okToo := versionNumbers(b)
	if !ok || !okToo {
		return false, false
	}
	return slices.Compare(one, other) > 0, true
}

// versionNumbers are the parts of a version, without the zeros at its end.
func versionNumbers(version string) (numbers []uint64, ok bool) {
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, false
		}
		numbers = append(numbers, n)
	}
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 {
		numbers = numbers[:len(numbers)-1]
	}
	return numbers, true
}
