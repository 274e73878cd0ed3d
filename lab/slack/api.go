package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reply is the body of an answer; "ok" is added.
type reply map[string]any

// method is one Web API method. Run is called with the lock held.
type method struct {
	scope     string // the bot scope it needs; "" is none
	perMinute int    // its rate limit tier; 0 is none of its own
	open      bool   // needs no token
	run       func(*Server, args) (reply, error)
}

// methods is the Web API of this workspace. Scopes and tiers are those of
// Slack's method reference.
func methods() map[string]method {
	const tier2, tier3, tier4 = 20, 50, 100
	return map[string]method{
		"api.test":              {open: true, perMinute: tier4, run: (*Server).apiTest},
		"apps.connections.open": {perMinute: tier3, run: (*Server).connectionsOpen},
		"auth.test":             {run: (*Server).authTest},
		"blocks.validate":       {open: true, perMinute: tier4, run: (*Server).blocksValidate},

		"bookmarks.add":  {scope: "bookmarks:write", perMinute: tier2, run: (*Server).bookmarksAdd},
		"bookmarks.list": {scope: "bookmarks:read", perMinute: tier3, run: (*Server).bookmarksList},

		"chat.delete":        {scope: "chat:write", perMinute: tier3, run: (*Server).chatDelete},
		"chat.getPermalink":  {run: (*Server).chatGetPermalink},
		"chat.postEphemeral": {scope: "chat:write", perMinute: tier4, run: (*Server).chatPostEphemeral},
		"chat.postMessage":   {scope: "chat:write", run: (*Server).chatPostMessage},
		"chat.update":        {scope: "chat:write", perMinute: tier3, run: (*Server).chatUpdate},

		"conversations.history": {scope: "channels:history", perMinute: tier3, run: (*Server).conversationsHistory},
		"conversations.info":    {scope: "channels:read", perMinute: tier3, run: (*Server).conversationsInfo},
		"conversations.list":    {scope: "channels:read", perMinute: tier2, run: (*Server).conversationsList},
		"conversations.members": {scope: "channels:read", perMinute: tier4, run: (*Server).conversationsMembers},
		"conversations.replies": {scope: "channels:history", perMinute: tier3, run: (*Server).conversationsReplies},

		"files.completeUploadExternal": {scope: "files:write", perMinute: tier4, run: (*Server).filesComplete},
		"files.getUploadURLExternal":   {scope: "files:write", perMinute: tier4, run: (*Server).filesGetUploadURL},
		"files.info":                   {scope: "files:read", perMinute: tier4, run: (*Server).filesInfo},

		"pins.add":      {scope: "pins:write", perMinute: tier2, run: (*Server).pinsAdd},
		"pins.list":     {scope: "pins:read", perMinute: tier2, run: (*Server).pinsList},
		"pins.remove":   {scope: "pins:write", perMinute: tier2, run: (*Server).pinsRemove},
		"reactions.add": {scope: "reactions:write", perMinute: tier3, run: (*Server).reactionsAdd},

		"users.info": {scope: "users:read", perMinute: tier4, run: (*Server).usersInfo},
		"users.list": {scope: "users:read", perMinute: tier2, run: (*Server).usersList},

		"views.open":    {perMinute: tier4, run: (*Server).viewsOpen},
		"views.publish": {perMinute: tier4, run: (*Server).viewsPublish},
		"views.push":    {perMinute: tier4, run: (*Server).viewsPush},
		"views.update":  {perMinute: tier4, run: (*Server).viewsUpdate},
	}
}

// allScopes are the bot scopes that some method asks for, and "commands".
func allScopes() []string {
	scopes := map[string]bool{"commands": true}
	for _, m := range methods() {
		if m.scope != "" {
			scopes[m.scope] = true
		}
	}
	return slices.Sorted(maps.Keys(scopes))
}

// refusal is a call that Slack answers with ok:false.
type refusal struct {
	code  string
	extra reply // fields of the answer besides ok and error
}

func (e *refusal) Error() string { return e.code }

func refuse(code string) error { return &refusal{code: code} }

// refuseBecause adds the sentences Slack explains a refusal with.
func refuseBecause(code string, messages ...string) error {
	return &refusal{code, reply{"response_metadata": reply{"messages": messages}}}
}

// answer is what goes back over HTTP, already encoded: once the lock is
// released, what it was made from may change.
type answer struct {
	status     int
	retryAfter time.Duration // 0 is none
	body       []byte
}

// answerOf turns a method's result into an answer. Every refusal is a 200, as
// with Slack. Locked, if the result quotes anything of the workspace.
func answerOf(body reply, err error) answer {
	if err == nil {
		if body == nil {
			body = reply{}
		}
		body["ok"] = true
		return answerWith(http.StatusOK, body)
	}
	no := reply{"ok": false, "error": "internal_error"}
	var r *refusal
	if errors.As(err, &r) {
		no["error"] = r.code
		maps.Copy(no, r.extra)
	}
	return answerWith(http.StatusOK, no)
}

// answerWith encodes an answer. It panics on what is no JSON, which nothing
// here can make.
func answerWith(status int, body reply) answer {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic("slack: answer: " + err.Error())
	}
	return answer{status: status, body: b.Bytes()}
}

func (a answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if a.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((a.retryAfter+time.Second-1)/time.Second)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client being gone is its own affair
}

func rateLimited(after time.Duration) answer {
	a := answerWith(http.StatusTooManyRequests, reply{"ok": false, "error": "ratelimited"})
	a.retryAfter = after
	return a
}

// serveAPI answers one call of the Web API.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	m, known := s.methods[name]
	if !known {
		s.count("unknown_method")
		answerOf(nil, refuse("unknown_method")).write(w)
		return
	}
	s.count(name)
	s.throughFaults(w, name, func() answer { return s.call(w, r, name, m) })
}

// call checks a request and runs its method.
func (s *Server) call(w http.ResponseWriter, r *http.Request, name string, m method) answer {
	a, bearer, err := readArgs(w, r)
	if err == nil && name == "apps.connections.open" {
		err = s.authoriseApp(r)
	} else if err == nil && !m.open {
		err = s.authorise(bearer, m.scope)
	}
	if err != nil {
		return answerOf(nil, err)
	}
	if !m.open {
		w.Header().Set("X-OAuth-Scopes", strings.Join(s.cfg.Scopes, ","))
		w.Header().Set("X-Accepted-OAuth-Scopes", m.scope)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if wait := s.limited(name, m, a["channel"]); wait > 0 {
		return rateLimited(wait)
	}
	return answerOf(m.run(s, a))
}

// authorise checks a bot token and its scope.
func (s *Server) authorise(bearer, scope string) error {
	switch bearer {
	case "":
		return refuse("not_authed")
	case s.cfg.BotToken:
	case s.cfg.AppToken:
		return refuse("not_allowed_token_type")
	default:
		return refuse("invalid_auth")
	}
	if scope == "" || slices.Contains(s.cfg.Scopes, scope) {
		return nil
	}
	return &refusal{"missing_scope", reply{"needed": scope, "provided": strings.Join(s.cfg.Scopes, ",")}}
}

// authoriseApp checks the app-level token, which only a header may carry.
func (s *Server) authoriseApp(r *http.Request) error {
	if r.Method != http.MethodPost {
		return refuse("insecure_request")
	}
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch bearer {
	case "":
		return refuse("not_authed")
	case s.cfg.AppToken:
		return nil
	case s.cfg.BotToken:
		return refuse("not_allowed_token_type")
	}
	return refuse("invalid_auth")
}

func (s *Server) apiTest(a args) (reply, error) {
	if a["error"] != "" {
		return nil, refuse(a["error"])
	}
	return reply{"args": a}, nil
}

func (s *Server) authTest(args) (reply, error) {
	return reply{
		"url":     "https://" + s.cfg.TeamDomain + ".slack.com/",
		"team":    s.cfg.TeamDomain,
		"team_id": s.cfg.TeamID,
		"user":    s.cfg.BotName,
		"user_id": s.cfg.BotUser,
		"bot_id":  s.cfg.BotID,
		"app_id":  s.cfg.AppID,

		"is_enterprise_install": false,
	}, nil
}
