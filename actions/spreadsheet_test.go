package actions

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
)

// What a host wrote into its log is read as text by whoever opens the list.
func TestErrorListRunsNothing(t *testing.T) {
	from := time.Date(2026, 11, 27, 7, 0, 0, 0, time.UTC)
	f := errorList("SMP1", estate.LogReview{Hours: 24, More: 3,
		Sources: []estate.LogSource{{Name: estate.SMPLog, There: true, Errors: 2, From: &from, Stopped: "bytes"}, {Name: estate.SystemLog, Trouble: "access denied"}},
		Groups:  []estate.LogGroup{{Log: estate.SMPLog, Source: "=HYPERLINK(\"x\")", Text: "@SUM(A1), \"quoted\"", Count: 2}}})
	rows, err := csv.NewReader(strings.NewReader(string(f.Bytes))).ReadAll()
	if err != nil || len(rows) != 5 || f.Name != "errors-SMP1.csv" {
		t.Fatalf("%s: %d rows, %v", f.Name, len(rows), err)
	}
	for _, cell := range []struct {
		row, column int
		want        string
	}{{1, 6, "read from 2026-11-27T07:00:00Z bytes"}, {2, 6, "nothing was read access denied"}, {3, 1, "'=HYPERLINK(\"x\")"}, {3, 6, "'@SUM(A1), \"quoted\""}, {4, 6, "and 3 more groups that the host did not send"}} {
		if got := rows[cell.row][cell.column]; got != cell.want {
			t.Errorf("row %d, column %d: %q, want %q", cell.row, cell.column, got, cell.want)
		}
	}
}
