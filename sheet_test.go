package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/masterzen/winrm"

	"itmsbot/lab/world"
)

// TestWayBackWithoutTheBot closes the doors, stops the bot, and lets a person
// with another WinRM client type what the sheet says: the world is as before.
func TestWayBackWithoutTheBot(t *testing.T) {
	s := openStage(t)
	on := true
	if err := s.lab.World.Set(world.Condition{Field: "any-port", Host: "SMP1", On: &on, Word: "Any"}); err != nil {
		t.Fatal(err)
	}
	before := s.lab.World.Dump()
	s.say("Ana", "/itms quiesce")
	s.press("Ben", "Approve", "R-1")
	s.sees("Quiesce the estate (1.4): done")
	s.until("the sheet is in the thread", func() bool { return s.fileInThread("way-back-R-1-") != "" })
	s.stopBot()
	onDisk, err := os.ReadFile(filepath.Join(s.dir, "way-back-U-1-R-1.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if inThread := s.fileInThread("way-back-R-1-"); inThread != string(onDisk) {
		t.Errorf("thread and folder differ:\n%s\n%s", inThread, onDisk)
	}
	for _, host := range []string{"SMP1", "SQL1", "SITE1", "GW1"} {
		if !strings.Contains(string(onDisk), "  "+host+": machine VirtualMachine:") || !strings.Contains(string(onDisk), "itmsbot U-1 R-1 10.") {
			t.Errorf("the sheet does not name the snapshot of %s:\n%s", host, onDisk)
		}
	}
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
