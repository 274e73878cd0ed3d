package actions

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// TestOverridingWords: --override takes exactly the reason behind it, and is refused where
// there is nothing to pass over.
func TestOverridingWords(t *testing.T) {
	soft := &Action{Name: "soft", Rules: []Rule{{Fact: smpVerified}, {Fact: setIsTaken, Hard: true}},
		Parse: func(words []string) (map[string]string, *runbook.Refusal) {
			if len(words) == 0 {
				return nil, nil
			}
			if strings.HasPrefix(words[0], "--") {
				return nil, runbook.Refuse("", "`%s` is not known there.", words[0])
			}
			return map[string]string{"who": strings.Join(words, " ")}, nil
		}}
	hard := &Action{Name: "hard", Rules: []Rule{{Fact: setIsTaken, Hard: true}}}
	free := &Action{Name: "free"}
	for _, tt := range []struct {
		action *Action
		words  []string
		want   map[string]string // nil with no is a refusal
		no     string
	}{
		{soft, []string{"10.1.2.3"}, map[string]string{"who": "10.1.2.3"}, ""},
		{soft, []string{"10.1.2.3", "--override", "Ben knows"}, map[string]string{"who": "10.1.2.3", "override": "Ben knows"}, ""},
		{soft, []string{"--override", " Ben knows ", "10.1.2.3"}, map[string]string{"who": "10.1.2.3", "override": "Ben knows"}, ""},
		{soft, []string{"--override", "Ben knows"}, map[string]string{"override": "Ben knows"}, ""},
		{soft, []string{"10.1.2.3", "--override"}, nil, "needs a reason"},
		{soft, []string{"10.1.2.3", "--override", "  "}, nil, "needs a reason"},
		{soft, []string{"--override", "--force", "10.1.2.3"}, nil, "needs a reason"},
		{soft, []string{"--override", "a", "--override", "b"}, nil, "`--override` is not known there"},
		{hard, []string{"--override", "Ben knows"}, nil, "can be passed over"},
		{free, []string{"--override", "Ben knows"}, nil, "can be passed over"},
		{free, []string{"now"}, nil, "takes nothing after it"},
		{free, nil, nil, ""},
	} {
		args, no := tt.action.Arguments(tt.words)
		switch {
		case (no != nil) != (tt.no != "") || no != nil && !strings.Contains(no.Reason, tt.no):
			t.Errorf("%s %q: %v, want %q", tt.action.Name, tt.words, no, tt.no)
		case no == nil && !maps.Equal(args, tt.want):
			t.Errorf("%s %q: %v, want %v", tt.action.Name, tt.words, args, tt.want)
		}
	}
}

// TestObey: what is not so, and what is not known, refuses; a reason passes over soft
// rules alone, and each that is passed over is named.
func TestObey(t *testing.T) {
	// The queue cannot be asked here, so that whether it is empty is unknown.
	noGateway := Env{Estate: estate.Estate{Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}}}}
	gateway := Env{Estate: estate.Estate{Hosts: []estate.Host{{Name: "SMP1", Role: estate.SMP}, {Name: "GW1", Role: estate.Gateway}}}}
	signed := Ledger{Whole: runbook.Upgrade{Signed: []runbook.Signature{{Fact: smpVerified, Said: runbook.Said{Text: "console looks good"}, N: 7}}}}
	for _, tt := range []struct {
		name    string
		env     Env
		ledger  Ledger
		rules   []Rule
		because string
		passed  string // names of the facts that are passed over
		no      string // what the refusal says
	}{
		{"no rules", gateway, Ledger{}, nil, "", "", ""},
		{"it is so", gateway, signed, []Rule{{Fact: smpVerified}}, "", "", ""},
		{"it is so, and a reason was given for nothing", gateway, signed, []Rule{{Fact: smpVerified}}, "why not", "", ""},
		{"it is not so", gateway, Ledger{}, []Rule{{Fact: smpVerified}}, "", "", "Nobody has vouched that the upgraded SMP is verified"},
		{"signed before the last rollback", gateway, Ledger{Whole: signed.Whole, RolledBack: 8, Reverted: 8}, []Rule{{Fact: smpVerified}}, "", "", "Nobody has vouched"},
		{"the first that is not so is said", gateway, signed, []Rule{{Fact: smpVerified}, {Fact: clientTested}, {Fact: testingPassed}}, "", "", "a single client was tested"},
		{"passed over", gateway, Ledger{}, []Rule{{Fact: smpVerified}, {Fact: clientTested}}, "Ben knows", "smp-verified client-tested", ""},
		{"passed over is only what is not so", gateway, signed, []Rule{{Fact: smpVerified}, {Fact: clientTested}}, "Ben knows", "client-tested", ""},
		{"a hard rule is not passed over", gateway, Ledger{}, []Rule{{Fact: smpVerified}, {Fact: setIsTaken, Hard: true}}, "Ben knows", "", "There is no whole set of snapshots"},
		{"unknown is not so", gateway, Ledger{}, []Rule{{Fact: queuesAreEmpty}}, "", "", "Whether the event queue is empty (1.4 item 2) is unknown: the bot could not read the event queue"},
		{"unknown can be passed over", gateway, Ledger{}, []Rule{{Fact: queuesAreEmpty}}, "Ben knows", "queues-empty", ""},
		{"unknown under a hard rule cannot", gateway, Ledger{}, []Rule{{Fact: queuesAreEmpty, Hard: true}}, "Ben knows", "", "is unknown"},
		{"a rule that does not apply", noGateway, Ledger{}, []Rule{{Fact: gatewayUpgraded, If: hasGateway}}, "", "", ""},
		{"and where it does", gateway, Ledger{}, []Rule{{Fact: gatewayUpgraded, If: hasGateway}}, "", "", "the internet gateway is upgraded"},
		{"a condition that is not known limits nothing", gateway, Ledger{}, []Rule{{Fact: smpVerified, If: queuesAreEmpty}}, "", "", "Nobody has vouched"},
	} {
		a := &Action{Name: "open", Rules: tt.rules}
		args := map[string]string{}
		if tt.because != "" {
			args[override] = tt.because
		}
		passed, err := obey(t.Context(), tt.env, tt.ledger, a, args)
		var no *runbook.Refusal
		if (err != nil) != (tt.no != "") || err != nil && (!errors.As(err, &no) || !strings.Contains(no.Reason, tt.no)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.no)
			continue
		}
		if no != nil && no.Hint == "" {
			t.Errorf("%s: nobody is told what to do instead: %v", tt.name, no)
		}
		var names []string
		for _, o := range passed {
			names = append(names, o.Fact)
			if o.Because != tt.because {
				t.Errorf("%s: the reason is %q", tt.name, o.Because)
			}
		}
		if got := strings.Join(names, " "); got != tt.passed {
			t.Errorf("%s: passed over %q, want %q", tt.name, got, tt.passed)
		}
	}
	if _, err := obey(t.Context(), gateway, Ledger{}, &Action{Name: "open", Rules: []Rule{{Fact: "weather"}}}, nil); err == nil {
		t.Error("a rule about a fact that nobody knows was obeyed")
	}
}

// TestRulesNameFacts: every rule of the catalog names facts that there are, and hard and
// soft ones alike say what to do.
func TestRulesNameFacts(t *testing.T) {
	for _, a := range Catalog {
		for _, r := range a.Rules {
			if _, ok := FactNamed(r.Fact); !ok {
				t.Errorf("%s: there is no fact %q", a.Name, r.Fact)
			}
			if _, ok := FactNamed(r.If); r.If != "" && !ok {
				t.Errorf("%s: there is no fact %q", a.Name, r.If)
			}
		}
	}
	seen := map[string]bool{}
	for _, f := range facts {
		if seen[f.Name] || f.Says == "" || f.Missing == "" || f.Supply == "" || f.ask == nil || f.Name != strings.ToLower(f.Name) {
			t.Errorf("fact %q is not whole", f.Name)
		}
		seen[f.Name] = true
		if f.Signed != strings.Contains(f.Supply, "/itms sign "+f.Name) {
			t.Errorf("%s: whether it is signed (%v) and what supplies it (%s) differ", f.Name, f.Signed, f.Supply)
		}
	}
	if got := fmt.Sprint(SignedFacts()); got != "[smp-upgraded smp-verified site-upgraded client-tested gateway-upgraded testing-passed]" {
		t.Errorf("people sign %s", got)
	}
}
