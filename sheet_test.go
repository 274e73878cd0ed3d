package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/masterzen/winrm"
	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"itmsbot/lab/world"
	"itmsbot/runbook"
)

// TestWayBackWithoutTheBot closes the doors, stops the bot, and lets a person
// with another WinRM client type what the sheet says: the world is as before.
func TestWayBackWithoutTheBot(t *testing.T) {
	s := openStage(t)
	on := true
	if err := s.lab.World.Set(world.Condition{Field: "any-port", Host: "SMP1", On: &on, Word: "Any"}); err != nil {
		t.Fatal(err)
	}
	s.stopBot()
	s.plant.phones = map[string]string{s.id("Ben"): "+44 20 7946 0018"}
	s.startBot()
	before := s.lab.World.Dump()
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	last := s.sheetsOf("R-1")
	s.stopBot()
	onDisk, err := os.ReadFile(filepath.Join(s.dir, "way-back-U-1-R-1.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if inThread := s.fileInThread(last); inThread != string(onDisk) {
		t.Errorf("thread and folder differ:\n%s\n%s", inThread, onDisk)
	}
	s.goesBackBy(string(onDisk))
	for _, words := range []string{"\n  Ben, approver: +44 20 7946 0018\n", "\n  Ana, operator: no number in the configuration\n"} {
		if !strings.Contains(string(onDisk), words) {
			t.Errorf("the phone list has no %q:\n%s", words, onDisk)
		}
	}
	s.phoneIsNowhereElse("7946 0018")
	for _, h := range s.lab.Document().Hosts {
		lines := linesFor(string(onDisk), h.Name)
		if h.Name == "SQL1" || h.Role == "client" {
			if lines != "" {
				t.Errorf("%s was not changed, but has lines:\n%s", h.Name, lines)
			}
			continue
		}
		if code, stderr := plainClient(t, s, h.Name, lines); code != 0 {
			t.Errorf("%s: exit %d: %s\n%s", h.Name, code, stderr, lines)
		}
	}
	if diff := cmp.Diff(before, s.lab.World.Dump()); diff != "" {
		t.Errorf("the world is not as before (-before +after):\n%s", diff)
	}
	// The lines of one server do nothing on another.
	if code, stderr := plainClient(t, s, "SITE1", linesFor(string(onDisk), "SMP1")); code == 0 || !strings.Contains(stderr, "another server") {
		t.Errorf("SMP1's lines ran on SITE1: exit %d %s", code, stderr)
	}
	s.startBot()
}

// sheetsOf waits until the sheet of the end is in the thread and gives its name.
// One lies there after the doors were closed, one after the set was taken or at
// the end, each later one naming those that it replaces.
func (s *stage) sheetsOf(request string) (last string) {
	s.t.Helper()
	r, err := s.bot.store.Request(request)
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := s.bot.store.Plan(r.Digest)
	if err != nil {
		s.t.Fatal(err)
	}
	plan, err := runbook.OpenPlan(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	closes := map[string]bool{}
	for _, step := range plan.Steps() {
		closes[step.ID] = step.Kind == "firewall.disable"
	}
	var doors, end int64
	for _, e := range s.events() {
		switch {
		case e.Kind == runbook.Outcome && closes[e.Step]:
			doors = e.N
		case e.Kind == runbook.Finished:
			end = e.N
		}
	}
	name := func(n int64) string { return fmt.Sprintf("way-back-%s-%d.txt", request, n) }
	said := func(n int64) (text string) {
		for _, m := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, s.card(request)) {
			if len(m.Files) > 0 && m.Files[0].Name == name(n) {
				text = m.Text
			}
		}
		return text
	}
	s.until("the sheets are in the thread", func() bool { return said(doors) != "" && said(end) != "" })
	if strings.Contains(said(doors), "replaces") || !strings.Contains(said(end), "It replaces `") || !strings.HasSuffix(said(end), "`"+name(doors)+"`.") {
		s.t.Errorf("what is said of the sheets: %q, %q", said(doors), said(end))
	}
	if text := s.fileInThread(name(doors)); strings.Contains(text, "Snapshots, in vCenter") || !strings.Contains(text, "Enable-NetFirewallRule") {
		s.t.Errorf("the sheet after the doors:\n%s", text)
	}
	return name(end)
}

// goesBackBy holds the sheet against vCenter itself: every server's snapshot is
// found there by the reference that stands on the sheet, and is the one that the
// sheet says it is.
func (s *stage) goesBackBy(sheet string) {
	s.t.Helper()
	doc := s.lab.Document().VCenter
	u, err := soap.ParseURL(doc.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	u.User = url.UserPassword(doc.User, doc.Password)
	client, err := govmomi.NewClient(s.ctx, u, true)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = client.Logout(s.ctx) }()
	found := regexp.MustCompile(`(?m)^  (\w+): machine VirtualMachine:(\S+), BIOS UUID (\S+)\n    snapshot "itmsbot R-1", VirtualMachineSnapshot:(\S+), taken (\S+) by vCenter's clock; the step: done\n    description: (itmsbot U-1 R-1 \d+\.\d)$`).FindAllStringSubmatch(sheet, -1)
	var hosts []string
	for _, f := range found {
		hosts = append(hosts, f[1])
		var vm mo.VirtualMachine
		ref := types.ManagedObjectReference{Type: "VirtualMachine", Value: f[2]}
		if err := property.DefaultCollector(client.Client).RetrieveOne(s.ctx, ref, []string{"config.uuid", "snapshot"}, &vm); err != nil {
			s.t.Errorf("%s: %v", f[1], err)
			continue
		}
		ok := vm.Config.Uuid == f[3] && vm.Snapshot != nil
		if ok {
			i := slices.IndexFunc(vm.Snapshot.RootSnapshotList, func(n types.VirtualMachineSnapshotTree) bool { return n.Snapshot.Value == f[4] })
			ok = i >= 0 && vm.Snapshot.RootSnapshotList[i].Description == f[6] && vm.Snapshot.RootSnapshotList[i].CreateTime.UTC().Format(time.RFC3339) == f[5]
		}
		if !ok {
			s.t.Errorf("vCenter does not have what the sheet says of %s: %+v", f[1], vm.Snapshot)
		}
	}
	if strings.Join(hosts, " ") != "SMP1 SQL1 SITE1 GW1" {
		s.t.Errorf("snapshots of %q on the sheet:\n%s", hosts, sheet)
	}
	_, power, _ := strings.Cut(sheet, "\nPower order")
	power, _, _ = strings.Cut(power, "\nPhone list")
	var order []string
	for _, f := range regexp.MustCompile(`(?m)^    (\w+), [^(\n]+\((VirtualMachine:\S+)\)$`).FindAllStringSubmatch(power, -1) {
		order = append(order, f[1])
		if !strings.Contains(sheet, "  "+f[1]+": machine "+f[2]+",") {
			s.t.Errorf("%s is %s in the power order and another machine above", f[1], f[2])
		}
	}
	if strings.Join(order, " ") != "GW1 SITE1 SMP1 SQL1 SQL1 SMP1 SITE1 GW1" {
		s.t.Errorf("power order %q", order)
	}
}

// phoneIsNowhereElse looks for a number in the database and in every message.
func (s *stage) phoneIsNowhereElse(number string) {
	s.t.Helper()
	for _, name := range []string{"itmsbot.db", "itmsbot.db-wal"} {
		if raw, err := os.ReadFile(filepath.Join(s.dir, name)); err == nil && strings.Contains(string(raw), number) {
			s.t.Errorf("%s holds the number", name)
		}
	}
	for _, card := range s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, "") {
		for _, m := range append(s.lab.Slack.Messages(s.id("Cleo"), s.plant.slack.Channel, card.TS), card) {
			if strings.Contains(m.Text+string(m.Blocks), number) {
				s.t.Errorf("a message holds the number: %s", m.Text)
			}
		}
	}
}

// linesFor cuts one server's lines out of a sheet.
func linesFor(sheet, host string) string {
	_, rest, ok := strings.Cut(sheet, "\n"+host+", ")
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, "\n")
	lines, _, _ := strings.Cut(rest, "\n\n")
	return lines
}

// plainClient is somebody else's WinRM client with a shell on a host.
func plainClient(t *testing.T, s *stage, host, text string) (int, string) {
	t.Helper()
	for _, h := range s.lab.Document().Hosts {
		if h.Name != host {
			continue
		}
		address, port, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(h.WinRM, "http://"), "/wsman"), ":")
		endpoint := winrm.NewEndpoint(address, atoi(t, port), false, false, nil, nil, nil, patience)
		p := *winrm.DefaultParameters
		p.TransportDecorator = func() winrm.Transporter {
			sealed, err := winrm.NewEncryption("ntlm")
			if err != nil {
				t.Fatal(err)
			}
			return sealed
		}
		client, err := winrm.NewClientWithParameters(endpoint, h.Domain+`\`+h.User, h.Password, &p)
		if err != nil {
			t.Fatal(err)
		}
		var out, errs strings.Builder
		code, err := client.RunWithContext(context.Background(), "powershell.exe -NoProfile -EncodedCommand "+encoded(text), &out, &errs)
		if err != nil {
			t.Fatal(err)
		}
		return code, errs.String()
	}
	t.Fatalf("no host %s", host)
	return 0, ""
}

func encoded(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return base64.StdEncoding.EncodeToString(b)
}
