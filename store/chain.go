package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"itmsbot/runbook"
)

// trailVersion begins every hash, so that a later way of hashing cannot be
// taken for this one.
const trailVersion = "itmsbot-trail-1"

// genesis is what the first event follows.
var genesis = strings.Repeat("0", sha256.Size*2)

// line is an event as it stands in its row, byte for byte.
type line struct {
	n          int64
	upgrade    string
	at         int64
	team       string
	actor      string
	door       string
	kind       string
	request    string
	step       string
	delivery   int64
	body       string
	prev, hash string
}

// eventColumns lists the columns in the order of the table, which is the order
// of the hash.
const eventColumns = "n, upgrade, at, actor_team, actor, door, kind, request, step, delivery, body, prev, hash"

// sum computes the hash that the line must carry (doc.go).
func (l line) sum() string {
	h := sha256.New()
	h.Write([]byte(trailVersion))
	h.Write([]byte(l.prev))
	for _, column := range [...]string{
		strconv.FormatInt(l.n, 10), l.upgrade, strconv.FormatInt(l.at, 10), l.team, l.actor, l.door, l.kind,
		l.request, l.step, strconv.FormatInt(l.delivery, 10), l.body,
	} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(column)))
		h.Write(size[:])
		h.Write([]byte(column))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lineOf spells an event as a row that follows the row of hash prev.
func lineOf(e runbook.Event, prev string) line {
	l := line{
		n: e.N, upgrade: e.Upgrade, at: millis(e.At), team: e.Actor.Team, actor: e.Actor.User, door: e.Door,
		kind: string(e.Kind), request: e.Request, step: e.Step, delivery: e.Delivery, body: string(e.Body), prev: prev,
	}
	l.hash = l.sum()
	return l
}

// event reads the row back.
func (l line) event() runbook.Event {
	e := runbook.Event{
		N: l.n, Upgrade: l.upgrade, At: clockTime(l.at), Actor: runbook.Person{Team: l.team, User: l.actor}, Door: l.door,
		Kind: runbook.Kind(l.kind), Request: l.request, Step: l.step, Delivery: l.delivery,
	}
	if l.body != "" {
		e.Body = []byte(l.body)
	}
	return e
}

func scanLine(rows *sql.Rows) (line, error) {
	var l line
	err := rows.Scan(&l.n, &l.upgrade, &l.at, &l.team, &l.actor, &l.door, &l.kind, &l.request, &l.step,
		&l.delivery, &l.body, &l.prev, &l.hash)
	return l, err
}

func scanEvent(rows *sql.Rows) (runbook.Event, error) {
	l, err := scanLine(rows)
	return l.event(), err
}

// head is the last event of the trail; n is 0 while there is none.
type head struct {
	n    int64
	hash string
}

func headOf(q source) (head, error) {
	list, err := all(q, func(rows *sql.Rows) (h head, err error) {
		err = rows.Scan(&h.n, &h.hash)
		return h, err
	}, "SELECT n, hash FROM event ORDER BY n DESC LIMIT 1")
	if err != nil || len(list) == 0 {
		return head{hash: genesis}, err
	}
	return list[0], nil
}
