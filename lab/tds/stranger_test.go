package tds

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFreeTDS lets tsql of FreeTDS 1.3 log on and ask, where it is installed.
func TestFreeTDS(t *testing.T) {
	tsql, err := exec.LookPath("tsql")
	if err != nil {
		t.Skip("tsql of FreeTDS is not installed")
	}
	i := newInstance(t)
	conf := filepath.Join(t.TempDir(), "freetds.conf")
	settings := fmt.Sprintf("\thost = %s\n\tport = %d\n\ttds version = 7.4\n", i.host, i.port)
	text := "[require]\n" + settings + "\tencryption = require\n[off]\n" + settings + "\tencryption = off\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, server, user, password, text string
		want                               string
	}{
		{"a statement of the product", "require", user, secret, product(t, "sites"), "SITE1"},
		{"another", "require", user, secret, product(t, "backups"), `Symantec_CMDB_20261128.bak`},
		{"none of it", "require", user, secret, "select * from nosuch", "Msg 208"},
		{"nonsense", "require", user, secret, "selec 1", "Msg 102"},
		{"a Windows account", "require", `LAB\` + user, secret, "select suser_sname()", `LAB\itmsbot`},
		{"a wrong password", "require", user, "x", "select 1", "Msg 18456"},
		{"a Windows account's wrong password", "require", `LAB\` + user, "x", "select 1", "Msg 18456"},
		{"without encryption", "off", user, secret, "select 1", "There was a problem connecting to the server"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), tsql, "-S", tt.server, "-U", tt.user, "-P", tt.password, "-D", "Symantec_CMDB")
			cmd.Env = append(os.Environ(), "FREETDSCONF="+conf)
			cmd.Stdin = strings.NewReader(tt.text + "\ngo\nexit\n")
			out, err := cmd.CombinedOutput()
			if !strings.Contains(string(out), tt.want) {
				t.Errorf("tsql: %v, want %q in\n%s", err, tt.want, out)
			}
		})
	}
}

// TestTedious lets tedious, Node's own driver, use what of the server the lab does
// not offer: Windows accounts and slow answers. It runs where npm ci was run in the
// folder interop, as .ci/run does.
func TestTedious(t *testing.T) {
	modules, err := filepath.Abs("../../interop/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "tedious")); err != nil {
		t.Skip("tedious is not installed; npm ci in interop does it")
	}
	i := newInstance(t)
	if err := i.Inject(Fault{Kind: FaultSlow, On: "sites", Count: 1}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source, err := os.ReadFile("testdata/tedious.mjs")
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "tedious.mjs")
	if err := os.WriteFile(script, source, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	queries, err := filepath.Abs("../../estate/sqlserver/queries")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Env = append(os.Environ(), fmt.Sprint("TDS_PORT=", i.port), "TDS_CA="+i.ca, "TDS_QUERIES="+queries, "TDS_PASSWORD="+secret)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("node: %v\n%s", err, out)
	}
	if st := i.Stats(); st.Attentions != 1 || st.Plain != 1 || st.NTLM != 1 || st.Refused != 2 {
		t.Errorf("over the wire: %+v\n%s", st, out)
	}
}
