package winrm

import (
	"context"

	"itmsbot/estate"
)

// What a search for the newest file may take. The time is well inside the limit of a
// look, so that the host has time to answer.
const (
	searchCap     = 100_000 // files
	searchSeconds = 12
)

// NewestFile finds the newest file below a folder of a host, given with its drive
// (D:\Backup), and changes nothing. Where the search ended early the answer says so.
// Any other path is refused by the host, as estate.Failed.
func (f *Fleet) NewestFile(ctx context.Context, host string, lane estate.Lane, path string) (estate.NewestFile, error) {
	var answer estate.NewestFile
	err := f.Run(ctx, host, lane, f.scripts.fileNewest, struct {
		Path    string `json:"path"`
		Cap     int    `json:"cap"`
		Seconds int    `json:"seconds"`
	}{path, searchCap, searchSeconds}, &answer)
	return answer, err
}
