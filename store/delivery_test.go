package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"itmsbot/runbook"
)

func received(t testing.TB, s *Store, d Delivery) (Delivery, bool) {
	t.Helper()
	stored, repeat, err := s.Receive(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return stored, repeat
}

func TestRepeatedDeliveryFindsTheFirstAnswer(t *testing.T) {
	s := fresh(t)
	click := Delivery{Keys: []string{"env:1", "click:42"}, Door: "slack", Body: json.RawMessage(`{"press":"approve"}`)}
	first, repeat := received(t, s, click)
	if repeat || first.N != 1 || first.Handled || !first.At.Equal(start) {
		t.Fatalf("first delivery: repeat %v, %+v", repeat, first)
	}
	err := s.Append(func(tx *Tx) error {
		e := event(t, runbook.Noted, "", runbook.TextBody{Text: "approved"})
		e.Delivery = first.N
		if _, err := tx.Add(e); err != nil {
			return err
		}
		return tx.Handled(first.N, json.RawMessage(`"Counted."`))
	})
	if err != nil {
		t.Fatal(err)
	}
	want := first
	want.Handled, want.Answer = true, json.RawMessage(`"Counted."`)
	want.Keys = []string{"click:42", "env:1", "env:2"}
	for _, keys := range [][]string{{"env:2", "click:42"}, {"env:1"}, {"env:2"}} {
		again, repeat := received(t, s, Delivery{Keys: keys, Door: "slack", Body: json.RawMessage(`{"other":true}`)})
		if !repeat {
			t.Errorf("%q: taken for new", keys)
		}
		if diff := cmp.Diff(want, again); diff != "" {
			t.Errorf("%q (-first +again):\n%s", keys, diff)
		}
	}
	if other, repeat := received(t, s, Delivery{Keys: []string{"env:3"}, Door: "slack"}); repeat || other.N != 2 {
		t.Errorf("another delivery: repeat %v, number %d", repeat, other.N)
	}
}

func TestDeliveryIsHandledOnce(t *testing.T) {
	s := fresh(t)
	d, _ := received(t, s, Delivery{Keys: []string{"a"}, Door: "slack"})
	handle := func(n int64, answer string) error {
		return s.Append(func(tx *Tx) error {
			if _, err := tx.Add(event(t, runbook.Noted, "", nil)); err != nil {
				return err
			}
			return tx.Handled(n, json.RawMessage(answer))
		})
	}
	if err := handle(d.N, `"one"`); err != nil {
		t.Fatal(err)
	}
	n, _ := s.Head()
	if err := handle(d.N, `"two"`); !errors.Is(err, ErrHandled) {
		t.Errorf("handled twice: %v, want ErrHandled", err)
	}
	if err := handle(99, `"none"`); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("handled what never came: %v, want fs.ErrNotExist", err)
	}
	if after, _ := s.Head(); after != n {
		t.Error("an event of a call that was refused was kept")
	}
	if again, _ := s.Delivery(d.N); string(again.Answer) != `"one"` {
		t.Errorf("answer %s, want the first", again.Answer)
	}
}

func TestUnhandledInOrderOfArrival(t *testing.T) {
	path := file(t)
	s := opened(t, path)
	for _, k := range []string{"a", "b", "c"} {
		received(t, s, Delivery{Keys: []string{k}, Door: "slack", Body: json.RawMessage(`{}`)})
	}
	if err := s.Append(func(tx *Tx) error { return tx.Handled(2, nil) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open, err := opened(t, path).Unhandled()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, d := range open {
		keys = append(keys, d.Keys...)
	}
	if diff := cmp.Diff([]string{"a", "c"}, keys); diff != "" {
		t.Error(diff)
	}
}

func TestConcurrentDeliveriesOfOneClick(t *testing.T) {
	s := fresh(t)
	keys := []string{"env:1", "trigger:1", "click:1"}
	var all sync.WaitGroup
	var mu sync.Mutex
	numbers, firsts := map[int64]int{}, 0
	for i := range 24 {
		all.Go(func() {
			// Each comes under the click's key and one of its own.
			d, repeat, err := s.Receive(context.Background(), Delivery{
				Keys: []string{fmt.Sprintf("own:%d", i), keys[i%3], "click:1"}, Door: "slack"})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			numbers[d.N]++
			if !repeat {
				firsts++
			}
		})
	}
	all.Wait()
	if len(numbers) != 1 || firsts != 1 {
		t.Errorf("%d deliveries, %d of them first: %v", len(numbers), firsts, numbers)
	}
}

func TestReceiveRefuses(t *testing.T) {
	s := fresh(t)
	for _, c := range []struct {
		name string
		d    Delivery
	}{
		{"no key", Delivery{Door: "slack"}},
		{"an empty key", Delivery{Keys: []string{"a", ""}, Door: "slack"}},
		{"too many keys", Delivery{Keys: strings.Split("a b c d e f g h i", " "), Door: "slack"}},
		{"no door", Delivery{Keys: []string{"a"}}},
		{"a key that is not UTF-8", Delivery{Keys: []string{"\xff"}, Door: "slack"}},
		{"a body too large", Delivery{Keys: []string{"a"}, Door: "slack", Body: make([]byte, maxDelivery+1)}},
		{"a body that is not UTF-8", Delivery{Keys: []string{"a"}, Door: "slack", Body: []byte("\xff")}},
	} {
		if _, _, err := s.Receive(context.Background(), c.d); err == nil {
			t.Errorf("%s: received", c.name)
		}
	}
	if list, err := s.Unhandled(); err != nil || len(list) > 0 {
		t.Errorf("%d deliveries, %v", len(list), err)
	}
}

// TestDeliveriesTogether: what comes together is written in its order, each
// with its own end.
func TestDeliveriesTogether(t *testing.T) {
	s := fresh(t)
	received(t, s, Delivery{Keys: []string{"env:0"}, Door: "slack"})
	list := []Delivery{
		{Keys: []string{"env:1", "trigger:1", "env:1"}, Door: "slack", Body: json.RawMessage(`{"line":"help"}`), At: start.Add(1234567 * time.Nanosecond)},
		{Keys: []string{"bad\nkey"}, Door: "slack"},
		{Keys: []string{"env:2 <&>\u2028"}, Door: "slack", Body: json.RawMessage{}},
		{Keys: []string{"env:1b", "trigger:1"}, Door: "slack"},
		{Keys: []string{"env:0"}, Door: "slack"},
	}
	got := s.ReceiveAll(t.Context(), list)
	for i, want := range []struct {
		n      int64
		repeat bool
		fails  bool
	}{{2, false, false}, {0, false, true}, {3, false, false}, {2, true, false}, {1, true, false}} {
		r := got[i]
		if r.Delivery.N != want.n || r.Repeat != want.repeat || (r.Err != nil) != want.fails {
			t.Errorf("%d: %+v, want %+v", i, r, want)
		}
	}
	for _, i := range []int{2, 3} { // what was told is what can be read
		read, err := s.Delivery(got[i].Delivery.N)
		if diff := cmp.Diff(read, got[i].Delivery); err != nil || diff != "" {
			t.Errorf("%d: %v (-read +told):\n%s", i, err, diff)
		}
	}
	told := got[0].Delivery
	told.Keys = []string{"env:1", "env:1b", "trigger:1"} // the repeat's came with it
	if read, err := s.Delivery(2); err != nil || cmp.Diff(read, told) != "" {
		t.Errorf("%v (-read +told):\n%s", err, cmp.Diff(read, told))
	}
	if left, err := s.Unhandled(); err != nil || len(left) != 3 {
		t.Errorf("%d deliveries wait, %v", len(left), err)
	}
}

// TestWithdrawnDelivery leaves while the writer is busy with others. The test is
// the writer. Who was told that nothing was written must not find it later.
func TestWithdrawnDelivery(t *testing.T) {
	s, err := open(file(t), options(newClock()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.release()
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error)
	receive := func() { // the test waits for it on left
		_, _, err := s.Receive(ctx, Delivery{Keys: []string{"a"}, Door: "slack"})
		left <- err
	}
	withdrawn := func(err error) {
		t.Helper()
		var no *Unwritable
		if !errors.As(err, &no) || no.Why() != Busy || !no.Why().Passes() || !errors.Is(err, context.Canceled) {
			t.Fatalf("%v, want an *Unwritable that was busy, with the cause", err)
		}
	}
	go receive()
	accepted := <-s.w.calls
	leave()
	withdrawn(<-left)
	s.w.group([]*call{accepted})
	if list, err := s.Unhandled(); err != nil || len(list) > 0 {
		t.Errorf("%+v was written after its sender had been told that it was not (%v)", list, err)
	}
	// A writer that does not even take it.
	go receive()
	withdrawn(<-left)
}

// TestLateCall leaves while the writer is at the very call.
func TestLateCall(t *testing.T) {
	s, err := open(file(t), options(newClock()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.release()
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() { // the test waits for it on left
		left <- s.w.submit(ctx, func(tx *Tx) error {
			leave()
			var late *Late
			if err := <-left; !errors.As(err, &late) || !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want a *Late with the cause", err)
			}
			_, err := tx.Add(upgradeOpened(t, "U-1"))
			return err
		})
	}()
	s.w.group([]*call{<-s.w.calls})
	if _, err := s.Upgrade(); err != nil {
		t.Errorf("the statement was cancelled with its caller: %v", err)
	}
}

// TestRepeatWhileLocked: what was accepted once is known as that even when
// nothing can be written, so that nobody is told that nothing was done.
func TestRepeatWhileLocked(t *testing.T) {
	s := fresh(t)
	first, _, err := s.Receive(t.Context(), Delivery{Keys: []string{"a"}, Door: "slack"})
	if err != nil {
		t.Fatal(err)
	}
	other := raw(t, s.path(t))
	if err := other.script("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if d, repeat, err := s.Receive(t.Context(), Delivery{Keys: []string{"a", "b"}, Door: "slack"}); err != nil || !repeat || d.N != first.N {
		t.Errorf("%+v %t, %v", d, repeat, err)
	}
	_, _, err = s.Receive(t.Context(), Delivery{Keys: []string{"b"}, Door: "slack"})
	var no *Unwritable
	if !errors.As(err, &no) || no.Why() != Locked {
		t.Errorf("%v, want an *Unwritable that is locked", err)
	}
}

func TestMessages(t *testing.T) {
	s := fresh(t)
	if _, found, err := s.Message("card:R-1"); found || err != nil {
		t.Fatalf("found %v, %v", found, err)
	}
	card := Message{Purpose: "card:R-1", Channel: "C1", Fate: "unknown"}
	ask := Message{Purpose: "ask:R-1/3", Channel: "C1", TS: "2.0", Thread: "1.0", Fate: "posted", Shown: 7}
	for _, m := range []Message{card, ask} {
		if err := s.SaveMessage(m); err != nil {
			t.Fatal(err)
		}
	}
	card.TS, card.Fate, card.Hash, card.Shown = "1.0", "posted", "abc", 9
	if err := s.SaveMessage(card); err != nil {
		t.Fatal(err)
	}
	card.UpdatedAt, ask.UpdatedAt = start, start
	got, found, err := s.Message("card:R-1")
	if diff := cmp.Diff(card, got); diff != "" || !found || err != nil {
		t.Errorf("found %v, %v:\n%s", found, err, diff)
	}
	for _, c := range []struct {
		fates []string
		want  []Message
	}{
		{nil, []Message{ask, card}},
		{[]string{"posted", "lost"}, []Message{ask, card}},
		{[]string{"unknown"}, nil},
	} {
		got, err := s.Messages(c.fates...)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", c.fates, err, diff)
		}
	}
	if err := s.SaveMessage(Message{}); err == nil {
		t.Error("a message without a purpose was kept")
	}
}
