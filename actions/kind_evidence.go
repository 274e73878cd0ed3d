package actions

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"itmsbot/estate"
	"itmsbot/runbook"
)

// evidenceKept keeps what a revert of a host erases: the logs of the window, the
// settings without their secrets, services and versions. It stops nothing: what cannot
// be read is said.
var evidenceKept = &Kind{
	Name: "evidence.keep", Version: 1, Limit: 5 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[evidenceParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		record, err := env.Reboots.Record(ctx, s.Host, env.Lane)
		if err != nil {
			return Finding{}, err
		}
		f := Finding{Standing: IsDone, HostNow: record.Now, Files: []File{inventory(s.Host, record)}}
		var said, missed []string
		said = append(said, fmt.Sprintf("%s and %s", count(len(record.Services), "service"), count(len(record.Products), "product")))
		hours := int(min(168, max(1, env.Clock.Now().Sub(time.Unix(p.Since, 0)).Hours()+1)))
		if r, err := env.Hosts.ReadLogs(ctx, s.Host, env.Lane, estate.LogQuery{Hours: hours, MaxGroups: 200}); err != nil {
			missed = append(missed, "the event logs: the bot "+Words(err))
		} else {
			f.Files = append(f.Files, errorList(s.Host, r))
			said = append(said, count(len(r.Groups), "group")+" of errors")
		}
		var found estate.Evidence
		if len(p.Kinds) > 0 {
			found, err = env.Evidences.Evidence(ctx, s.Host, env.Lane, estate.EvidenceQuery{Kinds: p.Kinds,
				Since: record.Now.Add(time.Unix(p.Since, 0).Sub(env.Clock.Now())), FileBytes: evidenceFile, MostBytes: estate.EvidenceLargest})
		}
		if err != nil {
			missed = append(missed, "files: the bot "+Words(err))
		}
		if len(found.Files) > 0 {
			f.Files = append(f.Files, bundle(s.Host, found))
			said = append(said, count(len(found.Files), "file"))
		}
		if len(found.Files)+len(found.Missed) > 0 {
			f.Files = append(f.Files, evidenceList(s.Host, found))
		}
		for _, m := range found.Missed {
			missed = append(missed, strings.TrimSpace(m.Kind+" "+m.Path)+": "+strings.TrimRight(m.Why, ". "))
		}
		f.Text = "Kept: " + strings.Join(said, ", ") + "."
		if len(missed) > 0 {
			f.Text += " Not kept: " + estate.Join(missed) + "."
		}
		return f, nil
	},
}

type evidenceParams struct {
	// Since is the second since 1970 of the set.
	Since int64    `json:"since"`
	Kinds []string `json:"kinds"`
}

// evidenceFile is the most that is kept of one file.
const evidenceFile = 512 << 10

// bundle puts the files into one text, each below a line that names it. Secrets are
// taken out of each by itself: what is at the end of one says nothing of the next.
func bundle(host string, found estate.Evidence) File {
	var b bytes.Buffer
	for _, one := range found.Files {
		part := "whole"
		if one.Cut {
			part = "a part"
		}
		fmt.Fprintf(&b, "===== %s, %d bytes (%s), SHA-256 of the file on the server %s =====\n", one.Path, one.Bytes, part, one.SHA256)
		b.WriteString(runbook.Redact(readable(one.Content)))
		b.WriteString("\n\n")
	}
	return File{Name: "evidence-" + host + ".txt", Title: "Logs and settings of " + host + " before it went back", Bytes: b.Bytes()}
}

// readable gives the text of a file in UTF-8. Installers of Windows write UTF-16, in which
// no secret would be found: every other byte of its letters is 0. Of the end of a file
// there is no byte order mark, and it may begin in the middle of a letter.
func readable(b []byte) string {
	zeros := [2]int{}
	for i, c := range b {
		if c == 0 {
			zeros[i%2]++
		}
	}
	if most := max(zeros[0], zeros[1]); most*4 < len(b) || most == 0 {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		low, high := b[i], b[i+1]
		if zeros[0] > zeros[1] {
			low, high = high, low
		}
		units = append(units, uint16(high)<<8|uint16(low))
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\uFEFF")
}

// evidenceList says of each file what was kept of it.
func evidenceList(host string, found estate.Evidence) File {
	rows := [][]string{{"what", "path", "bytes", "changed", "SHA-256 on the server", "kept"}}
	for _, one := range found.Files {
		kept := strconv.Itoa(len(one.Content)) + " bytes"
		rows = append(rows, []string{one.Kind, one.Path, strconv.FormatInt(one.Bytes, 10), one.Changed.UTC().Format(time.RFC3339), one.SHA256, kept})
	}
	for _, m := range found.Missed {
		rows = append(rows, []string{m.Kind, m.Path, "", "", "", "not kept: " + m.Why})
	}
	return spreadsheet("evidence-"+host+".csv", "What was kept of "+host, rows)
}

// inventory lists services and versions as they were when the host went back.
func inventory(host string, r estate.HostRecord) File {
	rows := [][]string{{"sort", "name", "state or version", "start", "account"}}
	for _, p := range r.Products {
		rows = append(rows, []string{"product", p.Name, p.Version, "", ""})
	}
	for _, s := range r.Services {
		rows = append(rows, []string{"service", s.Name, s.State, s.Start, s.Account})
	}
	return spreadsheet("inventory-"+host+".csv", "Services and versions of "+host+" before it went back", rows)
}

// clientsKept lists the clients that came in since the set was taken: what the CMDB
// knows of them is gone with the revert, and some of them keep a newer agent.
var clientsKept = &Kind{
	Name: "clients.keep", Version: 1, Limit: 2 * time.Minute,
	Look: func(ctx context.Context, env Env, s runbook.Step) (Finding, error) {
		p, err := params[evidenceParams](s.Params, s.ID)
		if err != nil {
			return Finding{}, err
		}
		if env.CMDB == nil {
			return Finding{}, &estate.Error{Kind: estate.Unavailable, Host: s.Host, Op: "list the clients that came in", Detail: "no CMDB is configured"}
		}
		c, err := env.CMDB.ClientsSince(ctx, max(0, int64(env.Clock.Now().Sub(time.Unix(p.Since, 0)).Seconds())))
		if err != nil {
			return Finding{}, err
		}
		return Finding{Standing: IsDone, HostNow: c.Now, Text: cameIn(c) + ".", Files: []File{clientList(c)}}, nil
	},
}

// cameIn says how many clients came in, and with which agents.
func cameIn(c estate.Contacts) string {
	text := count(int(c.Count), "client") + " came in"
	if !c.Complete() {
		text = "at least " + text + ", the CMDB does not keep all"
	}
	return upper(text)
}

func clientList(c estate.Contacts) File {
	rows := [][]string{{"name", "address", "agent", "seconds ago", "guid"}}
	for _, one := range c.List {
		rows = append(rows, []string{one.Name, one.Address, one.Agent, strconv.FormatInt(int64(one.Age.Seconds()), 10), one.GUID})
	}
	if more := c.Count - int64(len(c.List)); more > 0 {
		rows = append(rows, []string{fmt.Sprintf("and %d more", more), "", "", "", ""})
	}
	return spreadsheet("clients.csv", "Clients that came in since the set was taken", rows)
}

// keepEvidence makes the stage that keeps what the revert erases, of the hosts that go
// back.
func keepEvidence(env Env, id string, since time.Time, members []setMember, machines map[string]string) (runbook.Stage, error) {
	stage := runbook.Stage{ID: id, Item: "back out", Title: "Keep what the revert erases", Doing: "keeping what the revert erases", Done: "Evidence kept as far as the servers answer"}
	add := func(k *Kind, host, title string, p evidenceParams) error {
		raw, err := runbook.Canonical(p)
		stage.Steps = append(stage.Steps, runbook.Step{ID: fmt.Sprintf("%s.%d", id, len(stage.Steps)+1), Kind: k.Name, Version: k.Version, Host: host,
			Machine: machines[strings.ToLower(host)], Params: raw, Optional: true, Title: title, Touches: []string{}})
		return err
	}
	for _, m := range members {
		h, _ := env.Estate.Host(m.Host)
		if err := add(evidenceKept, m.Host, "keep the logs and settings of "+m.Host, evidenceParams{since.Unix(), evidenceOf(h.Role)}); err != nil {
			return stage, err
		}
	}
	return stage, add(clientsKept, hostOf(env.Estate, estate.SQL), "list the clients that came in", evidenceParams{since.Unix(), []string{}})
}

// evidenceOf is what is looked for on a server of a role.
func evidenceOf(role estate.Role) []string {
	switch role {
	case estate.SMP:
		return estate.EvidenceKinds()
	case estate.Site:
		return []string{estate.EvidenceSMPLogs, estate.EvidenceIISLogs}
	}
	return []string{} // its event logs, services and versions are kept
}
