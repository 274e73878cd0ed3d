package slack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of uploads. Slack's own for a file is 1 GB; the lab keeps them in
// memory.
const (
	maxFile    = 32 << 20
	maxAltText = 1_000
	maxSnippet = 1 << 20
)

// upload is a file on its way in, and after completion the file.
type upload struct {
	File
	content   []byte
	received  bool
	completed bool
	shares    map[string][]reply // by channel id
}

func (s *Server) filesGetUploadURL(a args) (reply, error) {
	length, err := strconv.Atoi(a["length"])
	switch {
	case a["filename"] == "" || err != nil || length <= 0:
		return nil, refuse("missing_argument")
	case length > maxFile:
		return nil, refuse("file_upload_size_restricted")
	case a["snippet_type"] != "" && length > maxSnippet:
		return nil, refuse("snippet_too_large")
	case utf8.RuneCountInString(a["alt_txt"]) > maxAltText:
		return nil, refuse("alt_txt_too_large")
	}
	key := rand.Text()
	ext := path.Ext(a["filename"])
	u := &upload{shares: map[string][]reply{}, File: File{
		ID: newID("F"), Created: s.cfg.Now().Unix(), Name: a["filename"], Title: a["filename"],
		Mimetype: mimetype(ext), Filetype: strings.TrimPrefix(ext, "."),
		User: s.cfg.BotUser, Size: length, AltText: a["alt_txt"],
	}}
	u.URLPrivate = s.cfg.URL + "/upload/" + u.ID + "/" + url.PathEscape(path.Base(u.Name))
	s.uploads[key], s.files[u.ID] = u, u
	return reply{"upload_url": s.cfg.URL + "/upload/" + key, "file_id": u.ID}, nil
}

func mimetype(ext string) string {
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// serveUpload takes the bytes of a file, raw or as the first part of a form.
// An upload URL takes them once and only as many as were announced.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	s.count("upload")
	s.throughFaults(w, "upload", func() answer {
		n, err := s.receive(w, r)
		if err != nil {
			return answerWith(http.StatusBadRequest, reply{"ok": false, "error": err.Error()})
		}
		return answerOf(reply{"size": n}, nil)
	})
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request) (int, error) {
	s.mu.Lock()
	u := s.uploads[r.PathValue("key")]
	s.mu.Unlock()
	if u == nil {
		return 0, errors.New("no such upload")
	}
	content, err := readUpload(w, r, u.Size)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.received {
		return 0, errors.New("upload url already used")
	}
	u.content, u.received = content, true
	return len(content), nil
}

func readUpload(w http.ResponseWriter, r *http.Request, size int) ([]byte, error) {
	const envelope = 64 << 10 // headers and boundaries of a multipart form
	r.Body = http.MaxBytesReader(w, r.Body, int64(size)+envelope)
	body := io.Reader(r.Body)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		form, err := r.MultipartReader()
		if err != nil {
			return nil, errors.New("unreadable form")
		}
		part, err := form.NextPart()
		if err != nil {
			return nil, errors.New("form without a file")
		}
		body = part
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return nil, errors.New("incomplete body")
	}
	if len(content) != size {
		return nil, fmt.Errorf("%d bytes announced, %d received", size, len(content))
	}
	return content, nil
}

func (s *Server) filesComplete(a args) (reply, error) {
	rooms, err := s.destinations(a["channel_id"] + "," + a["channels"])
	if err != nil {
		return nil, err
	}
	d := draft{text: a["initial_comment"]}
	if d.text == "" {
		if d.blocks, err = readBlocks(a.json("blocks")); err != nil {
			return nil, err
		}
	}
	if ts := a["thread_ts"]; ts != "" {
		if len(rooms) != 1 {
			return nil, refuse("invalid_arguments")
		}
		if d.thread, err = rooms[0].thread(ts); err != nil {
			return nil, err
		}
	}
	list, err := s.completing(a.json("files"))
	if err != nil {
		return nil, err
	}
	var files []File
	for _, u := range list {
		u.completed = true
		files = append(files, u.File)
	}
	for _, r := range rooms {
		s.share(r, list, d)
	}
	return reply{"files": files}, nil
}

// destinations finds the channels in a list separated by commas. Locked.
func (s *Server) destinations(ids string) ([]*room, error) {
	channels := strings.FieldsFunc(ids, func(r rune) bool { return r == ',' })
	if len(channels) > 100 {
		return nil, refuse("channels_limit_exceeded")
	}
	var rooms []*room
	for _, id := range channels {
		r := s.rooms[id]
		if r == nil {
			return nil, refuse("channel_not_found")
		}
		rooms = append(rooms, r)
	}
	return rooms, nil
}

// completing finds the uploads that files.completeUploadExternal names.
func (s *Server) completing(raw json.RawMessage) ([]*upload, error) {
	var named []struct{ ID, Title string }
	if json.Unmarshal(raw, &named) != nil || len(named) == 0 {
		return nil, refuseBecause("invalid_arguments", "[ERROR] missing required field: files")
	}
	var list []*upload
	for _, n := range named {
		u := s.files[n.ID]
		if u == nil || !u.received || u.completed {
			return nil, refuse("file_not_found")
		}
		if n.Title != "" {
			u.Title = n.Title
		}
		list = append(list, u)
	}
	return list, nil
}

// share posts files into a channel. Locked.
func (s *Server) share(r *room, list []*upload, d draft) {
	m := s.post(r, d)
	for _, u := range list {
		m.Files = append(m.Files, u.File)
		share := reply{"ts": m.TS, "channel_name": r.Name}
		if d.thread != "" {
			share["thread_ts"] = d.thread
		}
		u.shares[r.ID] = append(u.shares[r.ID], share)
	}
}

func (s *Server) filesInfo(a args) (reply, error) {
	u := s.files[a["file"]]
	if u == nil || !u.completed {
		return nil, refuse("file_not_found")
	}
	type shared struct {
		File
		Channels []string `json:"channels"`
		Shares   reply    `json:"shares"`
	}
	f := shared{File: u.File, Shares: reply{"public": u.shares}}
	for id := range u.shares {
		f.Channels = append(f.Channels, id)
	}
	slices.Sort(f.Channels)
	return reply{"file": f}, nil
}

// Download returns an uploaded file, for the page to show.
func (s *Server) Download(fileID string) (f File, content []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.files[fileID]
	if u == nil || !u.completed {
		return File{}, nil, false
	}
	return u.File, u.content, true
}

// serveDownload answers url_private, which needs the bot token.
func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	f, content, ok := s.Download(r.PathValue("file"))
	if r.Header.Get("Authorization") != "Bearer "+s.cfg.BotToken || !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", f.Mimetype)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, f.Name, time.Time{}, strings.NewReader(string(content)))
}
