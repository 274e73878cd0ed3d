package trust

import "strings"

// Accounts gives the Logins of one account one pointer. The zero value is empty. It
// is not safe for concurrent use.
type Accounts struct{ first map[string]*Login }

// One is l, or the Login that was given first for the same account of the same
// domain, whose password then counts for both.
func (a *Accounts) One(l *Login) *Login {
	name := l.account()
	if name == "" {
		return l
	}
	if a.first == nil {
		a.first = make(map[string]*Login)
	}
	if a.first[name] == nil {
		a.first[name] = l
	}
	return a.first[name]
}

// account is what a directory would lock, however it was written; empty for an
// account without a domain, which each machine has for itself. CORP and
// corp.example are two domains here: only a directory knows that they are one.
func (l *Login) account() string {
	user, domain := l.User, l.Domain
	if domain == "" {
		if before, after, ok := strings.Cut(user, `\`); ok {
			domain, user = before, after
		} else if at := strings.LastIndex(user, "@"); at >= 0 {
			user, domain = user[:at], user[at+1:]
		}
	}
	if domain == "" || domain == "." {
		return ""
	}
	return strings.ToLower(domain + `\` + user)
}
