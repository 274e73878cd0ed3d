package sqlserver

import (
	"context"
	"database/sql"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"itmsbot/estate"
)

// TestObjectsAreProbed holds that the two files that look for objects look for all
// that the others need, and for no more.
func TestObjectsAreProbed(t *testing.T) {
	s, err := loadStatements()
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string][]string{}
	for _, st := range []statement{s.queue, s.backups, s.neighbours, s.sites, s.computersNamed, s.computersAt, s.clientsSince} {
		for _, n := range st.needs {
			if n.permission != "" {
				continue
			}
			database, table, _ := strings.Cut(n.object, ".")
			if database != "msdb" {
				database = ""
			}
			table = table[strings.LastIndex(table, ".")+1:]
			if !slices.Contains(needed[database], table) {
				needed[database] = append(needed[database], table)
			}
		}
	}
	name := regexp.MustCompile(`N'(\w+)'`)
	for database, st := range map[string]statement{"": s.objects, "msdb": s.objectsMSDB} {
		var probed []string
		for _, m := range name.FindAllStringSubmatch(st.text, -1) {
			if m[1] != "dbo" {
				probed = append(probed, m[1])
			}
		}
		slices.Sort(probed)
		slices.Sort(needed[database])
		if !slices.Equal(probed, needed[database]) {
			t.Errorf("database %q: probed are %q, needed %q", database, probed, needed[database])
		}
	}
}

// TestStatementsNameWhatTheyNeed holds that what stands behind FROM and JOIN is in the
// needs of the file, a part of the statement itself (WITH … AS), or a system view that is
// always there.
func TestStatementsNameWhatTheyNeed(t *testing.T) {
	s, err := loadStatements()
	if err != nil {
		t.Fatal(err)
	}
	from := regexp.MustCompile(`(?:FROM|JOIN)\s+([\w.]+)`)
	part := regexp.MustCompile(`(?:WITH|,) (\w+) AS \(`)
	for name, st := range s.files() {
		body := regexp.MustCompile(`(?m)^--.*$`).ReplaceAllString(st.text, "")
		var parts []string
		for _, m := range part.FindAllStringSubmatch(body, -1) {
			parts = append(parts, m[1])
		}
		for _, m := range from.FindAllStringSubmatch(body, -1) {
			object := m[1]
			if strings.HasPrefix(object, "sys.") || strings.Contains(object, "INFORMATION_SCHEMA.") || slices.Contains(parts, object) {
				continue
			}
			if !slices.ContainsFunc(st.needs, func(n need) bool { return n.object == object }) {
				t.Errorf("%s reads %s and does not say that it needs it", name, object)
			}
		}
		for _, n := range st.needs {
			for _, column := range n.columns {
				if !strings.Contains(body, column) {
					t.Errorf("%s needs %s of %s and does not use it", name, column, n.object)
				}
			}
		}
		for _, word := range []string{"INSERT", "UPDATE", "DELETE", "MERGE", "EXEC", "INTO", "DROP", "ALTER", "CREATE", "TRUNCATE"} {
			if regexp.MustCompile(`(?i)\b` + word + `\b`).MatchString(body) {
				t.Errorf("%s holds the word %s; the bot only reads", name, word)
			}
		}
	}
}

func TestParseStatementRefuses(t *testing.T) {
	for _, text := range []string{"-- needs dbo.T", "-- needs dbo.T (a", "-- needs dbo.T(a)"} {
		if st, err := parseStatement(text); err == nil {
			t.Errorf("%q is read as %+v", text, st.needs)
		}
	}
}

// TestOnARealServer runs every file against the server that ITMSBOT_MSSQL names, a
// DSN of go-mssqldb with its own encrypt and certificate settings. What is missing
// there is said and no failure; a statement that the server cannot read is.
func TestOnARealServer(t *testing.T) {
	dsn := os.Getenv("ITMSBOT_MSSQL")
	if dsn == "" {
		t.Skip("ITMSBOT_MSSQL is not set")
	}
	db, err := sql.Open("sqlserver", dsn)
	if err != nil {
		t.Fatal("ITMSBOT_MSSQL is no DSN") // the error would hold it
	}
	defer db.Close()
	s, err := loadStatements()
	if err != nil {
		t.Fatal(err)
	}
	for name, st := range s.files() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			sets, err := resultSets(ctx, db, st.text, parametersOf(st.text)...)
			if err != nil {
				why := lost(ctx, err)
				if why.kind == estate.Unavailable {
					t.Skip(why)
				}
				t.Fatal(why)
			}
			t.Logf("%d result sets", sets)
		})
	}
}

// parametersOf are values for the parameters that a statement has.
func parametersOf(text string) []any {
	var values []any
	for name, v := range map[string]any{"name": "WS-0412", "address": "10.21.12.30", "seconds": int64(3600)} {
		if strings.Contains(text, "@"+name) {
			values = append(values, sql.Named(name, v))
		}
	}
	return values
}

func resultSets(ctx context.Context, db *sql.DB, text string, parameters ...any) (int, error) {
	rows, err := db.QueryContext(ctx, text, parameters...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	sets := 1
	for {
		for rows.Next() {
		}
		if !rows.NextResultSet() {
			return sets, rows.Err()
		}
		sets++
	}
}
