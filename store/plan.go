package store

import (
	"fmt"

	"itmsbot/runbook"
)

// The largest contents that are taken. One writer serves everybody, and a
// large row holds all of them up.
const (
	MaxBody     = 16 << 10 // bytes of an event's body
	MaxPlan     = 4 << 20  // bytes of a plan
	MaxArtifact = 16 << 20 // bytes of an artifact
)

// SavePlan keeps the exact bytes of a plan and gives their digest. The same
// bytes twice are one plan.
func (t *Tx) SavePlan(bytes []byte) (digest string, err error) {
	if len(bytes) == 0 || len(bytes) > MaxPlan {
		return "", fmt.Errorf("plan of %d bytes: 1 to %d are kept", len(bytes), MaxPlan)
	}
	digest = runbook.Digest(bytes)
	if err := t.write("INSERT INTO plan (digest, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING", digest, bytes); err != nil {
		return "", fmt.Errorf("plan %s: %w", runbook.Short(digest), err)
	}
	return digest, nil
}

// SaveArtifact keeps facts that are too large for an event, without what looks
// like a secret in them (runbook.Redact). It gives the SHA-256 of what is kept,
// as 64 hex digits, and its size; both belong into the event's body. The same
// bytes twice are one artifact.
func (t *Tx) SaveArtifact(b []byte) (sha string, size int64, err error) {
	if len(b) == 0 || len(b) > MaxArtifact {
		return "", 0, fmt.Errorf("artifact of %d bytes: 1 to %d are kept", len(b), MaxArtifact)
	}
	if b = runbook.RedactFile(b); len(b) > MaxArtifact {
		b = []byte("So much of this looked like secrets that none of it was kept. " + runbook.Redacted + "\n")
	}
	sha = runbook.Digest(b)
	if err := t.write("INSERT INTO artifact (sha256, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING", sha, b); err != nil {
		return "", 0, fmt.Errorf("artifact %s: %w", runbook.Short(sha), err)
	}
	return sha, int64(len(b)), nil
}

// Plan gives the bytes of a plan by their digest, fs.ErrNotExist if they were
// never saved. Bytes that do not have that digest are an error: they are not
// what was approved.
func (t tables) Plan(digest string) ([]byte, error) {
	return t.content("plan", digest, "SELECT bytes FROM plan WHERE digest = ?")
}

// Artifact gives the bytes of an artifact by their SHA-256, fs.ErrNotExist if
// they were never saved.
func (t tables) Artifact(sha string) ([]byte, error) {
	return t.content("artifact", sha, "SELECT bytes FROM artifact WHERE sha256 = ?")
}

func (t tables) content(what, digest, query string) ([]byte, error) {
	b, err := first(t.q, value[[]byte], query, digest)
	if err != nil {
		return nil, notFound(what, runbook.Short(digest), err)
	}
	if runbook.Digest(b) != digest {
		return nil, fmt.Errorf("%s %s: the stored bytes have another digest", what, runbook.Short(digest))
	}
	return b, nil
}
