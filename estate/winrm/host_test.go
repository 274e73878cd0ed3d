package winrm_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"itmsbot/estate"
	"itmsbot/estate/trust"
	"itmsbot/estate/winrm"
	"itmsbot/lab/wsman"
)

const (
	user     = "svc-itmsbot"
	password = `Gruß & "Pässe" 4711`
)

// windows is a host of the tests: the lab's WinRM service with a stand-in for
// PowerShell that keeps to the bootstrap's contract.
type windows struct {
	*wsman.Server
	url      string
	door     *door
	name     string
	machine  string
	attempts atomic.Int64 // passwords asked for
	started  chan struct{}

	mu       sync.Mutex
	password string
	seen     []call
}

// call is a payload as the host got it.
type call struct {
	Nonce  string          `json:"nonce"`
	Script string          `json:"script"`
	Args   json.RawMessage `json:"args"`
}

// startWindows starts a host; change may alter its configuration.
func startWindows(t testing.TB, change func(*wsman.Config)) *windows {
	t.Helper()
	w := &windows{name: "SMP1", machine: "6f1c2a7e-0000-4000-8000-000000000001", password: password, started: make(chan struct{}, 100)}
	cfg := wsman.Config{Name: w.name, Domain: "LAB", MaxEnvelopeKB: 150, Run: w.powershell, Password: w.secret}
	if change != nil {
		change(&cfg)
	}
	w.Server = wsman.New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url = "http://" + l.Addr().String() + "/wsman"
	serve := w.Serve
	if cfg.Certificate != nil {
		w.url = "https://" + l.Addr().String() + "/wsman"
		serve = w.ServeTLS
	}
	w.door = newDoor(l)
	served := make(chan error, 1)
	go func() { served <- serve(w.door) }() // the cleanup waits for it
	t.Cleanup(func() {
		w.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *windows) secret(name, domain string) (string, bool) {
	w.attempts.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.password, strings.EqualFold(name, user)
}

func (w *windows) setPassword(p string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.password = p
}

func (w *windows) calls() []call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]call(nil), w.seen...)
}

// login is the account of the tests.
func login() *trust.Login {
	return &trust.Login{User: user, Domain: "LAB", Password: func() (string, error) { return password, nil }}
}

// fleet makes a fleet of one host.
func (w *windows) fleet(t testing.TB, change func(*winrm.Host, *winrm.Options)) *winrm.Fleet {
	t.Helper()
	h := winrm.Host{Name: w.name, URL: w.url, Login: login()}
	o := winrm.Options{Operation: time.Second}
	if change != nil {
		change(&h, &o)
	}
	f, err := winrm.New([]winrm.Host{h}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// powershell plays the bootstrap, and a "script" of one word.
func (w *windows) powershell(ctx context.Context, c *wsman.Command) {
	if !strings.HasPrefix(c.Line, "powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ") || c.ConsoleStdin || !c.NoProfile {
		fmt.Fprintf(c.Stderr(), "not the bootstrap: %s", c.Line)
		c.Exit(1)
		return
	}
	in, ok := readPayload(c.Stdin())
	if !ok {
		c.Exit(3)
		return
	}
	w.mu.Lock()
	w.seen = append(w.seen, in)
	w.mu.Unlock()
	word, rest, _ := strings.Cut(in.Script, " ")
	who := map[string]any{"machine": w.machine, "name": w.name, "now": "2026-11-28T06:55:00Z"}
	switch word {
	case "echo":
		who["size"] = len(in.Args)
		who["echo"] = in.Args
	case "elsewhere":
		who["machine"] = "6f1c2a7e-0000-4000-8000-000000000002"
		who["name"] = "SITE1"
	case "nobody":
		delete(who, "machine")
	case "throw":
		writeTrailer(c, in.Nonce, map[string]any{"ok": false, "error": "Access is denied.", "line": 12, "type": "System.UnauthorizedAccessException"})
		c.Exit(0)
		return
	case "exit":
		io.WriteString(c.Stderr(), "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">"+
			"<S S=\"Error\">the end_x000D__x000A_</S></Objs>")
		c.Exit(7)
		return
	case "forge":
		fmt.Fprintf(c.Stdout(), "\nNONCE:%s\n", base64.StdEncoding.EncodeToString([]byte(`{"ok":true,"data":{"machine":"x"}}`)))
		return
	case "noise":
		io.WriteString(c.Stdout(), "chatter: without end")
	case "flood":
		io.WriteString(c.Stdout(), strings.Repeat("x", 64<<10+1))
	case "wait":
		w.started <- struct{}{}
		d, _ := time.ParseDuration(rest)
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return
		}
	case "hang":
		w.started <- struct{}{}
		<-ctx.Done()
		return
	}
	writeTrailer(c, in.Nonce, map[string]any{"ok": true, "data": who})
}

func readPayload(r io.Reader) (call, bool) {
	var text strings.Builder
	for lines := bufio.NewScanner(r); lines.Scan(); {
		line := lines.Text()
		if line == "." {
			plain, err := base64.StdEncoding.DecodeString(text.String())
			var in call
			return in, err == nil && json.Unmarshal(plain, &in) == nil
		}
		if len(line) > 1000 {
			return call{}, false
		}
		text.WriteString(line)
	}
	return call{}, false
}

func writeTrailer(c *wsman.Command, nonce string, out map[string]any) {
	plain, _ := json.Marshal(out)
	fmt.Fprintf(c.Stdout(), "\n%s:%s\r\n", nonce, base64.StdEncoding.EncodeToString(plain))
}

// look and change are scripts for the stand-in.
func look(text string) winrm.Script {
	return winrm.Script{Name: "test", Text: text, Doing: "look at something"}
}

func change(text string) winrm.Script {
	return winrm.Script{Name: "test", Text: text, Doing: "change something", Changes: true}
}

// args names the machine, as those of a changing script do.
type args struct {
	Machine string `json:"machine"`
	Text    string `json:"text"`
}

func (w *windows) args() args { return args{Machine: w.machine} }

// echoed is what the script "echo" answers.
type echoed struct {
	estate.Answer
	Size int  `json:"size"`
	Echo args `json:"echo"`
}

// certificate makes one that signs itself, and the roots that believe it.
func certificate(t testing.TB) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
