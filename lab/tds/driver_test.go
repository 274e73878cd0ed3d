package tds

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
	"github.com/microsoft/go-mssqldb/msdsn"

	"itmsbot/lab/world"
)

// numberOf is the number of a SQL Server error, 0 for any other.
func numberOf(err error) int32 {
	var e mssql.Error
	if errors.As(err, &e) {
		return e.Number
	}
	return 0
}

func TestClosedList(t *testing.T) {
	i := newInstance(t)
	db := i.open(nil)
	tests := []struct {
		text string
		want int32
	}{
		{"select 1", 0},
		{"SELECT @@VERSION -- who", 0},
		{"SET LOCK_TIMEOUT 1000", 0},
		{"selec 1", 102},
		{"select 2", 102},
		{"", 102},
		{"select * from nosuch", 208},
		{"select count(*) from dbo.EventQueueEntry", 102},
		{"delete from dbo.EventQueueEntry", 102},
		{"exec sp_who", 102},
		{"select 1; drop table dbo.EventQueueEntry", 102},
		{strings.Replace(product(t, "queue"), "COUNT_BIG", "COUNT", 1), 102},
		{strings.ToLower(product(t, "queue")), 0},
	}
	for _, tt := range tests {
		_, err := db.ExecContext(t.Context(), tt.text)
		if numberOf(err) != tt.want || (err != nil) != (tt.want != 0) {
			t.Errorf("%.40q: %v, want error %d", tt.text, err, tt.want)
		}
		if tt.text == "" {
			continue
		}
		// The same by sp_executesql.
		_, err = db.ExecContext(t.Context(), tt.text, 7, "é", time.Now(), 2.5, true, []byte("x"), nil, strings.Repeat("y", 9000))
		if numberOf(err) != tt.want || (err != nil) != (tt.want != 0) {
			t.Errorf("%.40q with parameters: %v, want error %d", tt.text, err, tt.want)
		}
	}
	if st := i.Stats(); st.Unlisted != 17 || st.Connections != 1 {
		t.Errorf("over the wire: %+v", st)
	}
}

// TestTwinsSeeTheWorld holds that what is taken away in the world is an error or a gap
// in the answer.
func TestTwinsSeeTheWorld(t *testing.T) {
	i := newInstance(t)
	db := i.open(nil)
	tests := []struct {
		object, statement string
		want              int32
	}{
		{"dbo.EventQueueEntry", "queue", 208},
		{"dbo.EventQueueEntry.id", "queue", 207},
		{"dbo.vSiteServices", "sites", 208},
		{"msdb.dbo.backupset", "backups", 208},
		{"msdb.dbo.backupmediafamily.mirror", "backups", 207},
		{"msdb", "backups", 916},
		{"msdb", "objects-msdb", 916},
		{"permission VIEW SERVER STATE", "neighbours", 300},
		{"dbo.vComputer", "computers-named", 208},
		{"dbo.Inv_AeX_AC_TCPIP.IP Address", "computers-at", 207},
		{"dbo.Evt_NS_Client_Config_Request._eventTime", "clients-since", 207},
	}
	parameters := map[string]any{
		"computers-named": sql.Named("name", "SITE1"), "computers-at": sql.Named("address", "10.20.0.12"), "clients-since": sql.Named("seconds", 60),
	}
	exec := func(statement string) error {
		var values []any
		if p, ok := parameters[statement]; ok {
			values = append(values, p)
		}
		_, err := db.ExecContext(t.Context(), product(t, statement), values...)
		return err
	}
	on, off := true, false
	for _, tt := range tests {
		c := world.Condition{Field: "sql", Name: "missing", Word: tt.object, On: &on}
		if err := i.world.Set(c); err != nil {
			t.Fatal(err)
		}
		if err := exec(tt.statement); numberOf(err) != tt.want {
			t.Errorf("%s without %s: %v, want error %d", tt.statement, tt.object, err, tt.want)
		}
		c.On = &off
		if err := i.world.Set(c); err != nil {
			t.Fatal(err)
		}
		if err := exec(tt.statement); err != nil {
			t.Errorf("%s with %s: %v", tt.statement, tt.object, err)
		}
	}
	if _, err := i.open(func(c *msdsn.Config) { c.Database = "master" }).ExecContext(t.Context(), product(t, "queue")); numberOf(err) != 208 {
		t.Errorf("the queue in master: %v", err)
	}
}

// TestParameters holds that a statement has its parameters by name and type, and that
// what stands in them is never read as a statement.
func TestParameters(t *testing.T) {
	i := newInstance(t)
	db := i.open(nil)
	tests := []struct {
		statement string
		value     any
		want      int32 // the error
		rows      int
	}{
		{"computers-named", sql.Named("name", "site1"), 0, 2},
		{"computers-named", sql.Named("NAME", "SITE1.lab  "), 0, 2},
		{"computers-named", sql.Named("name", "SITE%"), 0, 0},
		{"computers-named", sql.Named("name", "' OR 1=1 --"), 0, 0},
		{"computers-named", sql.Named("name", ""), 0, 0},
		{"computers-named", sql.Named("name", 7), 8114, 0},
		{"computers-named", sql.Named("name", nil), 0, 0},
		{"computers-named", sql.Named("address", "10.20.0.12"), 137, 0},
		{"computers-named", "SITE1", 137, 0},
		{"computers-at", sql.Named("address", "10.20.0.12"), 0, 2},
		{"computers-at", sql.Named("address", "10.20.0"), 0, 0},
		{"clients-since", sql.Named("seconds", int64(0)), 0, 0},
		{"clients-since", sql.Named("seconds", "60"), 8114, 0},
		{"clients-since", sql.Named("name", "60"), 137, 0},
	}
	for _, tt := range tests {
		rows, err := secondSet(t, db, product(t, tt.statement), tt.value)
		if numberOf(err) != tt.want || (err != nil) != (tt.want != 0) || rows != tt.rows {
			t.Errorf("%s with %v: %d rows, %v, want %d and error %d", tt.statement, tt.value, rows, err, tt.rows, tt.want)
		}
	}
	for _, statement := range []string{"computers-named", "computers-at", "clients-since"} {
		if _, err := db.ExecContext(t.Context(), product(t, statement)); numberOf(err) != 137 {
			t.Errorf("%s without a parameter: %v", statement, err)
		}
	}
	if st := i.Stats(); st.Unlisted != 0 {
		t.Errorf("over the wire: %+v", st)
	}
}

// secondSet counts the rows of the second result set.
func secondSet(t *testing.T, db *sql.DB, text string, value any) (n int, err error) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text, value)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
	}
	if rows.NextResultSet() {
		for rows.Next() {
			n++
		}
	}
	return n, rows.Err()
}

func TestLogOn(t *testing.T) {
	i := newInstance(t)
	tests := []struct {
		name   string
		change func(*msdsn.Config)
		want   int32 // 0 is let in, -1 an error of another sort
	}{
		{"a SQL Server account", func(*msdsn.Config) {}, 0},
		{"a wrong password", func(c *msdsn.Config) { c.Password = "x" }, 18456},
		{"no password", func(c *msdsn.Config) { c.Password = "" }, 18456},
		{"nobody", func(c *msdsn.Config) { c.User = "sa" }, 18456},
		{"no user", func(c *msdsn.Config) { c.User, c.Password = "", "" }, 18456},
		{"a Windows account", func(c *msdsn.Config) { c.User = `LAB\itmsbot` }, 0},
		{"a Windows account, a wrong password", func(c *msdsn.Config) { c.User, c.Password = `LAB\itmsbot`, "x" }, 18456},
		{"of another domain", func(c *msdsn.Config) { c.User = `ELSEWHERE\itmsbot` }, 18456},
		{"another password to be set", func(c *msdsn.Config) { c.ChangePassword = "Secret2!" }, 18456},
		{"a database that is not there", func(c *msdsn.Config) { c.Database = "nosuch" }, 18456},
		{"any database", func(c *msdsn.Config) { c.Database = "" }, 0},
		{"smaller packets", func(c *msdsn.Config) { c.PacketSize = 4096 }, 0},
		{"large packets", func(c *msdsn.Config) { c.PacketSize = 32767 }, 0},
		{"only the log-on encrypted", func(c *msdsn.Config) { c.Encryption = msdsn.EncryptionOff }, 0},
		{"nothing encrypted", func(c *msdsn.Config) { c.Encryption = msdsn.EncryptionDisabled }, -1},
		{"TDS 8", func(c *msdsn.Config) { c.Encryption = msdsn.EncryptionStrict }, -1},
		{"another certificate", func(c *msdsn.Config) { c.TLSConfig.RootCAs = nil }, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			db := i.open(tt.change)
			err := db.PingContext(t.Context())
			switch {
			case tt.want == 0 && err != nil, tt.want != 0 && err == nil, tt.want > 0 && numberOf(err) != tt.want:
				t.Errorf("err = %v, want %d", err, tt.want)
			case err == nil:
				var text string
				if err := db.QueryRowContext(t.Context(), "select @@version").Scan(&text); err != nil || !strings.Contains(text, "practice") {
					t.Errorf("@@version is %q, %v", text, err)
				}
			}
		})
	}
	if st := i.Stats(); st.Plain != 1 || st.NTLM != 1 {
		t.Errorf("over the wire: %+v", st)
	}
}

func TestTransactionsAndAttention(t *testing.T) {
	i := newInstance(t)
	db := i.open(nil)
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "select 1"); err != nil {
			t.Error(err)
		}
		if err := end(tx); err != nil {
			t.Error(err)
		}
	}
	if err := i.Inject(Fault{Kind: FaultSlow, On: "queue", Delay: time.Hour, Count: 1}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { // the test waits for it
		_, err := db.ExecContext(ctx, product(t, "queue"))
		ended <- err
	}()
	for len(i.Faults()) > 0 && t.Context().Err() == nil {
		runtime.Gosched()
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := db.ExecContext(t.Context(), product(t, "queue")); err != nil {
		t.Errorf("on the same connection: %v", err)
	}
	if st := i.Stats(); st.Attentions != 1 || st.Connections != 1 {
		t.Errorf("over the wire: %+v", st)
	}
}

// TestPowerOff holds that an instance that is off answers nothing, and that a
// connection does not survive it.
func TestPowerOff(t *testing.T) {
	i := newInstance(t)
	db := i.open(nil)
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	i.off.Store(true)
	i.Reset()
	if err := db.PingContext(t.Context()); err == nil || numberOf(err) != 0 {
		t.Errorf("off: %v", err)
	}
	i.off.Store(false)
	if err := db.PingContext(t.Context()); err != nil {
		t.Errorf("on again: %v", err)
	}
}

func TestFaultsThatCannotBe(t *testing.T) {
	i := newInstance(t)
	for _, f := range []Fault{{Kind: "nosuch"}, {Kind: FaultDrop, On: "nosuch"}, {Kind: FaultSlow, Delay: -1}, {Kind: FaultSlow, After: -1}} {
		if err := i.Inject(f); err == nil {
			t.Errorf("%+v was accepted", f)
		}
	}
	if len(i.Faults()) != 0 {
		t.Errorf("armed: %+v", i.Faults())
	}
}

// TestFaultAfterAndCount holds how often a fault strikes.
func TestFaultAfterAndCount(t *testing.T) {
	i := newInstance(t)
	db := i.open(nil)
	if err := i.Inject(Fault{Kind: FaultError, On: "queue", Number: 1205, After: 1, Count: 2}); err != nil {
		t.Fatal(err)
	}
	for n, want := range []int32{0, 1205, 1205, 0} {
		if _, err := db.ExecContext(t.Context(), product(t, "queue")); numberOf(err) != want {
			t.Errorf("statement %d: %v, want %d", n, err, want)
		}
	}
}

// TestServeRefuses holds that a server that cannot be right does not begin.
func TestServeRefuses(t *testing.T) {
	i := newInstance(t)
	for _, cfg := range []Config{{Name: "SQL1"}, {Name: "SQL1", World: i.world}, {Name: "SQL1", Certificate: i.cfg.Certificate}} {
		s := New(cfg)
		if err := s.Serve(listener(t)); err == nil {
			t.Errorf("%+v was served", cfg)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
