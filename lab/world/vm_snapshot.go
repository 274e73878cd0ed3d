package world

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// snapshot is the state of a host at one moment, and for the SQL Server the
// databases too. The domain controller's side of the machine account is elsewhere
// and not in it, nor is what runs on beside the host: clock and computers.
type snapshot struct {
	id, name string
	taken    time.Time
	state    host
	// files are those in the inbox of the SMP.
	files int
	// The database: what is in it, and the rows of the event queue.
	database database
	rows     int
	handled  int64 // events processed until then
}

// KeepHost takes a snapshot of a host, on or off, under an id of the caller's that
// is not in use. Nothing of the host changes.
func (w *World) KeepHost(name, id, title string) error {
	w.lock()
	defer w.mu.Unlock()
	h, err := w.host(name)
	if err != nil {
		return err
	}
	if h.physical {
		return fmt.Errorf("%s is no virtual machine, so there are no snapshots of it", h.name)
	}
	if w.snapshotAt(id) >= 0 {
		return fmt.Errorf("there is a snapshot %q already", id)
	}
	k := snapshot{id: id, name: title, taken: w.now, state: h.clone(), files: w.queue.files,
		database: w.database.clone(), rows: w.queue.database, handled: w.queue.processed}
	w.snapshots = append(w.snapshots, k)
	w.bump()
	return nil
}

// RevertHost brings a host back to a snapshot of its own: rules, profiles, services,
// disks, files, version, tasks, marker and machine account; with the SMP the files in its
// inbox, with the SQL Server the databases. The host is off afterwards, and whoever
// was connected is not any more. The snapshot stays.
func (w *World) RevertHost(id string) error {
	w.lock()
	defer w.mu.Unlock()
	i := w.snapshotAt(id)
	if i < 0 {
		return fmt.Errorf("snapshot %q %w", id, errNoSuch)
	}
	k := &w.snapshots[i]
	h, err := w.host(k.state.name)
	if err != nil {
		return err
	}
	w.switchPower(h, false)
	clock := h.clock // it is no part of a disk
	*h = k.state.clone()
	h.clock = clock
	h.power, h.ready, h.caller = PowerOff, 0, netip.Addr{}
	for i := range h.services {
		h.services[i].State = "Stopped"
	}
	w.bringBack(k)
	w.servicesChanged()
	w.bump()
	return nil
}

// bringBack is what a revert does beyond the host itself. Events that came after the
// snapshot are gone; the bookkeeping counts them as taken out.
func (w *World) bringBack(k *snapshot) {
	q := &w.queue
	switch k.state.role {
	case roleSMP:
		q.put(&q.files, k.files)
	case roleSQL:
		w.database = k.database.clone()
		w.putRows(k.rows, k.handled)
	}
	q.remember(w.at)
}

// putRows makes the event queue of the database what it was when so many events had been
// processed.
func (w *World) putRows(rows int, handled int64) {
	q := &w.queue
	q.put(&q.database, rows)
	q.injected += handled - q.processed
	q.processed = handled
}

// ForgetHost removes a snapshot; the host stays as it is.
func (w *World) ForgetHost(id string) error {
	w.lock()
	defer w.mu.Unlock()
	i := w.snapshotAt(id)
	if i < 0 {
		return fmt.Errorf("snapshot %q %w", id, errNoSuch)
	}
	w.snapshots = slices.Delete(w.snapshots, i, i+1)
	w.bump()
	return nil
}

func (w *World) snapshotAt(id string) int {
	return slices.IndexFunc(w.snapshots, func(s snapshot) bool { return s.id == id })
}

// SnapshotsOf lists the snapshots of a host, oldest first.
func (w *World) SnapshotsOf(name string) []SnapshotTruth {
	w.lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(w.snapshotsTruth(), func(s SnapshotTruth) bool { return !equalFold(s.Host, name) })
}

// DeltasOf gives the size in megabytes of the delta disks of each snapshot of a host, by
// the snapshot's id.
func (w *World) DeltasOf(name string) map[string]int64 {
	w.lock()
	defer w.mu.Unlock()
	sizes := map[string]int64{}
	for i := range w.snapshots {
		if k := &w.snapshots[i]; equalFold(k.state.name, name) {
			sizes[k.id] = w.deltaMB(i)
		}
	}
	return sizes
}

// snapshotsTruth lists every snapshot, oldest first.
func (w *World) snapshotsTruth() []SnapshotTruth {
	list := make([]SnapshotTruth, len(w.snapshots))
	for i := range w.snapshots {
		k := &w.snapshots[i]
		list[i] = SnapshotTruth{Host: k.state.name, Name: k.name, Taken: k.taken, SizeMB: w.deltaMB(i)}
	}
	return list
}

// deltaMB is how large the delta disks of a snapshot are: they grow from its
// beginning to the next one's, as fast as the host writes, and never beyond the
// disks themselves. Whether the host was on in between is not looked at.
func (w *World) deltaMB(i int) int64 {
	k := &w.snapshots[i]
	until := w.now
	for _, next := range w.snapshots[i+1:] {
		if next.state.name == k.state.name {
			until = next.taken
			break
		}
	}
	var most int64
	for _, d := range k.state.disks {
		most += int64(d.SizeGB) * 1024
	}
	const header = 16 // an empty delta disk is not nothing
	return min(header+k.state.growth()*int64(until.Sub(k.taken)/time.Second)/hour, most)
}

// clone is a copy that shares nothing that ever changes.
func (h *host) clone() host {
	c := *h
	c.profiles, c.rules = slices.Clone(h.profiles), cloneRules(h.rules)
	c.services, c.disks = slices.Clone(h.services), slices.Clone(h.disks)
	c.files, c.folders = slices.Clone(h.files), slices.Clone(h.folders)
	c.listeners, c.doors = slices.Clone(h.listeners), slices.Clone(h.doors)
	c.closings = cloneClosings(h.closings)
	c.gate = nil // compiled anew
	c.system = h.system.clone()
	if h.task != nil {
		t := *h.task
		t.Names = slices.Clone(t.Names)
		c.task = &t
	}
	return c
}
