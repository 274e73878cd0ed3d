package estate

import "time"

// NewestFile is one look for the newest file below a folder of a host.
type NewestFile struct {
	Answer
	// Path is the folder; There reports whether it is there.
	Path  string `json:"path"`
	There bool   `json:"there"`
	// Files counts those that were looked at.
	Files int `json:"files"`
	// Newest is nil when no file was seen.
	Newest *File `json:"newest"`
	// Unread counts the folders below that could not be opened, or that lead
	// elsewhere and are not followed.
	Unread int `json:"unread"`
	// Stopped is why the search ended early: "files", "time", or "" when it did
	// not. There may be a newer file than Newest then.
	Stopped string `json:"stopped"`
	// Trouble is what Windows said of the first folder that could not be opened;
	// for people.
	Trouble string `json:"trouble"`
}

// File is a file on a host.
type File struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes
	// Seconds is its age by the host's own clock; below 0 for one that is dated
	// in the future.
	Seconds int64 `json:"age"`
}

// Age is how long ago the file was written to.
func (f File) Age() time.Duration { return time.Duration(f.Seconds) * time.Second }

// Whole reports whether everything below the folder was looked at.
func (n NewestFile) Whole() bool { return n.There && n.Unread == 0 && n.Stopped == "" }
