package world

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestConditionsAreRefused(t *testing.T) {
	rule := &Rule{Name: "x", Ports: []string{"nonsense"}}
	for name, c := range map[string]Condition{
		"unknown field":         {Field: "weather"},
		"no field":              {},
		"unknown host":          {Field: "power", Host: "SMP9", On: on(true)},
		"no host":               {Field: "power", On: on(true)},
		"host for nothing":      {Field: "queue", Host: "SMP1", Number: number(1)},
		"no number":             {Field: "queue"},
		"negative":              {Field: "queue", Number: number(-1)},
		"too many":              {Field: "files", Number: number(1_000_000)},
		"no such drive":         {Field: "disk", Host: "SMP1", Name: "Z:", Number: number(1)},
		"more free than there":  {Field: "disk", Host: "SMP1", Name: "C:", Number: number(121)},
		"no such rule":          {Field: "rule", Host: "SMP1", Name: "x", On: on(true)},
		"rule of policy":        {Field: "rule-remove", Host: "SMP1", Name: "{3D8A7E50-4A51-4F0C-9C33-0D5E6B1F2C77}"},
		"bad ports":             {Field: "rule-add", Host: "SMP1", Rule: rule},
		"name taken":            {Field: "rule-add", Host: "SMP1", Rule: &Rule{Name: "itms-cem-4726"}},
		"any port twice":        {Field: "any-port", Host: "SMP1", On: on(false)},
		"any port of UDP":       {Field: "any-port", Host: "SMP1", On: on(true), Word: "UDP"},
		"no file":               {Field: "file", Host: "SMP1", Name: `D:\Backup\`, Number: number(1)},
		"file on a share":       {Field: "file", Host: "SMP1", Name: `\\files\x\y`, Number: number(1)},
		"no drive for a file":   {Field: "file", Host: "SMP1", Name: `Z:\x\y`, Number: number(1)},
		"less than empty":       {Field: "file", Host: "SMP1", Name: `D:\x\y`, Number: number(-1)},
		"no files":              {Field: "files-age", Host: "GW1", Number: number(1)},
		"no files there":        {Field: "files-age", Host: "SITE1", Number: number(1)},
		"files of tomorrow":     {Field: "files-age", Host: "SMP1", Number: number(-1)},
		"no such folder":        {Field: "files-gone", Host: "SMP1", Name: `D:\Other`},
		"no rule":               {Field: "gpo-add", Host: "SMP1"},
		"no source":             {Field: "gpo-add", Host: "SMP1", Rule: &Rule{Name: "x"}},
		"no such profile":       {Field: "profile", Host: "SMP1", Name: "Home", On: on(false)},
		"no such network":       {Field: "network", Host: "SMP1", Name: "Home"},
		"no such default":       {Field: "inbound", Host: "SMP1", Word: "Perhaps"},
		"no such service":       {Field: "service", Host: "SMP1", Name: "x", Word: "Stopped"},
		"no such state":         {Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Paused"},
		"the firewall's own":    {Field: "service", Host: "SMP1", Name: "MpsSvc", Word: "Stopped"},
		"pace":                  {Field: "pace", Number: number(0)},
		"nothing runs there":    {Field: "service", Host: "GW1", Name: "WinRM", Word: "Stopped"},
		"rules of an off host":  {Field: "rule", Host: "GW1", Name: "SMP-Internet-Gateway", On: on(false)},
		"policy to an off host": {Field: "gpo-add", Host: "GW1", Rule: &Rule{Name: "x", Source: "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newSmall(t)
			l.set(Condition{Field: "power", Host: "GW1", On: on(false)})
			before := l.Dump()
			err := l.Set(c)
			if err == nil {
				t.Fatal("accepted")
			}
			if s := err.Error(); len(s) < 10 || strings.HasSuffix(s, ".") {
				t.Errorf("refused with %q, want a sentence", s)
			}
			if !reflect.DeepEqual(before, l.Dump()) {
				t.Error("refused, but something changed")
			}
		})
	}
}

// TestConditionsShow makes each condition so and looks for it in the truth.
func TestConditionsShow(t *testing.T) {
	for name, c := range map[string]struct {
		set  []Condition
		when time.Duration
		want func(lab) bool
	}{
		"queue":  {set: []Condition{{Field: "queue", Number: number(37)}}, want: func(l lab) bool { return l.Truth().Queue.Database == 37 }},
		"empty":  {set: []Condition{{Field: "queue", Number: number(0)}, {Field: "files", Number: number(0)}}, want: func(l lab) bool { return l.Truth().Queue.Word == QueueEmpty }},
		"stuck":  {set: []Condition{{Field: "stuck", On: on(true)}}, when: 4 * time.Minute, want: func(l lab) bool { return l.Truth().Queue.Word == QueueStalled }},
		"freed":  {set: []Condition{{Field: "stuck", On: on(true)}, {Field: "service", Host: "SMP1", Name: "AltirisClientMsgDispatcher", Word: "Stopped"}, {Field: "service", Host: "SMP1", Name: "AltirisClientMsgDispatcher", Word: "Running"}}, when: 4 * time.Minute, want: func(l lab) bool { return l.Truth().Queue.Word == QueueDraining }},
		"sql":    {set: []Condition{{Field: "power", Host: "SQL1", On: on(false)}}, want: func(l lab) bool { return l.Truth().Queue.Word == QueueUnknown }},
		"grows":  {set: []Condition{{Field: "service", Host: "SMP1", Name: "AeXSvc", Word: "Stopped"}}, when: 2 * time.Minute, want: func(l lab) bool { return l.Truth().Queue.Word == QueueGrowing }},
		"disk":   {set: []Condition{{Field: "disk", Host: "SMP1", Name: "c:", Number: number(3)}}, want: func(l lab) bool { return l.host("SMP1").Disks[0].FreeGB == 3 }},
		"rule":   {set: []Condition{{Field: "rule", Host: "SMP1", Name: "ITMS-CEM-4726", On: on(false)}}, want: func(l lab) bool { return l.host("SMP1").Doors == DoorsPartly && l.host("SMP1").OpenRules == 3 }},
		"policy": {set: []Condition{{Field: "gpo-add", Host: "SMP1", Rule: &Rule{Name: "x", Source: "CORP", Ports: []string{"443"}}}}, want: func(l lab) bool { return l.host("SMP1").OpenRules == 5 }},
		"any port": {
			set:  []Condition{{Field: "any-port", Host: "SMP1", On: on(true), Word: "Any"}},
			want: func(l lab) bool { return l.host("SMP1").OpenRules == 5 },
		},
		"any port taken away": {
			set:  []Condition{{Field: "any-port", Host: "SMP1", On: on(true)}, {Field: "any-port", Host: "SMP1", On: on(false)}},
			want: func(l lab) bool { return l.host("SMP1").OpenRules == 4 },
		},
		"policy that comes back": {
			set: []Condition{
				{Field: "gpo-add", Host: "SMP1", Rule: &Rule{Name: "x", Source: "CORP", Ports: []string{"443"}}}, {Field: "gpo-remove", Host: "SMP1", Name: "x"},
				{Field: "gpo-add", Host: "SMP1", Rule: &Rule{Name: "x", Source: "CORP", Ports: []string{"443"}}},
			},
			want: func(l lab) bool { return l.host("SMP1").OpenRules == 5 },
		},
		"policy taken away": {
			set:  []Condition{{Field: "gpo-add", Host: "SMP1", Rule: &Rule{Name: "x", Source: "CORP"}}, {Field: "gpo-remove", Host: "SMP1", Name: "x"}},
			want: func(l lab) bool { return l.host("SMP1").OpenRules == 4 },
		},
		"block":       {set: []Condition{{Field: "rule-add", Host: "GW1", Rule: &Rule{Name: "x", Action: "Block"}}}, want: func(l lab) bool { return l.host("GW1").Doors == DoorsClosed && !l.host("GW1").Answers }},
		"network":     {set: []Condition{{Field: "network", Host: "SMP1", Name: "public"}}, want: func(l lab) bool { return l.host("SMP1").Profiles[2].Active && !l.host("SMP1").Profiles[0].Active }},
		"local rules": {set: []Condition{{Field: "local-rules", Host: "SMP1", On: on(false)}}, want: func(l lab) bool { return l.host("SMP1").Doors == DoorsClosed && !l.host("SMP1").Answers }},
		"inbound":     {set: []Condition{{Field: "inbound", Host: "SITE1", Word: "Allow"}, {Field: "local-rules", Host: "SITE1", On: on(false)}}, want: func(l lab) bool { return l.host("SITE1").Doors == DoorsOpen }},
		"profile":     {set: []Condition{{Field: "profile", Host: "SITE1", Name: "Domain", On: on(false)}, {Field: "local-rules", Host: "SITE1", On: on(false)}}, want: func(l lab) bool { return l.host("SITE1").Doors == DoorsOpen }},
		"off": {set: []Condition{{Field: "power", Host: "SMP1", On: on(false)}}, want: func(l lab) bool {
			return l.host("SMP1").Power == PowerOff && l.host("SMP1").Connected == 0 && l.host("SMP1").UptimeSeconds == 0
		}},
		"booting": {set: []Condition{{Field: "power", Host: "SMP1", On: on(false)}, {Field: "power", Host: "SMP1", On: on(true)}}, want: func(l lab) bool { return l.host("SMP1").Power == PowerStarting && !l.host("SMP1").Answers }},
		"booted": {set: []Condition{{Field: "power", Host: "SMP1", On: on(false)}, {Field: "power", Host: "SMP1", On: on(true)}}, when: 3 * time.Minute, want: func(l lab) bool {
			return l.host("SMP1").Answers && l.host("SMP1").ServicesRunning == 14 && l.host("SMP1").UptimeSeconds == 30
		}},
		"pace": {set: []Condition{{Field: "pace", Number: number(60)}}, want: func(l lab) bool { return l.Pace() == 60 }},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			version := l.Version()
			for _, condition := range c.set {
				l.set(condition)
			}
			l.Advance(c.when)
			if !c.want(l) {
				t.Errorf("not so: %+v", l.Truth().Queue)
			}
			if l.Version() == version {
				t.Error("no watcher was told")
			}
		})
	}
}
