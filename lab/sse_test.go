package lab

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// stream reads the names of the events at /lab/events.
func stream(t *testing.T, ctx context.Context, p *testPage) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", p.url+"/lab/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %q", got)
	}
	names := make(chan string, 100)
	go func() { // ends with the response, which ends with ctx or the server
		defer close(names)
		defer func() { _ = res.Body.Close() }()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			if name, ok := strings.CutPrefix(s.Text(), "event: "); ok {
				names <- name
			}
		}
	}()
	return names
}

// await reads events until one has that name.
func await(t *testing.T, ctx context.Context, names <-chan string, want string) {
	t.Helper()
	for {
		select {
		case name, ok := <-names:
			if !ok {
				t.Fatalf("the stream ended before %q", want)
			}
			if name == want {
				return
			}
		case <-ctx.Done():
			t.Fatalf("no %q came", want)
		}
	}
}

func TestEventsTellOfChanges(t *testing.T) {
	t.Parallel() // the stream rests a second between two looks at the world
	p := newTestPage(t)
	p.must(t, "POST", "/lab/say", map[string]string{"as": "operator", "text": "first"}, nil)
	ctx, leave := context.WithCancel(within(t))
	defer leave()
	names := stream(t, ctx, p)
	first := map[string]bool{<-names: true, <-names: true}
	if !first["channel"] || !first["world"] {
		t.Fatalf("the stream begins with %v", first)
	}
	p.must(t, "POST", "/lab/say", map[string]string{"as": "approver", "text": "second"}, nil)
	await(t, ctx, names, "channel")
	p.world.Advance(1e9)
	await(t, ctx, names, "world")
}

func TestEventsEndWithTheirClient(t *testing.T) {
	p := newTestPage(t)
	ctx, leave := context.WithCancel(within(t))
	names := stream(t, ctx, p)
	await(t, ctx, names, "world")
	leave()
	ended(t, p, "/lab/events")
}

func TestEventsEndWithTheLab(t *testing.T) {
	p := newTestPage(t)
	names := stream(t, within(t), p)
	await(t, within(t), names, "world")
	p.Close()
	ended(t, p, "/lab/events")
	for range names { //nolint:revive // reads to the end, which has to come
	}
}

// ended waits until a call to path has returned.
func ended(t *testing.T, p *testPage, path string) {
	t.Helper()
	ctx := within(t)
	for {
		select {
		case got := <-p.ended:
			if got == path {
				return
			}
		case <-ctx.Done():
			t.Fatalf("%s did not end", path)
		}
	}
}

// serve answers one GET as from this machine.
func serve(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "127.0.0.1"
	h.ServeHTTP(w, r)
	return w
}
