package world

import "fmt"

// contents is what a full backup of the CMDB holds. The history of backups is in msdb and
// no part of it.
type contents struct {
	database database // without msdb, other databases and what is taken away
	rows     int      // of the event queue
	handled  int64    // events processed until then
}

// contents are what a backup that is written now would hold.
func (w *World) contents() *contents {
	d := w.database.clone()
	d.backups, d.others, d.missing, d.kept = nil, nil, nil, nil
	return &contents{d, w.queue.database, w.queue.processed}
}

// setRestore has somebody restore the CMDB from its newest full backup, as on a SQL Server
// that goes back by a backup: schema, sites and queue are those of when a condition took
// it, or of the world's start where none did. Everything else on the server stays.
func setRestore(w *World, h *host, _ Condition) error {
	d := &w.database
	newest := len(d.backups) - 1
	switch {
	case h.role != roleSQL:
		return fmt.Errorf("%s has no database; %s has", h.name, w.sql().name)
	case !h.running("MSSQLSERVER"):
		return fmt.Errorf("the SQL Server on %s does not run, so that nothing can be restored on it", h.name)
	case newest < 0:
		return fmt.Errorf("there is no backup of %s", CMDB)
	case d.backups[newest].Damaged:
		return fmt.Errorf("the newest backup of %s is damaged", CMDB)
	}
	old := d.kept.database.clone()
	old.backups, old.others, old.missing, old.kept = d.backups, d.others, d.missing, d.kept
	w.database = old
	w.putRows(d.kept.rows, d.kept.handled)
	w.queue.remember(w.at)
	return nil
}
