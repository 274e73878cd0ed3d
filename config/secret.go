package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// secretLimit bounds a secret file; what is longer is no password or token.
const secretLimit = 64 << 10

// Read gives the secret as it is now, so that one that was changed is used from
// the next log-on on. The error names the place and nothing that was in it.
func (s Secret) Read() (string, error) {
	if s.Env != "" {
		if v := os.Getenv(s.Env); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("the environment variable %s is not set", s.Env)
	}
	f, err := os.Open(s.path)
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, secretLimit+1))
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	switch {
	case err != nil:
		return "", fmt.Errorf("read a secret: %w", err)
	case len(b) > secretLimit:
		return "", fmt.Errorf("%s is too long for a secret", s.path)
	case text == "":
		return "", fmt.Errorf("%s is empty", s.path)
	case strings.ContainsAny(text, "\r\n\x00"):
		return "", fmt.Errorf("%s has more than one line; a secret is one", s.path)
	}
	return text, nil
}

// named is a secret and where it stands in the file.
type named struct {
	path   string
	secret *Secret
}

func (c *Config) allSecrets() []named {
	list := []named{{"slack.bot_token", &c.Slack.BotToken}, {"slack.app_token", &c.Slack.AppToken}}
	for i := range c.Logins {
		list = append(list, named{fmt.Sprintf("logins[%d].password", i), &c.Logins[i].Password})
	}
	return list
}

// secrets looks whether every secret is there, and whether the tokens are of
// the right sort: swapped ones are the commonest slip.
func (d *decoder) secrets(c *Config) {
	for _, n := range c.allSecrets() {
		value, err := n.secret.Read()
		if errors.Is(err, os.ErrPermission) {
			err = fmt.Errorf("%s may not be read by this account", n.secret.path)
		}
		if err != nil {
			d.on(n.path, "%s: %s", n.path, err)
			continue
		}
		for path, prefix := range map[string]string{"slack.bot_token": "xoxb-", "slack.app_token": "xapp-"} {
			if n.path == path && !strings.HasPrefix(value, prefix) {
				d.on(path, "what is there is no such token: it has to begin with %s", prefix)
			}
		}
	}
}
