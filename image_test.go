package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestImageRootIsTheDockerfile: make image-root takes the build step, the user,
// the setting, the volume and the program from the Dockerfile. An instruction
// that it does not know would be done by Docker alone.
func TestImageRootIsTheDockerfile(t *testing.T) {
	b, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(string(b), "\n") {
		if line != "" && !strings.HasPrefix(line, "#") {
			got = append(got, line)
		}
	}
	want := []string{
		"FROM golang:1.26-bookworm AS build", "WORKDIR /src", "COPY go.mod go.sum ./", "RUN go mod download", "COPY . .",
		"RUN deploy/build-root /image",
		"FROM scratch", "COPY --from=build /image/ /", "ENV TMPDIR=/var/lib/itmsbot", "USER 65532:65532", "VOLUME /var/lib/itmsbot",
		`ENTRYPOINT ["/itmsbot"]`, `CMD ["serve", "-c", "/etc/itmsbot/itmsbot.yaml"]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the Dockerfile has changed; see whether deploy/image-root still does the same, then change this list\n%s", strings.Join(got, "\n"))
	}
	for path, words := range map[string][]string{
		"deploy/image-root": {
			`s|^RUN \(deploy/build-root\) /image$|\1|p`, `s|^USER ||p`, `s|^ENV ||p`, `s|^VOLUME ||p`, `s|^ENTRYPOINT \["\(.*\)"\]$|\1|p`,
			`--userspec="$user"`, "remount,bind,ro",
		},
		"deploy/build-root": {`"$root/itmsbot"`, `"$root/var/lib/itmsbot"`, "itmsbot:x:65532:65532:", "chown 65532:65532", "ca-certificates.crt"},
	} {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			if !strings.Contains(string(script), w) {
				t.Errorf("%s has no %s", path, w)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be run: %v", path, err)
		}
		if out, err := exec.Command("sh", "-n", path).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// TestSamplesAreOfThisProgram: what the samples name is there.
func TestSamplesAreOfThisProgram(t *testing.T) {
	for path, words := range map[string][]string{
		"deploy/kubernetes.yaml": {"runAsUser: 65532", "TMPDIR, value: /var/lib/itmsbot", "mountPath: /var/lib/itmsbot", "/etc/itmsbot/itmsbot.yaml", "path: /healthz", "path: /readyz", "replicas: 1", "type: Recreate"},
		"deploy/itmsbot.service": {"itmsbot serve -c /etc/itmsbot/itmsbot.yaml", "StateDirectory=itmsbot", "TMPDIR=/var/lib/itmsbot"},
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s has no %q", path, w)
			}
		}
	}
	text, err := os.ReadFile("deploy/kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	docs := 0
	for d := yaml.NewDecoder(strings.NewReader(string(text))); ; docs++ {
		var doc struct {
			Kind string `yaml:"kind"`
		}
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || doc.Kind == "" {
			t.Fatalf("deploy/kubernetes.yaml, document %d: %v", docs+1, err)
		}
	}
	if docs != 2 {
		t.Errorf("deploy/kubernetes.yaml has %d documents", docs)
	}
}

// TestCMDBLoginIsGrantedWhatIsRead: each object that a statement says it needs
// has its grant, and nothing else has one.
func TestCMDBLoginIsGrantedWhatIsRead(t *testing.T) {
	files, err := filepath.Glob("estate/sqlserver/queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	want := map[string]bool{}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^-- needs (permission )?([^(\n]+)`).FindAllStringSubmatch(string(text), -1) {
			what := strings.TrimSpace(m[2])
			if m[1] == "" {
				what = "SELECT ON " + strings.TrimPrefix(what, "msdb.")
			}
			want[what] = true
		}
	}
	grants, err := os.ReadFile("deploy/cmdb-login.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^GRANT (.+) TO `).FindAllStringSubmatch(string(grants), -1) {
		if !want[m[1]] {
			t.Errorf("deploy/cmdb-login.sql grants %s, which nothing needs", m[1])
		}
		delete(want, m[1])
	}
	for what := range want {
		t.Errorf("deploy/cmdb-login.sql does not grant %s", what)
	}
}
