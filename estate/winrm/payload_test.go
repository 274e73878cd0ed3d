package winrm

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

// TestBootstrapLine: cmd.exe stops at 8,191 characters, and what arrives has to be
// the file.
func TestBootstrapLine(t *testing.T) {
	line := bootstrapLine()
	if len(line) >= 8000 {
		t.Errorf("the command line has %d characters", len(line))
	}
	if i := strings.IndexFunc(bootstrap, func(r rune) bool { return r > 126 || r == '\r' }); i >= 0 {
		t.Errorf("%q in the bootstrap", bootstrap[i])
	}
	if strings.Contains(strings.ToLower(bootstrap), "$input") {
		t.Error("PowerShell would take stdin from the bootstrap")
	}
	raw, err := base64.StdEncoding.DecodeString(line[strings.LastIndex(line, " ")+1:])
	if err != nil {
		t.Fatal(err)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i]) | uint16(raw[2*i+1])<<8
	}
	if diff := cmp.Diff(bootstrap, string(utf16.Decode(units))); diff != "" {
		t.Error(diff)
	}
}

func TestPayload(t *testing.T) {
	type in struct {
		Text string `json:"text"`
	}
	want := in{strings.Repeat("ü\n.\n", 1000)}
	body, err := payload("nonce", Script{Name: "x", Text: "param($in)"}, want)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	lines := strings.Split(strings.TrimSuffix(string(body), "\r\n"), "\r\n")
	for i, line := range lines {
		if len(line) > 1000 || (line == ".") != (i == len(lines)-1) {
			t.Fatalf("line %d is %q", i, line)
		}
		if line != "." {
			text.WriteString(line)
		}
	}
	plain, err := base64.StdEncoding.DecodeString(text.String())
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Nonce, Script string
		Args          in
	}
	if err := json.Unmarshal(plain, &got); err != nil || got.Nonce != "nonce" || got.Script != "param($in)" || got.Args != want {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestParseTrailer(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	good := "N1:" + b64(`{"ok":true,"data":{"a":1}}`)
	for _, tt := range []struct {
		name, out string
		ok        bool
	}{
		{"alone", good + "\n", true},
		{"Windows line end", "\r\n" + good + "\r\n", true},
		{"after chatter", "chatter\n\n" + good + "\n", true},
		{"before chatter", good + "\nchatter", true},
		{"nothing", "", false},
		{"cut off", good, false},
		{"in a line", "x" + good + "\n", false},
		{"another nonce", "N2" + good[2:] + "\n", false},
		{"no base64", "N1:!\n", false},
		{"no JSON", "N1:" + b64("x") + "\n", false},
	} {
		if got, ok := parseTrailer([]byte(tt.out), "N1"); ok != tt.ok || ok && (!got.OK || string(got.Data) != `{"a":1}`) {
			t.Errorf("%s: %v %+v", tt.name, ok, got)
		}
	}
}

func FuzzParseTrailer(f *testing.F) {
	f.Add([]byte("x\nN:eyJvayI6dHJ1ZX0=\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		got, ok := parseTrailer(out, "N")
		if ok && !bytes.Contains(out, []byte("N:")) {
			t.Errorf("%+v out of nothing", got)
		}
	})
}

func TestReadable(t *testing.T) {
	const clixml = "#< CLIXML\r\n" + `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj S="progress" RefId="0"><MS><S N="x">hidden</S></MS></Obj>` +
		`<S S="Error">Access _x005F_denied_x000D__x000A_</S><S S="Warning">hidden</S><S S="Error">  + line_x000A_</S></Objs>`
	for in, want := range map[string]string{
		"":                                "",
		"plain\r\nwords":                  "plain words",
		clixml:                            "Access _denied + line",
		"before " + clixml:                "before Access _denied + line",
		"#< CLIXML\r\n<Objs":              "#< CLIXML <Objs",
		strings.Repeat("long ", 1000):     strings.Repeat("long ", 80) + " …",
		"\xff\xfe not UTF-8 \x1b[2J here": "? not UTF-8 ?[2J here",
	} {
		if got := readable([]byte(in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func FuzzReadable(f *testing.F) {
	f.Add([]byte(`#< CLIXML<Objs><S S="Error">_x000A_</S></Objs>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s := readable(b); len([]rune(s)) > 500 || strings.ContainsAny(s, "\r\n") {
			t.Errorf("%d characters: %q", len(s), s)
		}
	})
}
