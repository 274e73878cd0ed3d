package lab

import (
	"net/http"
	"strings"
	"testing"
)

func TestOnlyThisMachineAndThisPage(t *testing.T) {
	p := newTestPage(t)
	host := strings.TrimPrefix(p.url, "http://")
	_, port, _ := strings.Cut(host, ":")
	for _, c := range []struct {
		host, origin string
		want         int
	}{
		{host, "", http.StatusOK},
		{host, p.url, http.StatusOK},
		{"localhost:" + port, "", http.StatusOK},
		{"localhost:" + port, "http://localhost:" + port, http.StatusOK},
		{"[::1]:" + port, "", http.StatusOK},
		{"localhost", "", http.StatusOK},
		{"attacker.example", "", http.StatusForbidden},
		{"attacker.example:" + port, "http://attacker.example:" + port, http.StatusForbidden},
		{"127.0.0.1.attacker.example", "", http.StatusForbidden},
		{"10.20.0.9:" + port, "", http.StatusForbidden},
		{host, "http://attacker.example", http.StatusForbidden},
		{host, "http://127.0.0.1:1", http.StatusForbidden},
		{host, "https://" + host, http.StatusForbidden},
		{host, "null", http.StatusForbidden},
	} {
		for _, path := range []string{"/", "/lab", "/lab/world"} {
			got, _ := p.call(t, "GET", path, nil, func(r *http.Request) {
				r.Host = c.host
				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
			})
			if got != c.want {
				t.Errorf("GET %s, Host %s, Origin %q: %d, want %d", path, c.host, c.origin, got, c.want)
			}
		}
	}
	if got, _ := p.call(t, "POST", "/lab/say", `{"as":"operator","text":"x"}`, func(r *http.Request) { r.Header.Set("Origin", "http://attacker.example") }); got != http.StatusForbidden {
		t.Errorf("a foreign page may speak: %d", got)
	}
	if m := p.view(t, "as=operator").Messages; len(m) != 0 {
		t.Errorf("and was heard: %+v", m)
	}
}

func TestCallsAreOneJSONObject(t *testing.T) {
	p := newTestPage(t)
	const good = `{"as":"operator","text":"x"}`
	for _, c := range []struct {
		name, kind, body string
		want             int
	}{
		{"JSON", "application/json", good, http.StatusOK},
		{"with a character set", "application/json; charset=utf-8", good, http.StatusOK},
		{"what a foreign form may send", "text/plain", good, http.StatusUnsupportedMediaType},
		{"a form", "application/x-www-form-urlencoded", "as=operator&text=x", http.StatusUnsupportedMediaType},
		{"no type", "", good, http.StatusUnsupportedMediaType},
		{"a type that is none", "application/json; charset", good, http.StatusUnsupportedMediaType},
		{"nothing", "application/json", "", http.StatusBadRequest},
		{"not JSON", "application/json", "as=operator", http.StatusBadRequest},
		{"a list", "application/json", "[" + good + "]", http.StatusBadRequest},
		{"two objects", "application/json", good + good, http.StatusBadRequest},
		{"an unknown field", "application/json", `{"as":"operator","txt":"x"}`, http.StatusBadRequest},
		{"too long", "application/json", `{"as":"operator","text":"` + strings.Repeat("x", maxCall) + `"}`, http.StatusRequestEntityTooLarge},
		{"too long behind the object", "application/json", good + strings.Repeat(" ", maxCall), http.StatusRequestEntityTooLarge},
	} {
		got, answer := p.call(t, "POST", "/lab/say", c.body, func(r *http.Request) { r.Header.Set("Content-Type", c.kind) })
		if got != c.want {
			t.Errorf("%s: %d, want %d: %.200s", c.name, got, c.want, answer)
		}
	}
	for _, path := range []string{"/lab/press", "/lab/submit", "/lab/world", "/lab/faults"} {
		if got, _ := p.call(t, "POST", path, good, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }); got != http.StatusUnsupportedMediaType {
			t.Errorf("POST %s takes text/plain: %d", path, got)
		}
	}
}
