package actions

import (
	"bytes"
	"encoding/csv"

	"itmsbot/runbook"
)

// spreadsheet makes a file of rows, the heading first. What a host or a person
// wrote is never run as a formula.
func spreadsheet(name, title string, rows [][]string) File {
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = runbook.Cell(cell)
		}
		_ = out.Write(safe) // a buffer takes everything
	}
	out.Flush()
	return File{Name: name, Title: title, Bytes: b.Bytes()}
}
