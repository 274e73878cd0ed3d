package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

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

// hint are the words of the day; Slack shows one line. `/itms help` has them all.
var hint = []string{"quiesce", "allow", "golive", "rollback", "status", "help"}

// writeManifest writes the manifest in YAML. The scopes follow from what the bot calls
// (slack.md §6).
func writeManifest(out io.Writer) error {
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
		quoted("["+strings.Join(hint, " | ")+"]"))
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
