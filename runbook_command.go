package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"itmsbot/actions"
	"itmsbot/commands"
	"itmsbot/runbook"
)

// runbookCommand is `itmsbot runbook`: the method as this build carries it out, written
// from the catalog.
func runbookCommand() *cobra.Command {
	readme := ""
	cmd := &cobra.Command{
		Use:   "runbook",
		Short: "Write the run book: section, command, people needed, way back",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if readme == "" {
				_, err := io.WriteString(cmd.OutOrStdout(), runbookPage())
				return err
			}
			text, err := os.ReadFile(readme)
			if err != nil {
				return fmt.Errorf("read the page with the table: %w", err)
			}
			renewed, err := withActionTable(string(text))
			if err != nil {
				return fmt.Errorf("%s: %w", readme, err)
			}
			return os.WriteFile(readme, []byte(renewed), 0o644)
		},
	}
	cmd.Flags().StringVar(&readme, "readme", "", "renew the table in this `page` instead")
	return cmd
}

// The table of actions stands in the README between these two lines.
const (
	tableBegins = "<!-- begin: written by `make runbook` -->\n"
	tableEnds   = "<!-- end: written by `make runbook` -->\n"
)

// withActionTable renews the table of actions in a page.
func withActionTable(page string) (string, error) {
	before, rest, ok := strings.Cut(page, tableBegins)
	_, after, found := strings.Cut(rest, tableEnds)
	if !ok || !found {
		return "", fmt.Errorf("it has no place for the table: a line %q and a line %q", strings.TrimSpace(tableBegins), strings.TrimSpace(tableEnds))
	}
	return before + tableBegins + actionTable() + tableEnds + after, nil
}

// actionTable has a row for each action, in the order of the catalog.
func actionTable() string {
	rows := [][]string{{"of the method", "command", "people needed", "way back"}}
	for _, a := range actions.Catalog {
		rows = append(rows, []string{a.Of(), "`" + a.Usage() + "`", a.People(), a.WayBack})
	}
	return markdownTable(rows)
}

// runbookPage is docs/runbook.md.
func runbookPage() string {
	var b strings.Builder
	b.WriteString("# The run book\n\nThe method, section by section: what the bot does of it, who has to agree, what is done by hand, and the way back.\n" +
		"Written by `itmsbot runbook` from the catalog of actions; `make runbook` renews it, and `TestRunbookIsKept` holds it.\n\n" +
		"## Commands\n\nThe people are those whom the product asks for at least; a policy can ask for more. Stopping and looking need nobody's word.\n\n" + actionTable())
	b.WriteString("\n## The day\n")
	for _, s := range actions.Method {
		writeSection(&b, s)
	}
	writeRules(&b)
	writeFacts(&b)
	writeCommands(&b)
	return b.String()
}

// writeSection writes what a section asks for, and how each item of it is done.
func writeSection(b *strings.Builder, s actions.Section) {
	fmt.Fprintf(b, "\n### %s\n\n", strings.TrimSpace(s.Number+" "+s.Title))
	for _, a := range actions.At(s.Number, 0) {
		fmt.Fprintf(b, "`%s`: %s.\n\n", a.Usage(), a.Summary)
	}
	rows := [][]string{{"item", "what", "how"}}
	for i, item := range s.Items {
		n := fmt.Sprint(i + 1)
		if s.Loose {
			n = "–"
		}
		rows = append(rows, []string{n, item.Text, howTo(s.Number, i+1, item)})
	}
	b.WriteString(markdownTable(rows))
	for _, name := range s.Signs {
		if f, ok := actions.FactNamed(name); ok {
			fmt.Fprintf(b, "\nWhen %s: `/itms sign %s` with the evidence.\n", f.Says, f.Name)
		}
	}
}

// howTo says how an item is done, by which commands or else by hand, and what shows it.
func howTo(section string, n int, item actions.Item) string {
	var does, how []string
	for _, a := range actions.At(section, n) {
		does = append(does, "`"+a.Usage()+"`")
	}
	switch {
	case len(does) > 0:
		how = append(how, strings.Join(does, ", ")+".")
	case item.Hand != "":
		how = append(how, "**By hand.** "+item.Hand)
	}
	if item.Look != "" {
		how = append(how, "Look: `/itms "+item.Look+"`.")
	}
	return strings.Join(how, " ")
}

// writeRules writes what each action asks for before it may be proposed.
func writeRules(b *strings.Builder) {
	b.WriteString("\n## Rules\n\nA rule is looked at when an action is asked for, and once more before it starts; `/itms why ACTION` shows how they stand.\n" +
		"Where `--override \"reason\"` can pass over one, that takes " + actions.Agree(runbook.Needs{Count: 1}.Overriding()) + ", and stays on the status until the end.\n\n")
	rows := [][]string{{"command", "it needs that", "can be passed over", "what makes it so"}}
	for _, a := range actions.Catalog {
		for _, r := range a.Rules {
			f, _ := actions.FactNamed(r.Fact)
			says := f.Says
			if on, ok := actions.FactNamed(r.If); ok {
				says += ", where " + on.Says
			}
			if len(r.Unless) > 0 {
				says += "; not with " + strings.Join(r.Unless, " or ")
			}
			over := "yes"
			if r.Hard {
				over = "no, by nobody"
			}
			rows = append(rows, []string{"`/itms " + a.Name + "`", says, over, f.Supply})
		}
	}
	b.WriteString(markdownTable(rows))
	var free []string
	for _, a := range actions.Catalog {
		if len(a.Rules) == 0 {
			free = append(free, "`"+a.Name+"`")
		}
	}
	fmt.Fprintf(b, "\nWithout rules of this kind: %s. What they need is in their plans.\n", strings.Join(free, ", "))
}

// writeFacts writes what rules may name, and who says whether it is so.
func writeFacts(b *strings.Builder) {
	b.WriteString("\n## Facts\n\nThe servers are asked where they can answer, the trail otherwise; people vouch for the rest. A rollback makes void what was signed before it.\n\n")
	rows := [][]string{{"fact", "it says that", "who says so", "what makes it so"}}
	for _, f := range actions.AllFacts() {
		who := "the bot looks"
		if f.Signed {
			who = "an operator or approver, by name"
		}
		rows = append(rows, []string{"`" + f.Name + "`", f.Says, who, f.Supply})
	}
	b.WriteString(markdownTable(rows))
}

// writeCommands writes the commands that are no actions.
func writeCommands(b *strings.Builder) {
	for _, looks := range []bool{false, true} {
		if looks {
			b.WriteString("\n## To look\n\nEverybody on the list may; nothing is changed.\n\n")
		} else {
			b.WriteString("\n## To decide\n\nFor operators and approvers; `deny` and `leave` for approvers alone.\n\n")
		}
		rows := [][]string{{"command", "what it does"}}
		for _, u := range commands.Usages() {
			if !u.Action && u.Looks == looks {
				rows = append(rows, []string{"`" + u.Line + "`", u.Summary})
			}
		}
		b.WriteString(markdownTable(rows))
	}
}

// markdownTable writes rows, the heading first.
func markdownTable(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}
