package actions

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"itmsbot/runbook"
)

// Place is where an action belongs in the method: a section, and its items; none is the
// section as a whole.
type Place struct {
	Section string
	Items   []int
}

var (
	sectionAt = regexp.MustCompile(`\b1\.\d{1,2}\b`)
	itemAt    = regexp.MustCompile(`\d+|to`)
)

// Of says where an action belongs in the method, as exactly as it is known.
func (a *Action) Of() string {
	if a.Items != "" {
		return a.Items
	}
	return a.Section
}

// Places reads that: "1.4 item 6, 1.5 item 6", "1.8 items 4 and 7", "1.9". What names no
// section of the method ("back out") has no place in it.
func (a *Action) Places() []Place {
	var places []Place
	text := a.Of()
	found := sectionAt.FindAllStringIndex(text, -1)
	for i, at := range found {
		end := len(text)
		if i+1 < len(found) {
			end = found[i+1][0]
		}
		p := Place{Section: text[at[0]:at[1]]}
		words := itemAt.FindAllString(text[at[1]:end], -1)
		for j, w := range words {
			n, err := strconv.Atoi(w)
			if err != nil && j > 0 && j+1 < len(words) { // "2 to 5"
				from, _ := strconv.Atoi(words[j-1])
				to, _ := strconv.Atoi(words[j+1])
				for n := from + 1; n < to; n++ {
					p.Items = append(p.Items, n)
				}
			} else if err == nil {
				p.Items = append(p.Items, n)
			}
		}
		places = append(places, p)
	}
	return places
}

// At lists the actions for an item of a section, or with item 0 those for the section as
// a whole, in the order of the catalog.
func At(section string, item int) []*Action {
	var list []*Action
	for _, a := range Catalog {
		if slices.ContainsFunc(a.Places(), func(p Place) bool {
			return p.Section == section && (item == 0 && len(p.Items) == 0 || slices.Contains(p.Items, item))
		}) {
			list = append(list, a)
		}
	}
	return list
}

// Usage is the command of an action as people type it.
func (a *Action) Usage() string { return strings.TrimSpace("/itms " + a.Name + " " + a.Args) }

// People says who has to agree to an action, at least: the policy of a site may ask for
// more.
func (a *Action) People() string {
	if a.Name == undo.Name {
		return "as for what it takes back"
	}
	who := Agree(runbook.Policy{}.NeedsFor(a.Risk))
	if a.RiskOf != nil {
		who = "as a rule " + who + "; its card says it for the words after it"
	}
	return who
}

// Agree says in words who has to agree.
func Agree(n runbook.Needs) string {
	numbers := []string{"nobody", "one", "two", "three"}
	many := strconv.Itoa(n.Count)
	if n.Count < len(numbers) {
		many = numbers[n.Count]
	}
	roles := make([]string, len(n.Roles))
	for i, r := range n.Roles {
		if roles[i] = string(r); n.Count > 1 {
			roles[i] += "s"
		}
	}
	s := many + " " + strings.Join(roles, " or ")
	if n.NotRequester {
		s += " other than the asker"
	} else {
		s += ", the asker too"
	}
	if n.SecondLook {
		s += fmt.Sprintf("; then everything is read again, and one of them starts it within %d minutes", int(secondLook.Minutes()))
	}
	return s
}

// AllFacts lists everything that rules may ask for, in the order of the method.
func AllFacts() []*Fact { return slices.Clone(facts) }
