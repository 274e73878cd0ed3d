package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// savedWorkspace is what is left of a workspace when everybody has gone: what was said,
// pinned and uploaded. Open forms, sockets, triggers and response_urls are not.
type savedWorkspace struct {
	URL    string // under which files were to be had
	LastTS int64
	Rooms  []savedRoom
	Files  []savedFile
}

type savedRoom struct {
	ID        string
	Messages  []savedMessage
	Pins      []savedPin
	Bookmarks []Bookmark
}

type savedMessage struct {
	Message
	To        string `json:"to"`
	Broadcast bool   `json:"broadcast"`
}

type savedPin struct {
	TS      string
	Created int64
}

type savedFile struct {
	File
	Content []byte             `json:"content"`
	Shares  map[string][]reply `json:"shares"`
}

// Save puts the workspace away as it is at this moment.
func (s *Server) Save() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := savedWorkspace{URL: s.cfg.URL, LastTS: s.lastTS}
	for _, id := range slices.Sorted(maps.Keys(s.rooms)) {
		r := s.rooms[id]
		room := savedRoom{ID: id, Bookmarks: r.bookmarks}
		for _, m := range r.messages {
			room.Messages = append(room.Messages, savedMessage{m.Message, m.to, m.broadcast})
		}
		for _, p := range r.pins {
			room.Pins = append(room.Pins, savedPin{p.ts, p.created})
		}
		w.Rooms = append(w.Rooms, room)
	}
	for _, id := range slices.Sorted(maps.Keys(s.files)) {
		if f := s.files[id]; f.completed {
			w.Files = append(w.Files, savedFile{f.File, f.content, f.shares})
		}
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("save the workspace: %w", err)
	}
	return b, nil
}

// Resume gives a new workspace what Save has put away, before anybody is served.
func (s *Server) Resume(saved []byte) error {
	var w savedWorkspace
	if err := json.Unmarshal(saved, &w); err != nil {
		return fmt.Errorf("the saved workspace cannot be read: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := func(f *File) { // the files are served here now
		if rest, ok := strings.CutPrefix(f.URLPrivate, w.URL); ok {
			f.URLPrivate = s.cfg.URL + rest
		}
	}
	s.lastTS = w.LastTS
	for _, room := range w.Rooms {
		r := s.rooms[room.ID]
		if r == nil {
			return fmt.Errorf("the saved workspace has the channel %s, this lab does not", room.ID)
		}
		r.bookmarks = room.Bookmarks
		for _, m := range room.Messages {
			for i := range m.Files {
				moved(&m.Files[i])
			}
			r.messages = append(r.messages, &stored{Message: m.Message, to: m.To, broadcast: m.Broadcast})
		}
		for _, p := range room.Pins {
			r.pins = append(r.pins, pin{p.TS, p.Created})
		}
	}
	for _, f := range w.Files {
		moved(&f.File)
		s.files[f.ID] = &upload{File: f.File, content: f.Content, received: true, completed: true, shares: f.Shares}
	}
	s.touch()
	return nil
}
