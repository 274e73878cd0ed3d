package world

import "time"

// The queue's figures at the start of a world, and two hours before.
const (
	startDatabase = 1166
	startFiles    = 38
	warmDatabase  = 11_100
)

// The work of an SMP of this size. It processes a quarter more than its computers make
// in the busiest hour of a week, so that with open doors its queue is short at any time,
// and what waited behind closed ones is gone within hours.
const (
	drainRate   = 96     // events a minute that the dispatcher processes
	drainJitter = 6      // more or less, from minute to minute
	inboxTime   = 28     // seconds that a file waits on average for the database
	queueLimit  = 60_000 // beyond it agents are told to keep their events (KB 158565)
	stallAfter  = 3 * minute
	growth      = 20 // a minute; less is the coming and going of a working queue
)

// queue is the SMP's event queue: files that came in, rows that wait in the
// database, and what was processed. Fractions of an event are carried over, so
// that nothing is lost to rounding.
type queue struct {
	database, files int
	inbox, drain    int64 // carried over, in event seconds
	stuck           bool  // the dispatcher hangs until it is restarted
	receives        bool  // the services that bring files into the database run
	dispatches      bool  // those that process rows run

	processed int64
	injected  int64 // put in or taken out from outside; may be negative

	worked     int64 // when an event was last processed, Unix
	emptySince int64 // 0 while something is queued

	seconds [60]int // total at the end of each of the last 60 seconds
	minutes [60]int // total at the end of each of the last 60 minutes
}

func (q *queue) begin(at int64) {
	q.worked = at
	q.put(&q.database, warmDatabase)
	q.put(&q.files, startFiles)
}

func (q *queue) total() int { return q.database + q.files }

// room is how many events the SMP still takes.
func (q *queue) room() int { return max(0, queueLimit-q.total()) }

// playQueue moves events on: files into the database while the receiver runs, rows
// to their end while the dispatcher does.
func (w *World) playQueue() {
	q := &w.queue
	if q.receives {
		n := portion(&q.inbox, int64(q.files), inboxTime, q.files)
		q.files -= n
		q.database += n
	}
	if q.dispatches && !q.stuck && !w.smp().system.paused {
		rate := drainRate + between(mix(w.seed, uint64(w.at/minute)), -drainJitter, drainJitter)
		n := portion(&q.drain, rate, minute, q.database)
		q.database -= n
		q.processed += int64(n)
		if n > 0 {
			q.worked = w.at
		}
	}
	q.remember(w.at)
}

// portion is how many of the events there are move in this second, at so many in a
// time; carry holds what is left of one, and nothing once there are none, lest an
// idle hour be made up for.
func portion(carry *int64, rate, time int64, there int) int {
	*carry += rate
	n := *carry / time
	*carry -= n * time
	if n < int64(there) {
		return int(n)
	}
	*carry = 0
	return there
}

func (q *queue) remember(at int64) {
	total := q.total()
	switch {
	case total > 0:
		q.emptySince = 0
	case q.emptySince == 0:
		q.emptySince = at
	}
	if total == 0 {
		q.worked = at // an idle dispatcher is not a stalled one
	}
	q.seconds[at%60] = total
	if at%minute == 0 {
		q.minutes[at/minute%60] = total
	}
}

// servicesChanged works out anew which part of the queue moves.
func (w *World) servicesChanged() {
	database := w.sql().running("MSSQLSERVER")
	w.queue.receives = database && w.smp().running("AltirisReceiverService", "EventReceiver")
	w.queue.dispatches = database && w.smp().running("AeXSvc", "AltirisClientMsgDispatcher", "EventEngine")
}

// settle gives the queue its figures of the start and moves its history with them.
func (q *queue) settle(database, files int) {
	by := database + files - q.total()
	q.injected += int64(by)
	q.database, q.files = database, files
	q.emptySince = 0
	for i := range q.minutes {
		q.minutes[i] = max(0, q.minutes[i]+by)
	}
	for i := range q.seconds {
		q.seconds[i] = max(0, q.seconds[i]+by)
	}
}

// put makes the number of rows or files what somebody says.
func (q *queue) put(rows *int, n int) {
	q.injected += int64(n - *rows)
	*rows = n
}

// history is the total at the end of each of the last 60 minutes, oldest first.
func (q *queue) history(at int64) []int {
	list := make([]int, 60)
	for i := range list {
		list[i] = q.minutes[(at/minute+1+int64(i))%60]
	}
	return list
}

// perMinute is how the total changed over the last minute.
func (q *queue) perMinute(at int64) int { return q.total() - q.seconds[(at+1)%60] }

// queueTruth shows the queue.
func (w *World) queueTruth() QueueTruth {
	q := &w.queue
	t := QueueTruth{
		Database: q.database, Files: q.files, Total: q.total(),
		PerMinute: q.perMinute(w.at), Word: w.queueWord(), History: q.history(w.at),
	}
	if q.emptySince != 0 {
		since := moment(q.emptySince)
		t.EmptySince = &since
	}
	return t
}

func (w *World) queueWord() QueueWord {
	q := &w.queue
	switch {
	case !w.smp().up() || !w.sql().up():
		return QueueUnknown
	case q.total() == 0:
		return QueueEmpty
	case w.at-q.worked >= stallAfter:
		return QueueStalled
	case q.perMinute(w.at) >= growth:
		return QueueGrowing
	}
	return QueueDraining
}

// Events is the bookkeeping of events: none is lost and none invented, so that
// Produced + Injected = Waiting + Database + Files + Processed at every moment.
type Events struct {
	Produced  int64 // by the managed computers
	Injected  int64 // put into the queue from outside, or taken out
	Waiting   int64 // on the computers
	Database  int64
	Files     int64
	Processed int64
	// Oldest is the id of the oldest row, one more than the newest that was
	// processed; 0 when no row waits.
	Oldest int64
	Now    time.Time
}

// Events reads the bookkeeping.
func (w *World) Events() Events {
	w.lock()
	defer w.mu.Unlock()
	q := &w.queue
	e := Events{
		Produced: w.produced, Injected: q.injected, Waiting: int64(w.waiting()),
		Database: int64(q.database), Files: int64(q.files), Processed: q.processed, Now: w.now,
	}
	if q.database > 0 {
		e.Oldest = q.processed + 1
	}
	return e
}

// waiting counts the events that wait on the computers.
func (w *World) waiting() int {
	n := 0
	for i := range w.clients {
		n += w.clients[i].backlog
	}
	return n
}
