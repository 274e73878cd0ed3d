package estate

import "time"

// The kinds of files that are kept before a host goes back to a snapshot.
const (
	EvidenceSMPLogs      = "smp-logs"      // a.log and its predecessors
	EvidenceCoreSettings = "core-settings" // coresettings.config; it holds secrets (itms.md §0)
	EvidenceSIMLogs      = "sim-logs"      // what may be the log of the Installation Manager
	EvidenceIISLogs      = "iis-logs"      // of every web site
)

// EvidenceKinds are all of them.
func EvidenceKinds() []string {
	return []string{EvidenceSMPLogs, EvidenceCoreSettings, EvidenceSIMLogs, EvidenceIISLogs}
}

// EvidenceLargest is the most that EvidenceQuery.MostBytes may be, so that the answer
// stays far below what a host may send.
const EvidenceLargest = 2 << 20

// EvidenceQuery says which files of a host are wanted, and how much of them.
type EvidenceQuery struct {
	Kinds []string `json:"kinds"` // of EvidenceKinds, each once
	// Since is a moment on the host's own clock. Files that were not written to since
	// are left out, but for the newest of each kind and web site.
	Since time.Time `json:"since"`
	// FileBytes is the most content of one file, 1 to MostBytes: the end of a log, the
	// start of any other.
	FileBytes int64 `json:"file_bytes"`
	// MostBytes is the most content in all, 1 to EvidenceLargest.
	MostBytes int64 `json:"most_bytes"`
}

// Evidence is what of a host a revert would erase. It holds what the host has written and
// has not been looked at: settings hold passwords, logs hold names and addresses.
type Evidence struct {
	Answer
	// Files are in the order of EvidenceQuery.Kinds, of each kind the newest first.
	Files []EvidenceFile `json:"files"`
	// Missed is what was not there, could not be opened or was left out.
	Missed []EvidenceMiss `json:"missed"`
}

// EvidenceFile is one file, or a part of it.
type EvidenceFile struct {
	Kind  string `json:"kind"`
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"` // of the whole file, when it was opened
	// SHA256 is that of the whole file in hexadecimal; empty when there was no time.
	SHA256  string    `json:"sha256"`
	Changed time.Time `json:"changed"` // by the host's clock
	// Cut reports that Content is not the whole file; it may then be empty.
	Cut     bool   `json:"cut"`
	Content []byte `json:"content"`
}

// EvidenceMiss is something that was asked for and is not among the files.
type EvidenceMiss struct {
	Kind string `json:"kind"`
	Path string `json:"path"` // of a file or a folder; empty where none is known
	Why  string `json:"why"`  // for people; sometimes what Windows said
}
