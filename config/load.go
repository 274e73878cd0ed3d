package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// fileLimit is far more than a configuration is; what is longer is another file.
const fileLimit = 1 << 20

// Load reads and checks the file at path, and looks whether the secrets and
// certificates it names are there. Its errors are *Error, but for those of
// reading the file itself.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(f, fileLimit+1))
	if err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", path, err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", path, err)
	}
	c, d := read(path, dir, text)
	if info.Mode().Perm()&0o002 != 0 {
		d.whole("everybody on this machine may write the file, and with it say who approves; chmod o-w")
	}
	if len(d.found.Problems) == 0 {
		d.secrets(c)
		d.certificates(c)
	}
	return c.unless(d)
}

// Parse checks a configuration without looking at anything that it names. Its
// error is *Error. name stands in it; relative paths start at the working
// directory.
func Parse(name string, text []byte) (*Config, error) {
	c, d := read(name, ".", text)
	return c.unless(d)
}

func (c *Config) unless(d *decoder) (*Config, error) {
	if len(d.found.Problems) > 0 {
		d.found.sort()
		return nil, &d.found
	}
	return c, nil
}

// read decodes text, and checks what it means only if its form is right:
// otherwise one slip would be told twice.
func read(name, dir string, text []byte) (*Config, *decoder) {
	d := &decoder{name: name, lines: strings.Split(string(text), "\n"), places: places{}}
	c := &Config{name: name, dir: dir}
	if len(text) > fileLimit {
		d.whole("the file is larger than 1 MiB; is it the right one?")
		return c, d
	}
	d.decode(text, c)
	if len(d.found.Problems) == 0 {
		c.settle()
		d.check(c)
	}
	return c, d
}

// settle makes paths absolute.
func (c *Config) settle() {
	c.Database = c.path(c.Database)
	for _, s := range c.allSecrets() {
		if s.secret.File != "" {
			s.secret.path = c.path(s.secret.File)
		}
	}
}

// path is where a path of the file leads.
func (c *Config) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}
