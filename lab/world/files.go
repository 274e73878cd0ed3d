package world

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// File is a file on a drive of a host, of those that matter to anybody.
type File struct {
	Path    string // with its drive, D:\Backup\ITMS\settings.zip
	Size    int64  // bytes
	Written time.Time
}

// FileBackups is the folder in which the SMP of the world keeps what of it is not in
// the database: its settings and its key store.
const FileBackups = `D:\Backup\ITMS`

// smpFiles are the backups of three nights before start.
func smpFiles(start time.Time) []File {
	var files []File
	for night := range 3 {
		at := start.Add(-time.Duration(night)*24*time.Hour - 4*time.Hour - 42*time.Minute)
		day := at.Format("2006-01-02")
		files = append(files,
			File{FileBackups + `\` + day + `\settings.zip`, 48_211_604 + int64(night)*1024, at},
			File{FileBackups + `\` + day + `\keystore.zip`, 91_226, at.Add(40 * time.Second)})
	}
	return files
}

// Below lists the files below a folder, and reports whether the folder is there. A
// folder is there while a file is below it, and FileBackups of the SMP always was.
func (v Inside) Below(folder string) (files []File, there bool) {
	for _, f := range v.Files {
		if isBelow(f.Path, folder) {
			files = append(files, f)
		}
	}
	there = len(files) > 0 || slices.ContainsFunc(v.Folders, func(have string) bool {
		return equalFold(have, strings.TrimRight(folder, `\`)) || isBelow(have, folder)
	})
	return files, there
}

func isBelow(path, folder string) bool {
	folder = strings.TrimRight(folder, `\`) + `\`
	return len(path) > len(folder) && equalFold(path[:len(folder)], folder)
}

// filePath is a file that a condition may make: on a drive, in a folder.
var filePath = regexp.MustCompile(`^[A-Za-z]:(\\[^\\/:*?"<>|]+){2,}$`)

// setFile writes a file now.
func setFile(w *World, h *host, c Condition) error {
	switch {
	case !filePath.MatchString(c.Name):
		return fmt.Errorf(`%q is no file in a folder of a drive; write D:\Backup\ITMS\settings.zip`, c.Name)
	case *c.Number < 0:
		return fmt.Errorf("a file has 0 or more bytes, not %d", *c.Number)
	case !slices.ContainsFunc(h.disks, func(d Disk) bool { return equalFold(d.Drive, c.Name[:2]) }):
		return fmt.Errorf("%s has no drive %q", h.name, c.Name[:2])
	}
	h.files = slices.DeleteFunc(h.files, func(f File) bool { return equalFold(f.Path, c.Name) })
	h.files = append(h.files, File{c.Name, int64(*c.Number), w.now})
	return nil
}

// setFilesAge makes every file of a host that is younger so many hours old.
func setFilesAge(w *World, h *host, c Condition) error {
	if *c.Number < 0 {
		return fmt.Errorf("a file is 0 or more hours old, not %d", *c.Number)
	}
	if len(h.files) == 0 {
		return fmt.Errorf("%s has no files that anybody looks at", h.name)
	}
	written := w.now.Add(-time.Duration(*c.Number) * time.Hour)
	for i := range h.files {
		if f := &h.files[i]; f.Written.After(written) {
			f.Written = written
		}
	}
	return nil
}

// setFilesGone deletes a folder with everything in it.
func setFilesGone(_ *World, h *host, c Condition) error {
	gone := func(path string) bool {
		return equalFold(path, strings.TrimRight(c.Name, `\`)) || isBelow(path, c.Name)
	}
	before := len(h.files) + len(h.folders)
	h.files = slices.DeleteFunc(h.files, func(f File) bool { return gone(f.Path) })
	h.folders = slices.DeleteFunc(h.folders, gone)
	if len(h.files)+len(h.folders) == before {
		return fmt.Errorf("folder %q of %s %w", c.Name, h.name, errNoSuch)
	}
	return nil
}
