package sqlserver

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed queries/*.sql
var queries embed.FS

// statement is one .sql file.
type statement struct {
	text string
	// needs are the lines "-- needs …" of the file.
	needs []need
}

// need is something without which a statement cannot be run: the columns of a table
// or view, or a permission.
type need struct {
	object     string // dbo.EventQueueEntry, msdb.dbo.backupset; empty for a permission
	columns    []string
	permission string // VIEW SERVER STATE
}

// statements are all there are.
type statements struct {
	server, objects, objectsMSDB              statement
	queue, backups, neighbours, sites         statement
	computersNamed, computersAt, clientsSince statement
}

// files are the statements by the names of their files.
func (s *statements) files() map[string]*statement {
	return map[string]*statement{
		"server": &s.server, "objects": &s.objects, "objects-msdb": &s.objectsMSDB,
		"queue": &s.queue, "backups": &s.backups, "neighbours": &s.neighbours, "sites": &s.sites,
		"computers-named": &s.computersNamed, "computers-at": &s.computersAt, "clients-since": &s.clientsSince,
	}
}

// loadStatements reads the embedded files.
func loadStatements() (statements, error) {
	var s statements
	for name, into := range s.files() {
		text, err := queries.ReadFile("queries/" + name + ".sql")
		if err != nil {
			return s, fmt.Errorf("statement %s: %w", name, err)
		}
		if *into, err = parseStatement(string(text)); err != nil {
			return s, fmt.Errorf("statement %s: %w", name, err)
		}
	}
	return s, nil
}

// parseStatement reads what a file needs from its comment:
//
//	-- needs dbo.vSiteServices (Guid, Host Name)
//	-- needs permission VIEW SERVER STATE
func parseStatement(text string) (statement, error) {
	s := statement{text: text}
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "-- needs ")
		if !ok {
			continue
		}
		if permission, ok := strings.CutPrefix(rest, "permission "); ok {
			s.needs = append(s.needs, need{permission: permission})
			continue
		}
		object, columns, ok := strings.Cut(rest, " (")
		columns, end := strings.CutSuffix(columns, ")")
		if !ok || !end {
			return s, fmt.Errorf("%q is not an object with its columns in brackets", rest)
		}
		s.needs = append(s.needs, need{object: object, columns: strings.Split(columns, ", ")})
	}
	return s, nil
}
