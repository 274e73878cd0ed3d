package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// audited runs itmsbot audit verify as somebody types it.
func audited(path string, more ...string) (string, error) {
	var out strings.Builder
	cmd := root(&out)
	cmd.SetArgs(append([]string{"audit", "verify", path}, more...))
	err := cmd.ExecuteContext(context.Background())
	return out.String(), err
}

// TestAuditVerify plays a request that ends, and changes its database in one
// way each: the command fails and says where. store/everything_test.go does it
// for every column, place and row.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	s := openStage(t)
	s.say("Ana", "/itms quiesce")
	s.press("Dora", "Deny", "R-1")
	s.sees("Quiesce the estate (1.4): denied")
	s.stopBot()
	whole, err := os.ReadFile(s.plant.database)
	if err != nil {
		t.Fatal(err)
	}
	anchors, err := os.ReadFile(s.plant.database + ".anchors")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := audited(s.plant.database); err != nil || !contains(out, ": ok. ") || contains(out, "BAD") {
		t.Errorf("as the bot has left it: %v\n%s", err, out)
	}
	for _, tt := range []struct{ name, change, want string }{
		{"a byte of an event", "UPDATE event SET body = replace(body, 'quiesce', 'Quiesce') WHERE kind = 'asked'", ": hash: want "},
		{"who denied it", "UPDATE event SET actor = 'UBEN00001' WHERE kind = 'denied'", ": hash: want "},
		{"an event deleted", "DELETE FROM event WHERE kind = 'denied'", ": number: want "},
		{"the tail cut", "DELETE FROM event WHERE n >= (SELECT n FROM event WHERE kind = 'denied'); DELETE FROM anchor", "the trail was cut"},
		{"a derived row", "UPDATE request SET state = 'done'", `request "U-1" "R-1": state: want denied, found done`},
		{"a guard", "CREATE TRIGGER mine AFTER INSERT ON event BEGIN SELECT 1; END", "trigger mine: want nothing"},
	} {
		path := filepath.Join(t.TempDir(), "changed.db")
		for to, content := range map[string][]byte{path: whole, path + ".anchors": anchors} {
			if err := os.WriteFile(to, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		tamper(t, path, tt.change)
		out, err := audited(path)
		if err == nil || !contains(err.Error(), "changed.db is not as it was written") || !contains(out, tt.want) || !contains(out, "NOT ok") {
			t.Errorf("%s: %v\n%s", tt.name, err, out)
		}
		// Anchors kept elsewhere tell it too, when those beside it are gone.
		elsewhere := filepath.Join(t.TempDir(), "kept-elsewhere")
		if err := os.Rename(path+".anchors", elsewhere); err != nil {
			t.Fatal(err)
		}
		if out, err := audited(path, "--anchors", elsewhere); err == nil || !contains(out, tt.want) {
			t.Errorf("%s, with anchors from elsewhere: %v\n%s", tt.name, err, out)
		}
	}
	if _, err := audited(filepath.Join(t.TempDir(), "none.db")); err == nil {
		t.Error("what is not there was verified")
	}
	s.startBot()
}

// tamper changes a database as somebody would who knows of its triggers.
func tamper(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil {
		t.Fatal(err)
	}
	var drop, create string
	for rows.Next() {
		var name, guard string
		if err := rows.Scan(&name, &guard); err != nil {
			t.Fatal(err)
		}
		drop += "DROP TRIGGER " + name + ";\n"
		create += guard + ";\n"
	}
	if err := rows.Err(); err != nil || drop == "" {
		t.Fatalf("no guards: %v", err)
	}
	if _, err := db.Exec("BEGIN;\n" + drop + statements + ";\n" + create + "COMMIT;"); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
}
