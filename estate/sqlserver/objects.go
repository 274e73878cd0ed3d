package sqlserver

import (
	"context"
	"strings"
	"sync"

	"itmsbot/estate"
)

// inventory is what is there of what the statements need.
type inventory struct {
	columns map[string]bool // "dbo.eventqueueentry.id", in lower case
	state   bool            // VIEW SERVER STATE, or the part of it that is needed
}

// known is the last inventory. It is good as long as no connection was made since: a
// restart, a restored database and an upgrade of the schema each come with new ones,
// or with an error that forgets it.
type known struct {
	mu        sync.Mutex
	inventory inventory
	made      uint64 // connections when it was taken; 0 is none
}

func (k *known) read() (inventory, uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.inventory, k.made
}

func (k *known) write(v inventory, made uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.inventory, k.made = v, made
}

// ready is nil when everything that a statement needs is there. What was missing the
// last time is looked for again.
func (s *Server) ready(ctx context.Context, st statement) error {
	v, made := s.known.read()
	if made == 0 || made != s.connector.made.Load() || len(v.missing(st)) > 0 {
		_, fresh, err := s.takeInventory(ctx)
		if err != nil {
			return err
		}
		v = fresh
	}
	if gone := v.missing(st); len(gone) > 0 {
		return missing(gone...)
	}
	return nil
}

// takeInventory asks what is there and remembers it. An msdb that the account may not
// enter is one without objects.
func (s *Server) takeInventory(ctx context.Context) (about, inventory, error) {
	a, err := s.about(ctx)
	if err != nil {
		return a, inventory{}, err
	}
	v := inventory{columns: map[string]bool{}, state: a.state}
	if err := s.list(ctx, s.statements.objects, "", v.columns); err != nil {
		return a, v, err
	}
	err = s.list(ctx, s.statements.objectsMSDB, "msdb.", v.columns)
	if err != nil && lost(ctx, err).kind != estate.Unavailable {
		return a, v, err
	}
	s.known.write(v, s.connector.made.Load())
	return a, v, nil
}

// list adds the columns that one database shows.
func (s *Server) list(ctx context.Context, st statement, database string, into map[string]bool) error {
	return s.run(ctx, st, func(r *rows) error {
		for r.Next() {
			var schema, table, column string
			if err := r.Scan(&schema, &table, &column); err != nil {
				return err
			}
			into[strings.ToLower(database+schema+"."+table+"."+column)] = true
		}
		return nil
	})
}

// missing lists what a statement needs and is not there, one entry for each object.
func (v inventory) missing(st statement) []string {
	gone := []string{}
	for _, n := range st.needs {
		switch {
		case n.permission == "":
			gone = append(gone, v.missingOf(n)...)
		case !v.state:
			gone = append(gone, "permission "+n.permission)
		}
	}
	return gone
}

// missingOf names the object where all its columns are missing, else the columns.
func (v inventory) missingOf(n need) []string {
	var gone []string
	for _, column := range n.columns {
		if !v.columns[strings.ToLower(n.object+"."+column)] {
			gone = append(gone, column)
		}
	}
	switch len(gone) {
	case 0:
		return nil
	case len(n.columns):
		return []string{n.object}
	case 1:
		return []string{n.object + " (column " + gone[0] + ")"}
	}
	return []string{n.object + " (columns " + strings.Join(gone, ", ") + ")"}
}
