package sqlserver

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"itmsbot/estate"
)

// Server is the SQL Server of one estate. It is safe for concurrent use.
type Server struct {
	name       string
	db         *sql.DB
	connector  *connector
	statements statements
	opts       Options
	known      known
	turns      chan struct{} // one for each look under way

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // looks, those among them that nobody waits for any more
}

// New makes a server or says what is wrong with its configuration. It does not touch
// the network.
func New(i Instance, o Options) (*Server, error) {
	set, err := loadStatements()
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	checked, at, err := i.checked()
	if err != nil {
		return nil, fmt.Errorf("sql server %s: %w", i.Name, err)
	}
	c := newConnector(checked, at, o)
	// The turns limit the connections, and not the pool: a pool that is full makes
	// connections in the background, whose refused log-on nobody would be told of.
	db := sql.OpenDB(c)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(idle)
	return &Server{name: checked.Name, db: db, connector: c, statements: set, opts: o,
		turns: make(chan struct{}, connections)}, nil
}

// Close refuses further looks, waits for those under way and closes the connections.
// That takes no longer than a look, and ten seconds more where the server does not
// answer the driver's cancelling. A connection that the server has dropped cannot say
// goodbye; it is closed all the same, so that there is no error to give.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
	_ = s.db.Close()
	return nil
}

// Unpark lets the account be tried once more, after a person looked. It counts
// wherever its Login is used.
func (s *Server) Unpark() { s.connector.instance.Login.Unpark() }

// enter counts a look, unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Add(1)
	return true
}

// look runs one look within its limit and gives its errors their kind. The driver
// may wait for a silent server longer than ctx; the caller does not.
func look[T any](ctx context.Context, s *Server, doing string, read func(context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	if !s.enter() {
		return none, s.errorOf(doing, &trouble{kind: estate.Unreachable, detail: "the bot is stopping"})
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Look)
	defer cancel()
	answers := make(chan answer, 1)
	go func() { // Close waits for it
		defer s.running.Done()
		value, err := inTurn(ctx, s, read)
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return none, s.errorOf(doing, lost(ctx, a.err))
		}
		return a.value, nil
	case <-ctx.Done():
		return none, s.errorOf(doing, lost(ctx, ctx.Err()))
	}
}

// inTurn makes a look as soon as fewer than the most are under way.
func inTurn[T any](ctx context.Context, s *Server, read func(context.Context) (T, error)) (T, error) {
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
		return read(ctx)
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
