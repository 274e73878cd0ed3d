package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"itmsbot/bot"
)

// TestManifestIsKept keeps deploy/slack-manifest.yaml in step with the catalog
// and with what the bot calls.
func TestManifestIsKept(t *testing.T) {
	var now strings.Builder
	if err := writeManifest(&now); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("deploy/slack-manifest.yaml")
	if err != nil || string(kept) != now.String() {
		t.Errorf("deploy/slack-manifest.yaml is not what this build needs (%v); write it with: go run . manifest > deploy/slack-manifest.yaml", err)
	}
}

// limit is what Slack takes for one key (slack.md §6).
type limit struct {
	least, most int
	like        string
}

// manifestKeys are the keys that this manifest uses, by path; of Slack's schema
// these and no others are written down here. [] is every entry of a list.
func manifestKeys() map[string]limit {
	return map[string]limit{
		"_metadata.major_version":                 {},
		"_metadata.minor_version":                 {},
		"display_information.name":                {1, 35, ""},
		"display_information.description":         {0, 140, ""},
		"display_information.background_color":    {4, 7, `^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`},
		"features.bot_user.display_name":          {1, 80, `^[A-Za-z0-9._ -]+$`},
		"features.bot_user.always_online":         {},
		"features.slash_commands[].command":       {2, 32, `^/[^ ]+$`},
		"features.slash_commands[].description":   {1, 2000, ""},
		"features.slash_commands[].usage_hint":    {0, 1000, ""},
		"features.slash_commands[].should_escape": {},
		"oauth_config.scopes.bot[]":               {1, 255, `^[a-z._]+(:[a-z._]+)*$`},
		"settings.interactivity.is_enabled":       {},
		"settings.socket_mode_enabled":            {},
		"settings.org_deploy_enabled":             {},
		"settings.token_rotation_enabled":         {},
	}
}

func TestManifestIsWithinSlacksLimits(t *testing.T) {
	text, err := os.ReadFile("deploy/slack-manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	keys := manifestKeys()
	seen := map[string]int{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				walk(strings.TrimPrefix(path+"."+k, "."), inner)
			}
		case []any:
			for _, inner := range v {
				walk(path+"[]", inner)
			}
		default:
			seen[path]++
			l, known := keys[path]
			if !known {
				t.Errorf("%s: Slack knows no such key, or slack.md §6 has no limit for it", path)
			}
			if s, ok := v.(string); ok && l.most > 0 {
				if n := len([]rune(s)); n < l.least || n > l.most {
					t.Errorf("%s has %d characters; %d to %d are taken", path, n, l.least, l.most)
				}
				if l.like != "" && !regexp.MustCompile(l.like).MatchString(s) {
					t.Errorf("%s is %q; want %s", path, s, l.like)
				}
			}
		}
	}
	walk("", tree)
	if n := seen["features.slash_commands[].command"]; n != 1 {
		t.Errorf("%d slash commands; there is one way in", n)
	}
	if n := seen["oauth_config.scopes.bot[]"]; n != len(bot.Scopes()) || n > 255 {
		t.Errorf("%d scopes, the bot needs %d", n, len(bot.Scopes()))
	}
	for _, path := range []string{"display_information.name", "settings.socket_mode_enabled", "settings.interactivity.is_enabled"} {
		if seen[path] != 1 {
			t.Errorf("%s is missing", path)
		}
	}
	if fmt.Sprint(tree["settings"]) == "" || !strings.Contains(fmt.Sprint(tree["settings"]), "socket_mode_enabled:true") {
		t.Error("without Socket Mode nothing would arrive")
	}
}

// scopesOf says which scopes a call of slack-go needs (slack.md §6).
func scopesOf() map[string][]string {
	history := []string{"channels:history", "groups:history"}
	return map[string][]string{
		"AuthTestContext": {}, "StartSocketModeContext": {},
		"PostMessageContext": {"chat:write"}, "PostEphemeralContext": {"chat:write"}, "UpdateMessageContext": {"chat:write"},
		"GetConversationHistoryContext": history, "GetConversationRepliesContext": history,
		"GetConversationInfoContext": {"channels:read", "groups:read"}, "GetUserInfoContext": {"users:read"},
		"UploadFileContext": {"files:write"}, "OpenViewContext": {}, // a form needs the trigger of a click
	}
}

// TestScopesAreWhatTheBotCalls: none is missing, none is asked for in vain.
func TestScopesAreWhatTheBotCalls(t *testing.T) {
	files, err := filepath.Glob("bot/*.go")
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{"commands": true}
	for _, path := range files {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			on, ok := method.X.(*ast.SelectorExpr)
			if !ok || on.Sel.Name != "api" {
				return true
			}
			scopes, known := scopesOf()[method.Sel.Name]
			if !known {
				t.Errorf("%s calls %s; write here which scopes it needs, and into bot.Scopes", path, method.Sel.Name)
			}
			for _, s := range scopes {
				needed[s] = true
			}
			return true
		})
	}
	var asked []string
	for _, s := range bot.Scopes() {
		if !needed[s.Name] || s.For == "" || slices.Contains(asked, s.Name) {
			t.Errorf("the scope %s is asked for in vain, twice or without a word why", s.Name)
		}
		asked = append(asked, s.Name)
		delete(needed, s.Name)
	}
	for s := range needed {
		t.Errorf("the scope %s is needed and not asked for", s)
	}
}
