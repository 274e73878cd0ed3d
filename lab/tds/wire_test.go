package tds

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"net"
	"testing"
	"time"

	"itmsbot/lab/world"
)

func listener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// prelogin is a client's PRELOGIN with one option.
func prelogin(encryption byte) []byte {
	return []byte{optionEncryption, 0, 6, 0, 1, optionEnd, encryption}
}

// TestBeforeTheLogOn sends what no client should, and holds that the connection ends
// and that nobody is logged on.
func TestBeforeTheLogOn(t *testing.T) {
	packet := func(kind byte, body []byte) []byte {
		var b bytes.Buffer
		if err := writeMessage(&b, kind, body, firstSize); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	tests := []struct {
		name string
		send []byte
		want byte // encryption in the answer; 0xff is no answer
	}{
		{"a log-on without PRELOGIN", packet(packetLogin, make([]byte, 94)), 0xff},
		{"a batch", packet(packetBatch, toUTF16("select 1")), 0xff},
		{"TLS first", []byte{0x16, 3, 1, 0, 200, 1, 0, 0}, 0xff},
		{"HTTP", []byte("GET / HTTP/1.1\r\n\r\n"), 0xff},
		{"a packet shorter than its header", []byte{packetPrelogin, 1, 0, 7, 0, 0, 0, 0}, 0xff},
		{"PRELOGIN without an end", packet(packetPrelogin, []byte{1, 0}), 0xff},
		{"PRELOGIN that points nowhere", packet(packetPrelogin, []byte{1, 0, 99, 0, 1, 0xff}), 0xff},
		{"no word of encryption", packet(packetPrelogin, []byte{0xff}), encryptRequired},
		{"a client that cannot encrypt", packet(packetPrelogin, prelogin(encryptUnsupported)), encryptRequired},
		{"a log-on instead of TLS", append(packet(packetPrelogin, prelogin(encryptOn)), packet(packetLogin, make([]byte, 94))...), encryptOn},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := newInstance(t)
			c, err := net.Dial("tcp", i.address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write(tt.send); err != nil {
				t.Fatal(err)
			}
			got := byte(0xff)
			m, err := readMessage(c)
			if err == nil {
				if got, err = preloginEncryption(m.body); err != nil {
					t.Fatal(err)
				}
				_, err = readMessage(c)
			}
			if got != tt.want || err == nil || isTimeout(err) {
				t.Errorf("encryption %d and then %v, want %d and the end", got, err, tt.want)
			}
			if st := i.Stats(); st.Logins+st.Refused != 0 {
				t.Errorf("over the wire: %+v", st)
			}
		})
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

func TestMessagesInPackets(t *testing.T) {
	for _, n := range []int{0, 1, 504, 505, 5000, 70000} {
		body := bytes.Repeat([]byte{7}, n)
		var b bytes.Buffer
		if err := writeMessage(&b, packetBatch, body, 512); err != nil {
			t.Fatal(err)
		}
		m, err := readMessage(&b)
		if err != nil || m.kind != packetBatch || !bytes.Equal(m.body, body) || b.Len() > 0 {
			t.Errorf("%d bytes came back as %d, %v, with %d left", n, len(m.body), err, b.Len())
		}
	}
	two := []byte{packetBatch, 0, 0, 8, 0, 0, 1, 0, packetRPC, statusEnd, 0, 8, 0, 0, 2, 0}
	if _, err := readMessage(bytes.NewReader(two)); err == nil {
		t.Error("a message changed its type")
	}
	if _, err := readMessage(bytes.NewReader(two[:8])); err != io.ErrUnexpectedEOF {
		t.Errorf("half a message: %v", err)
	}
	endless := bytes.Repeat(append([]byte{packetBatch, 0, 0x80, 0, 0, 0, 1, 0}, make([]byte, 0x7ff8)...), 40)
	if _, err := readMessage(bytes.NewReader(endless)); err != errTooLong {
		t.Errorf("an endless message: %v", err)
	}
}

func TestParseRPC(t *testing.T) {
	nvarchar := func(s string) []byte {
		b := append([]byte{0, 0, typeNVarchar, 0x40, 0x1f}, collation()...)
		u := toUTF16(s)
		return append(binary.LittleEndian.AppendUint16(b, uint16(len(u))), u...)
	}
	number := func(id byte) []byte { return []byte{0xff, 0xff, id, 0, 0, 0} }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name string
		body []byte
		want rpc
		ok   bool
	}{
		{"by number", join(number(10), nvarchar("select 1")), rpc{procedure: executeSQL, parameters: []any{"select 1"}}, true},
		{"by name", join([]byte{13, 0}, toUTF16("sp_executesql"), []byte{0, 0}, nvarchar("x")), rpc{procedure: executeSQL, parameters: []any{"x"}}, true},
		{"an output handle", join(number(13), []byte{1}, toUTF16("h"), []byte{1, typeIntN, 4, 0}), rpc{procedure: prepExec, parameters: []any{nil}, output: "h"}, true},
		{"numbers", join(number(12), []byte{0, 0, typeIntN, 4, 4, 0xfe, 0xff, 0xff, 0xff, 0, 0, typeBitN, 1, 1, 1}), rpc{procedure: execute, parameters: []any{int64(-2), int64(1)}}, true},
		{"a parameter of the statement", join(number(10), nvarchar("x"), nvarchar("@n nvarchar(1)"), []byte{2}, toUTF16("@N"), nvarchar("y")[1:]),
			rpc{procedure: executeSQL, parameters: []any{"x", "@n nvarchar(1)", "y"}, named: map[string]any{"n": "y"}}, true},
		{"in pieces", join(number(10), []byte{0, 0, typeNVarchar, 0xff, 0xff}, collation(), []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 'a', 0, 2, 0, 0, 0, 'b', 0, 0, 0, 0, 0}), rpc{procedure: executeSQL, parameters: []any{"ab"}}, true},
		{"two procedures", join(number(10), nvarchar("x"), []byte{0xff}, number(10)), rpc{}, false},
		{"an unknown type", join(number(10), []byte{0, 0, 0xf1, 1}), rpc{}, false},
		{"cut short", join(number(10), nvarchar("select 1")[:20]), rpc{}, false},
		{"a piece that is too long", join(number(10), []byte{0, 0, typeVarbinary, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 1}), rpc{}, false},
		{"nothing", nil, rpc{}, false},
	}
	for _, tt := range tests {
		got, err := parseRPC(tt.body)
		if (err == nil) != tt.ok {
			t.Errorf("%s: err = %v", tt.name, err)
			continue
		}
		if tt.ok && (got.procedure != tt.want.procedure || got.output != tt.want.output || !equal(got.parameters, tt.want.parameters) || !maps.Equal(got.named, tt.want.named)) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func equal(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestPrepared walks through the procedures of a prepared statement.
func TestPrepared(t *testing.T) {
	i := newInstance(t)
	c := &conn{server: i.Server, prepared: map[int32]string{}, database: "master"}
	text := append([]byte{0, 0, typeNVarchar, 0x40, 0x1f}, collation()...)
	u := toUTF16("select 1")
	text = append(binary.LittleEndian.AppendUint16(text, uint16(len(u))), u...)
	null := []byte{0, 1, typeIntN, 4, 0}
	handle := func(n byte) []byte { return []byte{0, 0, typeIntN, 4, 4, n, 0, 0, 0} }
	call := func(id byte, parameters ...[]byte) []byte {
		var r reply
		body := append([]byte{0xff, 0xff, id, 0, 0, 0}, bytes.Join(parameters, nil)...)
		if err := c.call(&r, body, nil); err != nil {
			t.Fatal(err)
		}
		return r.Bytes()
	}
	failed := func(b []byte) bool { return b[0] == tokenError }
	if failed(call(11, null, text, text)) || len(c.prepared) != 1 {
		t.Errorf("sp_prepare: %q", c.prepared)
	}
	if failed(call(13, null, text, text)) || len(c.prepared) != 2 {
		t.Errorf("sp_prepexec: %q", c.prepared)
	}
	if failed(call(12, handle(1))) || failed(call(12, handle(2))) {
		t.Error("sp_execute of handles that were given out")
	}
	if failed(call(15, handle(1))) || !failed(call(12, handle(1))) {
		t.Error("sp_execute of a handle that was given back")
	}
	var r reply
	reset := message{kind: packetBatch, status: statusReset, body: append([]byte{4, 0, 0, 0}, u...)}
	c.size, c.stream = firstSize, &r
	if err := c.answer(reset, nil); err != nil || !failed(call(12, handle(2))) {
		t.Errorf("a session that was reset keeps its handles, %v", err)
	}
	if !failed(call(99)) || !failed(call(10)) {
		t.Error("an unknown procedure, and one without a text")
	}
}

// TestPreparedParameters holds that a prepared statement has the parameters of each of
// its calls.
func TestPreparedParameters(t *testing.T) {
	i := newInstance(t)
	c := &conn{server: i.Server, prepared: map[int32]string{}, database: world.CMDB}
	nvarchar := func(name, s string) []byte {
		b := append(toBVarchar(name), 0, typeNVarchar, 0x40, 0x1f)
		u := toUTF16(s)
		return append(binary.LittleEndian.AppendUint16(append(b, collation()...), uint16(len(u))), u...)
	}
	call := func(id byte, parameters ...[]byte) []byte {
		var r reply
		body := append([]byte{0xff, 0xff, id, 0, 0, 0}, bytes.Join(parameters, nil)...)
		if err := c.call(&r, body, nil); err != nil {
			t.Fatal(err)
		}
		return r.Bytes()
	}
	call(11, []byte{0, 1, typeIntN, 4, 0}, nvarchar("", "@name nvarchar(64)"), nvarchar("", product(t, "computers-named")))
	handle := []byte{0, 0, typeIntN, 4, 4, 1, 0, 0, 0}
	for _, name := range []string{"SITE1", "GW1"} {
		if answer := call(12, handle, nvarchar("@name", name)); !bytes.Contains(answer, toUTF16(name)) {
			t.Errorf("%s is not in %q", name, answer)
		}
	}
	if answer := call(12, handle); answer[0] != tokenError {
		t.Errorf("without its parameter: %q", answer)
	}
}

func FuzzLogin(f *testing.F) {
	f.Add(make([]byte, loginFixed))
	f.Fuzz(func(t *testing.T, body []byte) {
		if l, err := parseLogin(body); err == nil && (l.size() < 512 || l.size() > 16383) {
			t.Errorf("packets of %d", l.size())
		}
	})
}

func FuzzRPC(f *testing.F) {
	f.Add([]byte{0xff, 0xff, 10, 0, 0, 0, 0, 0, typeNVarchar, 0xff, 0xff, 9, 4, 0xd0, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 'a', 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _ = parseRPC(body)
		_, _ = afterHeaders(body)
		_, _ = preloginEncryption(body)
		_, _ = readMessage(bytes.NewReader(body))
	})
}
