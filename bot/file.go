package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"itmsbot/actions"
	"itmsbot/runbook"
)

// file is something that lies in a request's thread: a sheet with the way back,
// or what a step has found.
type file struct {
	request string
	// name tells it from every other file of the thread: files carry no
	// metadata, so that one of unknown fate is looked for by its name.
	name, title string
	// says is what stands above it, in our own markup.
	says  string
	bytes []byte
}

// isFile reports whether a purpose is a file. Files are sent beside the
// messages, one at a time, so that a long upload never holds up a card.
func isFile(purpose string) bool {
	return strings.HasPrefix(purpose, "file:") || strings.HasPrefix(purpose, "artifact:")
}

// uploadLimit bounds one upload.
const uploadLimit = 3 * time.Minute

// showFile puts a file into its request's thread, once.
func (o *outbound) showFile(ctx context.Context, purpose string) error {
	m, _, err := o.b.d.Shown.Message(purpose)
	if err != nil || m.Fate == Posted {
		return err
	}
	n, f, err := o.fileOf(purpose)
	if err != nil || f == nil {
		return err
	}
	thread, err := o.thread(f.request)
	if err != nil {
		return err
	}
	m.Purpose, m.Channel, m.Thread, m.Shown = purpose, o.b.cfg.Channel, thread.ts, n
	if m.Fate != NotPosted {
		there, err := o.fileIsThere(ctx, m, f.name)
		if err != nil {
			return err
		}
		if there {
			m.Fate = Posted
			return o.b.d.Shown.SaveMessage(m)
		}
	}
	return o.upload(ctx, m, f)
}

// fileOf makes the file of a purpose, and gives the event that it is of. Nil is
// nothing to show: there never was anything, or a later file says more.
func (o *outbound) fileOf(purpose string) (int64, *file, error) {
	kind, rest, _ := strings.Cut(purpose, ":")
	parts := strings.Split(rest, "/")
	if len(parts) < 2 {
		return 0, nil, nil // of another version
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return 0, nil, nil //nolint:nilerror // of another version
	}
	events, err := o.b.d.Trail.Events(n-1, 1)
	if err != nil || len(events) == 0 || events[0].N != n {
		return n, nil, err
	}
	e := events[0]
	if kind == "file" {
		f, err := o.sheetOf(e)
		return n, f, err
	}
	if len(parts) != 3 {
		return n, nil, nil
	}
	f, err := o.artifactOf(e, parts[2])
	return n, f, err
}

// artifactOf is one of the files that an outcome names. Bytes that are not there
// any more are said in the log: no retry brings them back.
func (o *outbound) artifactOf(e runbook.Event, index string) (*file, error) {
	var b runbook.OutcomeBody
	i, err := strconv.Atoi(index)
	if err != nil || e.Read(&b) != nil || i < 0 || i >= len(b.Artifacts) {
		return nil, nil //nolint:nilerror // of another version
	}
	a := b.Artifacts[i]
	content, err := o.b.d.Trail.Artifact(a.SHA256)
	if errors.Is(err, fs.ErrNotExist) {
		o.b.d.Log.Error("an artifact is not beside the trail", "event", e.N, "name", a.Name, "sha256", a.SHA256)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &file{request: e.Request, name: artifactName(a), title: fmt.Sprintf("%s (%s, step %s)", a.Title, e.Request, e.Step), bytes: content}, nil
}

// artifactName tells files apart that steps of one kind give the same name: by
// the beginning of their digest, which is also what the trail calls them by.
func artifactName(a runbook.Artifact) string {
	ext := path.Ext(a.Name)
	return strings.TrimSuffix(a.Name, ext) + "-" + a.SHA256[:min(8, len(a.SHA256))] + ext
}

// sheetOf is the way-back sheet as it is due after an event: when a request
// waits or is done, and when a stage has ended after which people need it.
func (o *outbound) sheetOf(e runbook.Event) (*file, error) {
	r, err := o.b.d.Trail.Request(e.Request)
	if err != nil {
		return nil, err
	}
	if r.Undoes != "" || r.BackedOutBy != "" || e.N < r.Changed && r.State != runbook.Running {
		return nil, nil // there is nothing to take back, or a later sheet says more
	}
	text, err := o.b.d.Sheet(r)
	if err != nil {
		return nil, err
	}
	says := fmt.Sprintf("*Way back of %s without the bot*, as of event %d.", r.ID, e.N)
	older, err := o.olderSheets(r.ID, e.N)
	if err != nil {
		return nil, err
	}
	if len(older) > 0 {
		says += " It replaces `" + strings.Join(older, "`, `") + "`."
	}
	return &file{request: r.ID, name: sheetName(r.ID, e.N), title: fmt.Sprintf("Way back of %s without the bot, as of event %d", r.ID, e.N),
		says: says, bytes: []byte(text)}, nil
}

func sheetPurpose(e runbook.Event) string { return fmt.Sprintf("file:%s/%d", e.Request, e.N) }

func sheetName(request string, n int64) string { return fmt.Sprintf("way-back-%s-%d.txt", request, n) }

// olderSheets names the sheets that are in the thread already, the newest first.
func (o *outbound) olderSheets(request string, before int64) ([]string, error) {
	messages, err := o.b.d.Shown.Messages()
	var older []string
	for _, m := range messages {
		number, ok := strings.CutPrefix(m.Purpose, "file:"+request+"/")
		if n, bad := strconv.ParseInt(number, 10, 64); ok && bad == nil && n < before && m.Fate == Posted {
			older = append([]string{sheetName(request, n)}, older...)
		}
	}
	return older, err
}

// endsStage reports whether an outcome is the last one of a stage after which a
// sheet is due.
func (o *outbound) endsStage(e runbook.Event) (bool, error) {
	if e.Kind != runbook.Outcome {
		return false, nil
	}
	r, err := o.b.d.Trail.Request(e.Request)
	if err != nil {
		return false, err
	}
	plan, err := o.planOf(r)
	if err != nil || plan == nil {
		return false, err
	}
	id, _, _ := strings.Cut(e.Step, ".")
	for _, stage := range plan.Stages {
		if stage.ID != id || !actions.SheetAfter(stage) {
			continue
		}
		for _, s := range stage.Steps {
			if life, begun := r.Step(s.ID); !begun || life.Open {
				return false, nil
			}
		}
		return o.lastOfStage(e)
	}
	return false, nil
}

// lastOfStage reports whether no later outcome is of the same stage.
func (o *outbound) lastOfStage(e runbook.Event) (bool, error) {
	stage, _, _ := strings.Cut(e.Step, ".")
	const some = 200
	for after := e.N; ; {
		events, err := o.b.d.Trail.Events(after, some)
		if err != nil {
			return false, err
		}
		for _, later := range events {
			after = later.N
			if s, _, _ := strings.Cut(later.Step, "."); later.Kind == runbook.Outcome && later.Request == e.Request && s == stage {
				return false, nil
			}
		}
		if len(events) < some {
			return true, nil
		}
	}
}

// upload sends a file. That it is being sent is on disk first, so that a bot
// that dies here looks for it before it sends it again.
func (o *outbound) upload(ctx context.Context, m Message, f *file) error {
	m.Fate = Posting
	if err := o.b.d.Shown.SaveMessage(m); err != nil {
		return err
	}
	_, err := o.b.api.UploadFileContext(ctx, slack.UploadFileParameters{Reader: bytes.NewReader(f.bytes), FileSize: len(f.bytes), Filename: f.name,
		Title: f.title, InitialComment: f.says, Channel: m.Channel, ThreadTimestamp: m.Thread})
	var limited *slack.RateLimitedError
	switch {
	case err == nil:
		m.Fate = Posted
	case slackCode(err) != "" || errors.As(err, &limited):
		m.Fate = NotPosted
	default:
		m.Fate = Unknown
	}
	if kept := o.b.d.Shown.SaveMessage(m); kept != nil {
		return kept
	}
	return err
}

func (o *outbound) fileIsThere(ctx context.Context, m Message, name string) (bool, error) {
	replies, err := o.replies(ctx, m)
	for _, r := range replies {
		for _, f := range r.Files {
			if f.Name == name {
				return true, nil
			}
		}
	}
	return false, err
}

// replies reads a whole thread, page by page: a long request has more files and
// lines than one page holds.
func (o *outbound) replies(ctx context.Context, m Message) ([]slack.Message, error) {
	var all []slack.Message
	for cursor := ""; ; {
		page, more, next, err := o.b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
			ChannelID: m.Channel, Timestamp: m.Thread, Limit: 200, Cursor: cursor, IncludeAllMetadata: true})
		if err != nil {
			return nil, fmt.Errorf("look whether %s arrived: %w", m.Purpose, err)
		}
		all = append(all, page...)
		if !more || next == "" || next == cursor {
			return all, nil
		}
		cursor = next
	}
}
