package vcenter

import (
	"maps"
	"net"
	"net/http"
	"sync"
)

// Stats counts what went over the wire since New.
type Stats struct {
	Connections int            // accepted
	Calls       map[string]int // by method, refused ones too
	Tasks       map[string]int // begun, by their name: CreateSnapshot_Task
}

// Stats reads the counters.
func (s *Server) Stats() Stats {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	return Stats{Connections: s.stats.connections, Calls: maps.Clone(s.stats.calls), Tasks: maps.Clone(s.stats.tasks)}
}

type stats struct {
	mu          sync.Mutex
	connections int
	calls       map[string]int
	tasks       map[string]int
}

func (s *stats) connState(_ net.Conn, state http.ConnState) {
	if state != http.StateNew {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
}

func (s *stats) call(method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
}

func (s *stats) task(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[name]++
}
