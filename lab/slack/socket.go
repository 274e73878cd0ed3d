package slack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	maxSockets   = 10
	maxFrame     = 20_480           // bytes of a frame from the app
	pingEvery    = 5 * time.Second  // slack-go gives up after 30 s without a ping
	silence      = 30 * time.Second // a socket that says nothing for so long is dead
	writeWithin  = 5 * time.Second
	goWithin     = 10 * time.Second // between asking a socket to go and closing it
	ticketWithin = 30 * time.Second // Slack does not say how long its URL lives
)

// socket is one Socket Mode connection of the app.
type socket struct {
	conn  *websocket.Conn
	going bool // asked to go; guarded by the server's lock

	mu sync.Mutex // one writer at a time; guards until
	// until is when the workspace closes a socket it has asked to go; zero
	// before it asks.
	until time.Time
}

// send writes one JSON frame.
func (k *socket) send(v any) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.write(v)
}

// write is send for whoever holds the socket's lock.
func (k *socket) write(v any) error {
	if err := k.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	return k.conn.WriteJSON(v)
}

// refuse closes with a reason. A control frame has its own deadline and may be
// written beside others.
func (k *socket) refuse(code int, reason string) {
	_ = k.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(writeWithin))
	k.drop()
}

// drop cuts the connection, as a network does. Its reader ends at once.
func (k *socket) drop() { _ = k.conn.Close() }

// connectionsOpen hands out a ticket for one socket.
func (s *Server) connectionsOpen(args) (reply, error) {
	now := time.Now()
	for t, born := range s.tickets {
		if now.Sub(born) > ticketWithin {
			delete(s.tickets, t)
		}
	}
	ticket := rand.Text()
	s.tickets[ticket] = now
	query := url.Values{"ticket": {ticket}, "app_id": {s.cfg.AppID}}
	return reply{"url": s.socketURL() + "/link/?" + query.Encode()}, nil
}

// serveLink is a socket from its handshake to its end.
func (s *Server) serveLink(w http.ResponseWriter, r *http.Request) {
	if !s.admit(r.FormValue("ticket")) {
		http.Error(w, "ticket unknown or used", http.StatusForbidden)
		return
	}
	defer s.wg.Done()
	up := websocket.Upgrader{
		HandshakeTimeout: writeWithin,
		CheckOrigin:      func(*http.Request) bool { return true }, // guarded has checked it
	}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer conn.Close()
	k := &socket{conn: conn}
	if !s.open(k) {
		return
	}
	defer s.leave(k)

	stop := make(chan struct{})
	var pinger sync.WaitGroup // waited for below, before the connection closes
	pinger.Go(func() { k.ping(stop) })
	defer pinger.Wait()
	defer close(stop)
	s.listen(k)
}

// admit spends a ticket, and makes Close wait for the socket it opens.
func (s *Server) admit(ticket string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	born, ok := s.tickets[ticket]
	delete(s.tickets, ticket)
	if !ok || s.closed || time.Since(born) > ticketWithin {
		return false
	}
	s.wg.Add(1)
	return true
}

// open takes the socket into service, says hello and pings. It reports whether
// it did: the eleventh is turned away.
func (s *Server) open(k *socket) bool {
	k.mu.Lock() // held until hello is written, so that no envelope overtakes it
	defer k.mu.Unlock()
	n, doomed, reason := s.register(k)
	if n == 0 {
		_ = k.write(disconnect("too_many_websockets"))
		return false
	}
	err := k.write(reply{
		"type": "hello", "num_connections": n,
		"connection_info": reply{"app_id": s.cfg.AppID},
		"debug_info": reply{
			"host": "lab", "started": time.Now().UTC().Format(time.RFC3339), "build_number": 1, "approximate_connection_time": 18060,
		},
	})
	if err == nil {
		err = k.pingNow()
	}
	if err == nil && reason != "" {
		err = k.ask(reason)
	}
	if err != nil || doomed {
		k.drop() // its reader notices, and it leaves like any other
	}
	return true
}

// register adds a socket to those open and returns how many there are then, 0
// if there is no place; doomed is the fault "disconnect", and reason that of the
// faults that ask a socket to go.
func (s *Server) register(k *socket) (n int, doomed bool, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.sockets) >= maxSockets {
		return 0, false, ""
	}
	s.counts["sockets"]++
	s.sockets = append(s.sockets, k)
	kind := s.strike("", faultDisconnect, faultWarning, faultRefresh, faultLink)
	reason = farewell(kind)
	k.going = reason != ""
	s.touch()
	return len(s.sockets), kind == faultDisconnect, reason
}

// inService returns the sockets that have not been asked to go. Locked.
func (s *Server) inService() []*socket {
	var list []*socket
	for _, k := range s.sockets {
		if !k.going {
			list = append(list, k)
		}
	}
	return list
}

// leave takes the socket off the list of those open.
func (s *Server) leave(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets = slices.DeleteFunc(s.sockets, func(o *socket) bool { return o == k })
	s.touch()
}

// ping pings until stop is closed or the connection fails, and closes a socket
// that was asked to go and has not.
func (k *socket) ping(stop <-chan struct{}) {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-stop:
			return
		}
		if k.overdue() {
			k.refuse(websocket.CloseNormalClosure, "")
			return
		}
		if k.pingNow() != nil {
			return
		}
	}
}

func (k *socket) pingNow() error {
	return k.conn.WriteControl(websocket.PingMessage, []byte("Ping from lab"), time.Now().Add(writeWithin))
}

// overdue reports whether the socket was asked to go and has not.
func (k *socket) overdue() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.until.IsZero() && time.Now().After(k.until)
}

// listen reads acknowledgements until the connection ends.
func (s *Server) listen(k *socket) {
	alive := func() error { return k.conn.SetReadDeadline(time.Now().Add(silence)) }
	pong := k.conn.PingHandler() // the default: answers
	k.conn.SetPingHandler(func(data string) error { return errors.Join(alive(), pong(data)) })
	k.conn.SetPongHandler(func(string) error { return alive() })
	for alive() == nil {
		_, frame, err := k.conn.NextReader()
		if err != nil {
			return
		}
		body, err := io.ReadAll(io.LimitReader(frame, maxFrame+1))
		if err != nil {
			return
		}
		if len(body) > maxFrame {
			k.refuse(websocket.CloseMessageTooBig,
				fmt.Sprintf("Max frame length of %d has been exceeded.", maxFrame))
			return
		}
		a, err := parseAck(body)
		if err != nil {
			s.cfg.Log.Warn("frame from the app ignored", "err", err)
			continue
		}
		s.acknowledge(a)
	}
}

// ack is what the app sends over a socket.
type ack struct {
	envelope string
	payload  json.RawMessage // nil is none
}

// parseAck reads an acknowledgement. An empty payload object is none: the Node
// client always sends one.
func parseAck(frame []byte) (ack, error) {
	var f struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(frame, &f); err != nil {
		return ack{}, fmt.Errorf("read acknowledgement: %w", err)
	}
	if f.EnvelopeID == "" {
		return ack{}, errors.New("acknowledgement without envelope_id")
	}
	a := ack{envelope: f.EnvelopeID}
	if f.Payload == nil || string(f.Payload) == "null" {
		return a, nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(f.Payload, &fields) != nil {
		return ack{}, fmt.Errorf("acknowledgement of %.40q: payload is not an object", f.EnvelopeID)
	}
	if len(fields) > 0 {
		a.payload = f.Payload
	}
	return a, nil
}

func disconnect(reason string) reply {
	return reply{"type": "disconnect", "reason": reason, "debug_info": reply{"host": "lab"}}
}

// Disconnect asks every socket to go, as Slack does every few hours: reason is
// "warning", "refresh_requested", "link_disabled" or "too_many_websockets".
// Nothing more is delivered over them, acknowledgements are still taken, and
// who has not gone after ten seconds or a little more is closed.
func (s *Server) Disconnect(reason string) {
	s.mu.Lock()
	var going []*socket
	for _, k := range s.sockets {
		if !k.going {
			k.going = true
			going = append(going, k)
		}
	}
	s.touch()
	s.mu.Unlock()
	for _, k := range going {
		k.bid(reason)
	}
}

// bid asks a socket to go, or drops it where that cannot be said or no reason is given.
func (k *socket) bid(reason string) {
	if reason == "" || k.dismiss(reason) != nil {
		k.drop()
	}
}

func (k *socket) dismiss(reason string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ask(reason)
}

// ask is dismiss for whoever holds the socket's lock.
func (k *socket) ask(reason string) error {
	k.until = time.Now().Add(goWithin)
	return k.write(disconnect(reason))
}
