package actions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestArgumentsOfOpenings: the same wish has one spelling, whatever was typed, and what is
// not understood is refused before anything is asked for.
func TestArgumentsOfOpenings(t *testing.T) {
	type args = map[string]string
	for _, tt := range []struct {
		line string
		want args
		says string
	}{
		{"allow client 10.1.2.3", args{"client": "10.1.2.3"}, ""},
		{"allow client ws-0412 on Site,SMP for 120m", args{"client": "WS-0412", "on": "smp,site", "for": "2h"}, ""},
		{"allow client ws-0412.corp.example for 2h on smp, site", args{"client": "WS-0412.CORP.EXAMPLE", "on": "smp,site", "for": "2h"}, ""},
		{"allow client 10.1.2.3 on gateway,gateway", args{"client": "10.1.2.3", "on": "gateway"}, ""},
		{"allow client 10.1.2.3 10.1.2.4", nil, "Name one computer"},
		{"allow client 10.1.2.3 on", nil, "Something is missing after `on`"},
		{"allow client 10.1.2.3 on ,", nil, "No server is named"},
		{"allow client 10.1.2.3 on smp on site", nil, "`on` is there twice"},
		{"allow client 10.1.2.3 on sql", nil, "`sql` is no kind of server that clients reach"},
		{"allow client 10.1.2.3 on SMP1", nil, "`SMP1` is no kind of server"},
		{"allow client 10.1.2.3 for", nil, "Something is missing after `for`"},
		{"allow client 10.1.2.3 for 2h more", nil, "`more` is not known after `for 2h`"},
		{"allow client on smp", nil, "Name one computer"},
		{"allow client Any", args{"client": "ANY"}, ""}, // a name like others; the CMDB is asked
		{"allow client LocalSubnet,Any", nil, "is neither an address nor the name"},
		{"allow client -", nil, "is not an address"},
		{"allow client ../etc", nil, "is not a range"},
		{"allow subnet 10.1.3.0/24,10.1.2.0/24 for 1d", args{"subnet": "10.1.2.0/24 10.1.3.0/24", "for": "1d"}, ""},
		{"allow subnet 10.1.2.0/24 on moon", nil, "`moon` is no kind"},
		{"allow subnet WS-0412", nil, "`WS-0412` is not an address"},
		{"allow subnet 10.1.2.3", nil, "One computer is let in with `/itms allow client 10.1.2.3`"},
		{"allow subnet " + strings.Repeat("10.1.2.0/24 ", 41), nil, "more than the 40 of one request"},
		{"allow site-servers", nil, ""},
		{"allow site-servers now", nil, "takes nothing after it"},
		{"close r-12", args{"request": "R-12", "what": "R-12"}, ""},
		{"close client ws-0412", args{"client": "WS-0412", "what": "WS-0412"}, ""},
		{"close subnet 10.1.3.0/24 10.1.2.0/24", args{"subnet": "10.1.2.0/24 10.1.3.0/24", "what": "10.1.2.0/24, 10.1.3.0/24"}, ""},
		{"close", nil, "Say what to close"},
		{"close client", nil, "Say what to close"},
		{"close 10.1.2.3", nil, "Say what to close"},
		{"close R-12 R-13", nil, "Say what to close"},
		{"extend r-12 for 60m", args{"request": "R-12", "for": "1h"}, ""},
		{"extend R-12", nil, "Say which request"},
		{"extend R-12 1h", nil, "Say which request"},
		{"extend R-12 for 5m", nil, "shorter than 10"},
	} {
		a, words, ok := Named(strings.Fields(tt.line))
		if !ok {
			t.Errorf("%s: no such action", tt.line)
			continue
		}
		got, no := a.Arguments(words)
		switch {
		case tt.says != "":
			if no == nil || !strings.Contains(no.Error(), tt.says) {
				t.Errorf("%s: %v %v, want %q", tt.line, got, no, tt.says)
			}
		case no != nil || !cmp.Equal(got, tt.want):
			t.Errorf("%s: %v %v, want %v", tt.line, got, no, tt.want)
		}
	}
}
