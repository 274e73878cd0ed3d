// Package store keeps the audit trail and everything derived from it in one
// SQLite file.
//
// It promises six things.
//
//   - There is one way to write a fact: Append. What a call of it adds is on
//     disk when it returns nil, and none of it is there when it returns an
//     error other than ErrClosed of a store that died meanwhile.
//   - Events are numbered without gaps, in the order in which they were
//     committed, and each carries the hash of the one before it.
//   - Events are never changed and never removed. Triggers refuse it, and
//     Verify notices it when somebody took the triggers away.
//   - Requests, steps, timers, upgrades and estates are the sum of the events.
//     They are written by one function (project), and Verify replays all
//     events through the same function and compares.
//   - A delivery is known by every key under which it came. Whichever comes
//     again, the first delivery and its answer are found.
//   - One program writes at a time: an OS lock beside the file, and a fence
//     inside it for the case that somebody removed the lock.
//
// It knows nothing of Slack, of Windows, or of what an action does, and it
// decides nothing: whether an event fits is said by [runbook.Request.Apply],
// who may cause it by the caller.
//
// # The trail, for those who verify it with other means
//
// Table event has the columns n, upgrade, at, actor_team, actor, door, kind,
// request, step, delivery, body, prev, hash. n counts from 1; at is Unix time
// in milliseconds; delivery is 0 where nobody sent anything; body is canonical
// JSON or empty; prev and hash are 64 lower case hex digits. prev is the hash
// of event n-1, and 64 zeros for event 1. The hash of an event is
//
//	SHA-256( "itmsbot-trail-1" || prev || col(n) || col(upgrade) || col(at) ||
//	         col(actor_team) || col(actor) || col(door) || col(kind) ||
//	         col(request) || col(step) || col(delivery) || col(body) )
//
// where prev is its 64 digits as stored, and col(x) is the length of x in
// bytes as 8 bytes, big endian, followed by x: a text as its UTF-8 bytes, an
// integer as its decimal digits. testdata/verify.py does it in 30 lines of
// Python, and a test holds it against this package.
//
// FILE.anchors has one line per anchor, "n hash"; the event of that number
// must have that hash. An anchor may carry the first 16 digits only, as the
// footers in the channel do.
//
// # What it cannot notice
//
// Whoever can write the file can cut the trail after the last anchor that is
// kept elsewhere, or rebuild all of it if no anchor is kept elsewhere.
package store
