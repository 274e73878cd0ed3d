package world

import (
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"time"
)

// setSQL makes a condition of the SQL Server so. Name says what:
//
//	backup             a full backup is written now, which restore-database brings back
//	backup-age         Number  hours since the newest full backup; newer ones are gone
//	backup-damaged     On      the newest one
//	backup-copy-only   On      the same
//	backup-snapshot    On      the same
//	backup-earlier     On      the same: it is of the database before a restore
//	missing            Word On an object ("dbo.EventQueueEntry"), a database or a permission
//	neighbour          Word Number  another user database and minutes since its last
//	                           write; below 0 nobody wrote, and On=false removes it
//	site               Word On the CMDB knows a site server of this name
func setSQL(w *World, _ *host, c Condition) error {
	set, ok := databaseFields()[c.Name]
	if !ok {
		names := slices.Sorted(maps.Keys(databaseFields()))
		return fmt.Errorf("there is no condition %q of the SQL Server; there are %s", c.Name, strings.Join(names, ", "))
	}
	if missing := set.missing(c); missing != "" {
		return fmt.Errorf("condition %q of the SQL Server needs %q", c.Name, missing)
	}
	return set.set(w, nil, c)
}

// databaseFields are the kinds by name.
func databaseFields() map[string]field {
	return map[string]field{
		"backup":           {set: takeBackup},
		"backup-age":       {number: true, set: ageBackup},
		"backup-damaged":   {on: true, set: markBackup(func(b *Backup, on bool) { b.Damaged = on })},
		"backup-copy-only": {on: true, set: markBackup(func(b *Backup, on bool) { b.CopyOnly = on })},
		"backup-snapshot":  {on: true, set: markBackup(func(b *Backup, on bool) { b.Snapshot = on })},
		"backup-earlier":   {on: true, set: markBackup(func(b *Backup, on bool) { b.Earlier = on })},
		"missing":          {on: true, word: true, set: setMissing},
		"neighbour":        {word: true, set: setNeighbour},
		"site":             {on: true, word: true, set: setSite},
	}
}

func takeBackup(w *World, _ *host, _ Condition) error {
	b := nightly(w.now)
	b.Finished = w.now
	w.database.backups = append(w.database.backups, b)
	w.database.kept = w.contents()
	return nil
}

func ageBackup(w *World, _ *host, c Condition) error {
	if *c.Number < 0 {
		return fmt.Errorf("a backup is 0 or more hours old, not %d", *c.Number)
	}
	d := &w.database
	finished := w.now.Add(-time.Duration(*c.Number) * time.Hour)
	d.backups = slices.DeleteFunc(d.backups, func(b Backup) bool { return !b.Finished.Before(finished) })
	b := nightly(finished)
	b.Finished = finished
	d.backups = append(d.backups, b)
	return nil
}

// markBackup changes the newest backup.
func markBackup(mark func(*Backup, bool)) func(*World, *host, Condition) error {
	return func(w *World, _ *host, c Condition) error {
		last := len(w.database.backups) - 1
		if last < 0 {
			return fmt.Errorf("there is no backup of %s", CMDB)
		}
		mark(&w.database.backups[last], *c.On)
		return nil
	}
}

func setMissing(w *World, _ *host, c Condition) error {
	if *c.On {
		w.database.missing[strings.ToLower(c.Word)] = true
	} else {
		delete(w.database.missing, strings.ToLower(c.Word))
	}
	return nil
}

func setNeighbour(w *World, _ *host, c Condition) error {
	d := &w.database
	if equalFold(c.Word, CMDB) {
		return fmt.Errorf("%s is the CMDB itself", c.Word)
	}
	d.others = slices.DeleteFunc(d.others, func(o Database) bool { return equalFold(o.Name, c.Word) })
	if c.On != nil && !*c.On {
		return nil
	}
	o := Database{Name: c.Word, Written: w.now}
	if c.Number != nil {
		o.Written = w.now.Add(-time.Duration(*c.Number) * time.Minute)
		if *c.Number < 0 {
			o.Written = time.Time{}
		}
	}
	d.others = append(d.others, o)
	slices.SortFunc(d.others, func(a, b Database) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func setSite(w *World, _ *host, c Condition) error {
	d := &w.database
	d.sites = slices.DeleteFunc(d.sites, func(s SiteService) bool { return equalFold(s.Name, c.Word) })
	if *c.On {
		sum := crc32.ChecksumIEEE([]byte(strings.ToLower(c.Word)))
		guid := fmt.Sprintf("%08x-0000-4000-8000-000000000000", sum)
		d.sites = append(d.sites, SiteService{GUID: guid, Name: c.Word, Suffix: "lab", Services: 1})
	}
	return nil
}
