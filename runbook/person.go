package runbook

import "strings"

// Person is somebody in a workspace. The pair is the identity: user ids are
// unique within a team only.
type Person struct {
	Team string `json:"team"`
	User string `json:"user"`
}

// Bot is the actor of what the bot does by itself, Clock of what is due.
var (
	Bot   = Person{User: "bot"}
	Clock = Person{User: "clock"}
)

// Human reports whether p is a person of a workspace.
func (p Person) Human() bool { return p.Team != "" && p.User != "" }

// Role is what a listed person may do.
type Role string

// The roles. Each may do what is said in DESIGN §5; a viewer looks.
const (
	Viewer   Role = "viewer"
	Operator Role = "operator"
	Approver Role = "approver"
)

// Member is a person on the list of the configuration.
type Member struct {
	Person Person `json:"person"`
	Name   string `json:"name"`
	Role   Role   `json:"role"`
}

// Names joins the names of members for a sentence.
func Names(members []Member, last string) string {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	switch len(names) {
	case 0:
		return "nobody"
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}
