package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"itmsbot/actions"
	"itmsbot/bot"
	"itmsbot/store"
)

// journal fits the store to what the engine, the router and the bot ask for in
// their own words. It adds nothing but patience (room.go).
type journal struct {
	*store.Store
	room *room
}

// tx fits one write transaction.
type tx struct{ *store.Tx }

func (t tx) Upgrade() (string, error) {
	u, err := t.Tx.Upgrade()
	return u.ID, err
}

func (j journal) Before(request, step string) (json.RawMessage, error) {
	b, err := j.StepBefore(request, step)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b.State, err
}

func (j journal) Head() (int64, string, error) {
	n, hash := j.Store.Head()
	return n, hash, nil
}

// intake fits the store to the bot's way in. Nobody waits in it: a person does,
// for an answer.
type intake struct {
	*store.Store
	room *room
}

func (i intake) Receive(ctx context.Context, list []bot.Delivery) []bot.Receipt {
	in := make([]store.Delivery, len(list))
	for n, d := range list {
		in[n] = store.Delivery{Keys: d.Keys, At: d.At, Door: "slack", Body: d.Body}
	}
	receipts := make([]bot.Receipt, len(list))
	for n, r := range i.Store.ReceiveAll(ctx, in) {
		receipts[n] = bot.Receipt{Repeat: r.Repeat, Err: r.Err}
		if r.Err != nil || !r.Repeat { // a repeat needs no room
			receipts[n].Err = i.room.wrote(r.Err)
		}
	}
	return receipts
}

func (i intake) Unhandled() ([]bot.Delivery, error) {
	waiting, err := i.Store.Unhandled()
	list := make([]bot.Delivery, len(waiting))
	for n, d := range waiting {
		list[n] = delivery(d)
	}
	return list, err
}

func (i intake) Decide(n int64, decide func(actions.Tx) (json.RawMessage, error)) error {
	return i.room.note(i.Store.Append(func(t *store.Tx) error {
		answer, err := decide(tx{t})
		if err != nil {
			return err
		}
		return t.Handled(n, answer)
	}))
}

func delivery(d store.Delivery) bot.Delivery {
	return bot.Delivery{N: d.N, Keys: d.Keys, At: d.At, Body: d.Body}
}

// shown fits the store to the bot's way out.
type shown struct {
	*store.Store
	room *room
}

func (s shown) Message(purpose string) (bot.Message, bool, error) {
	m, ok, err := s.Store.Message(purpose)
	return message(m), ok, err
}

func (s shown) Messages() ([]bot.Message, error) {
	all, err := s.Store.Messages()
	list := make([]bot.Message, len(all))
	for n, m := range all {
		list[n] = message(m)
	}
	return list, err
}

func (s shown) SaveMessage(m bot.Message) error {
	return s.room.wrote(s.Store.SaveMessage(store.Message{Purpose: m.Purpose, Channel: m.Channel, TS: m.TS, Thread: m.Thread,
		Hash: m.Hash, Fate: string(m.Fate), Shown: m.Shown}))
}

func message(m store.Message) bot.Message {
	return bot.Message{Purpose: m.Purpose, Channel: m.Channel, TS: m.TS, Thread: m.Thread, Hash: m.Hash,
		Fate: bot.Fate(m.Fate), Shown: m.Shown}
}

// The store and the fleet have to fit what their users declare.
var (
	_ actions.Journal = journal{}
	_ bot.Intake      = intake{}
	_ bot.Trail       = (*store.Store)(nil)
	_ bot.Shown       = shown{}
	_ bot.Medium      = medium{}
)
