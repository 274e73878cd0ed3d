package tds

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// Tokens of a reply, [MS-TDS] 2.2.7.
const (
	tokenReturnStatus = 0x79
	tokenColumns      = 0x81
	tokenError        = 0xaa
	tokenInfo         = 0xab
	tokenReturnValue  = 0xac
	tokenLoginAck     = 0xad
	tokenFeatureAck   = 0xae
	tokenRow          = 0xd1
	tokenEnv          = 0xe3
	tokenSSPI         = 0xed
	tokenDone         = 0xfd
	tokenDoneProc     = 0xfe
	tokenDoneInProc   = 0xff
)

// Bits of the three DONE tokens.
const (
	doneMore      = 0x01
	doneError     = 0x02
	doneCount     = 0x10
	doneAttention = 0x20
)

// Kinds of ENVCHANGE.
const (
	envDatabase   = 1
	envLanguage   = 2
	envPacketSize = 4
	envCollation  = 7
	envBegin      = 8
	envCommit     = 9
	envRollback   = 10
	envReset      = 18
	envRouting    = 20
)

// sqlError is an error or a message as SQL Server words it.
type sqlError struct {
	number int32
	class  byte
	text   string
}

func (e *sqlError) Error() string { return fmt.Sprintf("%s (%d)", e.text, e.number) }

// reply is a message of the server while it is put together.
type reply struct{ bytes.Buffer }

// token adds a token with a length of two bytes.
func (r *reply) token(kind byte, body []byte) {
	r.WriteByte(kind)
	r.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(body))))
	r.Write(body)
}

// env adds an ENVCHANGE; the values come with their own lengths.
func (r *reply) env(kind byte, now, before []byte) {
	r.token(tokenEnv, append(append([]byte{kind}, now...), before...))
}

func (r *reply) done(token byte, status uint16, rows int) {
	const sel = 0xc1 // SELECT, as CurCmd
	r.WriteByte(token)
	b := binary.LittleEndian.AppendUint16(nil, status)
	b = binary.LittleEndian.AppendUint16(b, sel)
	r.Write(binary.LittleEndian.AppendUint64(b, uint64(rows)))
}

func (r *reply) error(server string, e sqlError) { r.said(tokenError, server, e) }
func (r *reply) info(server string, e sqlError)  { r.said(tokenInfo, server, e) }

func (r *reply) said(token byte, server string, e sqlError) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(e.number))
	b = append(b, 1, e.class) // state, class
	b = append(b, toUSVarchar(e.text)...)
	b = append(b, toBVarchar(server)...)
	b = append(b, toBVarchar("")...) // procedure
	r.token(token, binary.LittleEndian.AppendUint32(b, 1))
}

func (r *reply) loginAck() {
	b := binary.BigEndian.AppendUint32([]byte{1}, tds74) // 1: Transact-SQL
	b = append(b, toBVarchar("Microsoft SQL Server")...)
	r.token(tokenLoginAck, append(b, productVersion[:]...))
}

// handle adds the output parameter in which a procedure returns a prepared handle.
func (r *reply) handle(name string, h int32) {
	b := append([]byte{tokenReturnValue, 0, 0}, toBVarchar(name)...) // the first parameter
	b = append(b, 1)                                                 // an output parameter
	b = append(b, 0, 0, 0, 0, 0, 0)                                  // user type, flags
	b = append(b, typeIntN, 4, 4)
	r.Write(binary.LittleEndian.AppendUint32(b, uint32(h)))
}

// columnKind is the SQL type of a column.
type columnKind int

const (
	kindText columnKind = iota // nvarchar(4000)
	kindInt
	kindBigInt
	kindTime // datetime2(7)
)

type column struct {
	name string
	kind columnKind
}

// resultSet is one table of an answer. A value is nil, a string, an int64 or a
// time.Time, as its column says.
type resultSet struct {
	columns []column
	rows    [][]any
}

// table adds a result set.
func (r *reply) table(set resultSet) {
	r.WriteByte(tokenColumns)
	r.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(set.columns))))
	for _, c := range set.columns {
		r.Write([]byte{0, 0, 0, 0, 9, 0}) // user type; nullable, updatable unknown
		switch c.kind {
		case kindInt:
			r.Write([]byte{typeIntN, 4})
		case kindBigInt:
			r.Write([]byte{typeIntN, 8})
		case kindTime:
			r.Write([]byte{typeDateTime2, 7})
		default:
			r.Write(append([]byte{typeNVarchar, 0x40, 0x1f}, collation()...)) // 8000 bytes
		}
		r.Write(toBVarchar(c.name))
	}
	for _, row := range set.rows {
		r.WriteByte(tokenRow)
		for i, c := range set.columns {
			r.value(c.kind, row[i])
		}
	}
}

func (r *reply) value(kind columnKind, v any) {
	switch v := v.(type) {
	case nil:
		if kind == kindText {
			r.Write([]byte{0xff, 0xff})
		} else {
			r.WriteByte(0)
		}
	case int64:
		b := binary.LittleEndian.AppendUint64(nil, uint64(v))
		if kind == kindInt {
			b = b[:4]
		}
		r.WriteByte(byte(len(b)))
		r.Write(b)
	case time.Time:
		r.Write(dateTime2(v))
	default:
		b := toUTF16(fmt.Sprint(v))
		r.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(b)))) // in bytes
		r.Write(b)
	}
}

// dateTime2 is a time in UTC: its length, ticks of 100 ns of the day, days since
// 0001-01-01.
func dateTime2(t time.Time) []byte {
	const daysTo1970, daySeconds = 719162, 86400
	t = t.UTC()
	seconds := t.Unix()
	days := seconds / daySeconds
	ticks := uint64(seconds%daySeconds)*1e7 + uint64(t.Nanosecond()/100)
	days += daysTo1970
	b := binary.LittleEndian.AppendUint64(nil, ticks)[:5]
	return append(append([]byte{8}, b...), byte(days), byte(days>>8), byte(days>>16))
}

// collation is SQL_Latin1_General_CP1_CI_AS.
func collation() []byte { return []byte{9, 4, 0xd0, 0, 52} }

// toBVarchar is a text with its length in characters in one byte.
func toBVarchar(s string) []byte {
	b := toUTF16(s)
	if len(b) > 2*255 {
		b = b[:2*255]
	}
	return append([]byte{byte(len(b) / 2)}, b...)
}

// toUSVarchar is the same with a length of two bytes.
func toUSVarchar(s string) []byte {
	b := toUTF16(s)
	return append(binary.LittleEndian.AppendUint16(nil, uint16(len(b)/2)), b...)
}

// routing is the value of an ENVCHANGE that sends the client to another server.
func routing(server string, port uint16) []byte {
	b := append([]byte{0}, binary.LittleEndian.AppendUint16(nil, port)...) // TCP
	b = append(b, toUSVarchar(server)...)
	return append(binary.LittleEndian.AppendUint16(nil, uint16(len(b))), b...)
}
