package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// Slack's limits, slack.md §4, as far as our cards can meet them.
const (
	maxBlocks  = 50
	maxText    = 3000
	maxHeader  = 150
	maxField   = 2000
	maxButton  = 75
	maxValue   = 2000
	maxTitle   = 100
	maxConfirm = 300
	maxWord    = 30
	maxForm    = 24
	maxRows    = 100
	maxCells   = 20
	maxPlain   = 4000
	maxAll     = 10500
)

func header(s string) slack.Block {
	return slack.NewHeaderBlock(plainObject(cut(visible(s), maxHeader)))
}

// section makes as many sections as the text needs.
func sections(s string) []slack.Block {
	var blocks []slack.Block
	for _, part := range chunks(s, maxText) {
		blocks = append(blocks, slack.NewSectionBlock(mark(part), nil, nil))
	}
	return blocks
}

func fields(pairs ...[2]string) slack.Block {
	var objects []*slack.TextBlockObject
	for _, p := range pairs {
		objects = append(objects, mark(cut("*"+p[0]+"*\n"+p[1], maxField)))
	}
	return slack.NewSectionBlock(nil, objects, nil)
}

func foot(parts ...string) slack.Block {
	return slack.NewContextBlock("", mark(cut(strings.Join(parts, " · "), maxText)))
}

// table draws rows, the heading first. A cell that is one moment becomes a
// date of the reader's zone; all others are plain text. More rows than Slack
// takes are counted in the last one.
func table(rows [][]string) slack.Block {
	t := slack.NewTableBlock("")
	if len(rows) > maxRows {
		left := len(rows) - maxRows + 1
		last := make([]string, len(rows[0]))
		for i := range last {
			last[i] = "–"
		}
		last[0] = fmt.Sprintf("and %d more", left)
		rows = append(rows[:maxRows-1:maxRows-1], last)
	}
	for i, row := range rows {
		cells := make([]slack.TableCell, 0, len(row))
		for _, c := range row {
			cells = append(cells, cell(c, i == 0))
		}
		t.AddRow(cells...)
	}
	settings := make([]slack.ColumnSetting, len(rows[0]))
	for i := range settings {
		settings[i] = slack.ColumnSetting{Align: slack.ColumnAlignmentLeft, IsWrapped: true}
	}
	return t.WithColumnSettings(settings...)
}

func cell(s string, heading bool) slack.TableCell {
	if s == "" {
		s = "–"
	}
	style := &slack.RichTextSectionTextStyle{Bold: heading}
	if at := timeWord.FindString(s); at != "" && at == s {
		t := stamp(s)
		fallback := t.Format("15:04 UTC")
		return slack.NewTableRichTextCell(slack.NewRichTextSection(slack.NewRichTextSectionDateElement(t.Unix(), "{time}", nil, &fallback)))
	}
	if before, after, ok := strings.Cut(s, " → "); ok {
		return slack.NewTableRichTextCell(slack.NewRichTextSection(
			slack.NewRichTextSectionTextElement(plain(before)+" → ", nil),
			slack.NewRichTextSectionTextElement(plain(after), &slack.RichTextSectionTextStyle{Bold: true})))
	}
	if heading {
		return slack.NewTableRichTextCell(slack.NewRichTextSection(slack.NewRichTextSectionTextElement(plain(s), style)))
	}
	return slack.NewTableRawTextCell(cut(plain(s), 500))
}

// press is a button, and the question asked before it counts.
type press struct {
	text, line, style string
	ask               *question
}

type question struct{ title, text, yes, style string }

func buttons(list ...press) slack.Block {
	var elements []slack.BlockElement
	for i, p := range list {
		b := slack.NewButtonBlockElement(fmt.Sprintf("line-%d", i), p.line, plainObject(cut(p.text, maxButton)))
		if p.style != "" {
			b.WithStyle(slack.Style(p.style))
		}
		if p.ask != nil {
			b.WithConfirm(&slack.ConfirmationBlockObject{Title: plainObject(cut(p.ask.title, maxTitle)), Text: plainObject(cut(p.ask.text, maxConfirm)),
				Confirm: plainObject(cut(p.ask.yes, maxWord)), Deny: plainObject("Cancel"), Style: slack.Style(p.ask.style)})
		}
		elements = append(elements, b)
	}
	return slack.NewActionBlock("", elements...)
}

// check measures a message against Slack's limits before it is sent. An error
// is a mistake in a card and names the place.
func check(text string, blocks []slack.Block) error {
	if utf8.RuneCountInString(text) > maxPlain || text == "" {
		return fmt.Errorf("text of %d characters", utf8.RuneCountInString(text))
	}
	if len(blocks) > maxBlocks {
		return fmt.Errorf("%d blocks", len(blocks))
	}
	// Slack refuses a message whose blocks hold too much in all, a little
	// above 11,000 characters (msg_blocks_too_long).
	if n := reading(blocks); n > maxAll {
		return fmt.Errorf("%d characters in all", n)
	}
	tables := 0
	for i, b := range blocks {
		if err := checkBlock(b); err != nil {
			return fmt.Errorf("block %d (%s): %w", i, b.BlockType(), err)
		}
		if b.BlockType() == slack.MBTTable {
			tables++
		}
	}
	if tables > 1 {
		return fmt.Errorf("%d tables", tables)
	}
	return nil
}

func checkBlock(b slack.Block) error {
	switch b := b.(type) {
	case *slack.HeaderBlock:
		return within("header", b.Text.Text, maxHeader)
	case *slack.SectionBlock:
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 {
			return fmt.Errorf("%d fields and no text", len(b.Fields))
		}
		if b.Text != nil {
			return within("text", b.Text.Text, maxText)
		}
		for _, f := range b.Fields {
			if err := within("field", f.Text, maxField); err != nil {
				return err
			}
		}
	case *slack.TableBlock:
		if len(b.Rows) > maxRows || len(b.Rows) > 0 && len(b.Rows[0]) > maxCells {
			return fmt.Errorf("%d rows", len(b.Rows))
		}
	case *slack.ActionBlock:
		return checkButtons(b)
	case *slack.PlanBlock:
		return checkPlan(b)
	}
	return nil
}

func checkButtons(b *slack.ActionBlock) error {
	if n := len(b.Elements.ElementSet); n == 0 || n > 25 {
		return fmt.Errorf("%d elements", n)
	}
	for _, e := range b.Elements.ElementSet {
		if b, ok := e.(*slack.ButtonBlockElement); ok {
			if err := within("button", b.Text.Text, maxButton); err != nil {
				return err
			}
			if err := within("value of "+b.Text.Text, b.Value, maxValue); err != nil {
				return err
			}
		}
	}
	return nil
}

func within(what, s string, most int) error {
	if n := utf8.RuneCountInString(s); n < 1 || n > most {
		return fmt.Errorf("%s of %d characters, 1 to %d are allowed", what, n, most)
	}
	return nil
}

// number gives every block an id of its own, new with every version, as
// Slack's clients want it for an update.
func number(blocks []slack.Block, purpose string, version int64) []slack.Block {
	for i, b := range blocks {
		id := fmt.Sprintf("%s-%d-%d", purpose, version, i)
		switch b := b.(type) {
		case *slack.HeaderBlock:
			b.BlockID = id
		case *slack.SectionBlock:
			b.BlockID = id
		case *slack.ContextBlock:
			b.BlockID = id
		case *slack.ActionBlock:
			b.BlockID = id
		case *slack.TableBlock:
			b.BlockID = id
		case *slack.PlanBlock:
			b.BlockID = id
		}
	}
	return blocks
}

// reading counts the characters that people read in a message.
func reading(blocks []slack.Block) int {
	raw, err := json.Marshal(blocks)
	if err != nil {
		return 0
	}
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return 0
	}
	return wordsIn(tree)
}

func wordsIn(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			n += wordsIn(e)
		}
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok && (k == "text" || k == "title") {
				n += len(s)
			} else {
				n += wordsIn(e)
			}
		}
	}
	return n
}
