package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"itmsbot/actions"
	"itmsbot/bot"
)

// manifestCommand is `itmsbot manifest`: what to paste where Slack asks for an
// app manifest.
func manifestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "manifest",
		Short: "Write the Slack app manifest that this build needs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeManifest(cmd.OutOrStdout())
		},
	}
}

// hintWords is how many commands the usage hint names; Slack shows one line.
const hintWords = 4

// writeManifest writes the manifest in YAML. The hint follows from the catalog,
// the scopes from what the bot calls (slack.md §6).
func writeManifest(out io.Writer) error {
	var words []string
	for _, a := range actions.Catalog {
		words = append(words, a.Name)
	}
	words = append(words[:min(len(words), hintWords)], "status", "help")
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Written by itmsbot manifest; a test keeps it in step. Paste it at
# https://api.slack.com/apps, Create New App, From a manifest. The app-level
# token (connections:write) is made afterwards, under Basic Information.
_metadata:
  major_version: 2
  minor_version: 1
display_information:
  name: itmsbot
  description: %s
  background_color: "#1f2937"
features:
  bot_user:
    display_name: itmsbot
    always_online: true
  slash_commands:
    - command: /itms
      description: %s
      usage_hint: %s
      should_escape: false
oauth_config:
  scopes:
    bot:
`, quoted("Run an ITMS upgrade together in one channel"), quoted("Look at the estate, ask for a change, approve it"),
		quoted("["+strings.Join(words, " | ")+"]"))
	for _, s := range bot.Scopes() {
		fmt.Fprintf(&b, "      - %s # %s\n", quoted(s.Name), s.For)
	}
	b.WriteString(`settings:
  interactivity:
    is_enabled: true
  socket_mode_enabled: true
  org_deploy_enabled: false
  token_rotation_enabled: false
`)
	_, err := out.Write(b.Bytes())
	return err
}

// quoted is text as JSON has it, which YAML reads as the same text.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return `""` // a string is always JSON
	}
	return string(b)
}
