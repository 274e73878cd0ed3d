package wsman

import (
	"encoding/json"
	"math"
	"regexp"

	"itmsbot/lab/world"
)

// localFolder is what file-newest.ps1 takes for a folder of a local drive.
var localFolder = regexp.MustCompile(`^[A-Za-z]:\\[^\\]`)

// fileNewest is the twin of file-newest.ps1. The world's files are few, so that no
// search of it takes long, and none of its folders is closed to an administrator.
func fileNewest(m machine, args json.RawMessage) (object, error) {
	in, v, err := m.looking(args)
	if err != nil {
		return nil, err
	}
	path, err := property[string](in, "path")
	if err != nil {
		return nil, err
	}
	limit, err := property[float64](in, "cap")
	if err != nil {
		return nil, err
	}
	seconds, err := property[float64](in, "seconds")
	if err != nil {
		return nil, err
	}
	if !localFolder.MatchString(path) || limit < 1 || seconds < 1 {
		return nil, &exception{"System.ArgumentException", "a search is about a folder of a local drive and has limits"}
	}
	files, there := v.Below(path)
	out := answerOf(v).with(object{"path": path, "there": there, "files": len(files), "newest": nil, "unread": 0, "stopped": "", "trouble": ""})
	if len(files) > int(limit) {
		files = files[:int(limit)]
		out["files"], out["stopped"] = len(files), "files"
	}
	var newest *world.File
	for i := range files {
		if newest == nil || files[i].Written.After(newest.Written) {
			newest = &files[i]
		}
	}
	if newest != nil {
		out["newest"] = object{"path": newest.Path, "size": newest.Size, "age": int64(math.Floor(v.Now.Sub(newest.Written).Seconds()))}
	}
	return out, nil
}
