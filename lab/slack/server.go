package slack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// ErrClosed is returned to a person who acts after Close.
var ErrClosed = errors.New("workspace is closed")

// Server is the workspace. Its methods are safe for concurrent use.
//
// One lock guards all of it. Methods that expect it to be held say so in their
// comment with the word "locked"; none of them waits for anything.
type Server struct {
	cfg     Config
	mux     *http.ServeMux
	methods map[string]method
	done    chan struct{}  // closed by Close
	wg      sync.WaitGroup // sockets and envelopes under way; Close waits for it

	mu      sync.Mutex
	closed  bool
	version uint64
	changed chan struct{} // closed and replaced when version rises
	serial  int64         // last number handed out to a trigger or socket
	lastTS  int64         // µs of the last message stamp, so that no two are equal

	rooms   map[string]*room   // by channel id
	modals  map[string][]*View // by person, topmost last
	homes   map[string]*View   // by person
	files   map[string]*upload // by file id
	uploads map[string]*upload // by the secret in the upload URL

	triggers  map[string]*trigger
	responses map[string]*responseURL // by the secret in the URL
	tickets   map[string]time.Time    // by ticket: when it was given out
	sockets   []*socket
	next      int                  // rotates deliveries over the sockets
	waiting   map[string]*envelope // by id: not acknowledged yet

	buckets map[string]*bucket
	faults  []*Fault
	counts  map[string]int
}

// New returns a workspace nobody is connected to yet.
func New(cfg Config) *Server {
	s := &Server{
		cfg:       cfg.withDefaults(),
		mux:       http.NewServeMux(),
		methods:   methods(),
		done:      make(chan struct{}),
		changed:   make(chan struct{}),
		rooms:     map[string]*room{},
		modals:    map[string][]*View{},
		homes:     map[string]*View{},
		files:     map[string]*upload{},
		uploads:   map[string]*upload{},
		triggers:  map[string]*trigger{},
		responses: map[string]*responseURL{},
		tickets:   map[string]time.Time{},
		waiting:   map[string]*envelope{},
		buckets:   map[string]*bucket{},
		counts:    map[string]int{},
	}
	for _, c := range s.cfg.Channels {
		s.rooms[c.ID] = &room{Channel: c}
	}
	s.mux.HandleFunc("/api/{method}", s.guarded(s.serveAPI))
	s.mux.HandleFunc("/link/", s.guarded(s.serveLink))
	s.mux.HandleFunc("POST /response/{key}", s.guarded(s.serveResponse))
	s.mux.HandleFunc("POST /upload/{key}", s.guarded(s.serveUpload))
	s.mux.HandleFunc("GET /upload/{file}/{name}", s.guarded(s.serveDownload))
	return s
}

// Handler serves /api/, /link/, /response/ and /upload/; mount it at the root.
func (s *Server) Handler() http.Handler { return s.mux }

// guarded turns away pages of other origins, whose tokens may be guessed in a
// lab, and gives a request half a minute to arrive.
func (s *Server) guarded(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.welcome(r.Header.Get("Origin")) {
			http.Error(w, "origin not allowed", http.StatusForbidden)
			return
		}
		// A writer that knows no deadlines has no network behind it.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(30 * time.Second))
		h(w, r)
	}
}

// welcome reports whether a request with that Origin may go on. A page of
// somebody else's in the same browser must not be able to drive the lab;
// slack-go's socket says https://api.slack.com, other clients say nothing.
func (s *Server) welcome(origin string) bool {
	return origin == "" || origin == "https://api.slack.com" || origin == s.cfg.URL
}

// Close drops the sockets and waits for everything the server started. What
// was not acknowledged is lost. People who are waiting get ErrClosed.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	close(s.done)
	for _, k := range s.sockets {
		k.drop()
	}
	s.touch()
	s.mu.Unlock()
	s.wg.Wait()
}

// Version rises with every change that somebody could see.
func (s *Server) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Wait blocks until Version exceeds since, and returns it; it ends early with
// ctx's error or ErrClosed.
func (s *Server) Wait(ctx context.Context, since uint64) (uint64, error) {
	for {
		s.mu.Lock()
		version, changed := s.version, s.changed
		s.mu.Unlock()
		if version > since {
			return version, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return version, ctx.Err()
		case <-s.done:
			return version, ErrClosed
		}
	}
}

// Connections is the number of sockets over which envelopes are delivered.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.inService())
}

// Counts is how often each Web API method was called, by its name, and besides:
// "envelopes" (first deliveries), "redeliveries", "acks", "late_acks",
// "unknown_acks", "sockets", "response_url", "upload" and "unknown_method".
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// touch raises the version and wakes everybody who waits for it. Locked.
func (s *Server) touch() {
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
}

// watch returns a channel that is closed by the next change.
func (s *Server) watch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Server) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[what]++
}

// stamp returns the next message ts: Config.Now in seconds and microseconds,
// later than every stamp before it even if that clock stands still or is set
// back. Locked.
func (s *Server) stamp() string {
	us := s.cfg.Now().UnixMicro()
	if us <= s.lastTS {
		us = s.lastTS + 1
	}
	s.lastTS = us
	return formatTS(us)
}

// formatTS writes microseconds as Slack writes a ts.
func formatTS(us int64) string { return fmt.Sprintf("%d.%06d", us/1e6, us%1e6) }

// newID returns a random identifier in Slack's manner: a letter or two, then
// ten capitals and digits.
func newID(prefix string) string { return prefix + rand.Text()[:10] }

// person finds somebody by id; the app's own user is one of them.
func (s *Server) person(id string) (Person, bool) {
	for _, p := range s.cfg.People {
		if p.ID == id {
			return p, true
		}
	}
	if id == s.cfg.BotUser {
		return Person{ID: id, Name: s.cfg.BotName, RealName: s.cfg.BotName}, true
	}
	return Person{}, false
}

// verificationToken is the deprecated verification token that payloads still carry. It
// proves nothing and is the same everywhere.
const verificationToken = "unused"

// socketURL is Config.URL with the scheme of a WebSocket.
func (s *Server) socketURL() string { return "ws" + strings.TrimPrefix(s.cfg.URL, "http") }
