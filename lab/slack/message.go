package slack

import (
	"encoding/json"
	"time"
)

// Message is one message as one person sees it; it marshals as Slack's message
// JSON. What the app posted carries BotID, AppID and Username besides User,
// which is then the app's bot user.
type Message struct {
	Type     string `json:"type"` // "message"
	Subtype  string `json:"subtype,omitempty"`
	TS       string `json:"ts"`
	User     string `json:"user,omitempty"`
	BotID    string `json:"bot_id,omitempty"`
	AppID    string `json:"app_id,omitempty"`
	Username string `json:"username,omitempty"`
	Team     string `json:"team,omitempty"`
	Text     string `json:"text"`

	Blocks      json.RawMessage `json:"blocks,omitempty"` // as sent, with a block_id and action_id wherever one was missing
	Attachments json.RawMessage `json:"attachments,omitempty"`

	// ThreadTS is the parent's ts, on a parent its own. The counts are a parent's.
	ThreadTS        string   `json:"thread_ts,omitempty"`
	ReplyCount      int      `json:"reply_count,omitempty"`
	Latest          string   `json:"latest_reply,omitempty"`
	ReplyUsers      []string `json:"reply_users,omitempty"`
	ReplyUsersCount int      `json:"reply_users_count,omitempty"`

	Edited    *Edited         `json:"edited,omitempty"`
	Files     []File          `json:"files,omitempty"`
	Metadata  json.RawMessage `json:"metadata,omitempty"`
	PinnedTo  []string        `json:"pinned_to,omitempty"`
	Reactions []Reaction      `json:"reactions,omitempty"`

	// Not Slack's, for the page.
	Ephemeral bool       `json:"ephemeral,omitempty"`  // only this person sees it
	UpdatedAt *time.Time `json:"updated_at,omitempty"` // of the last chat.update, by Config.Now
}

// Edited says who changed a message last, and when (as a ts).
type Edited struct {
	User string `json:"user"`
	TS   string `json:"ts"`
}

// Reaction is one emoji under a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// File is an uploaded file. Download it from URLPrivate (the page) or with the
// bot token (the app).
type File struct {
	ID         string `json:"id"`
	Created    int64  `json:"created"` // Unix seconds
	Name       string `json:"name"`
	Title      string `json:"title"`
	Mimetype   string `json:"mimetype"`
	Filetype   string `json:"filetype"`
	User       string `json:"user"`
	Size       int    `json:"size"`
	AltText    string `json:"alt_txt,omitempty"`
	URLPrivate string `json:"url_private"`
}
