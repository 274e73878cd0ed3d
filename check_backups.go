package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"itmsbot/config"
	"itmsbot/estate"
	"itmsbot/estate/winrm"
)

// checkBackups looks into every folder that is configured for file backups. What is
// old is a note: it has to be young on the day, not now.
func checkBackups(ctx context.Context, fleet *winrm.Fleet, c *config.Config) []finding {
	files := c.Bounds().Files
	if len(files) == 0 {
		return []finding{{"backups", "", note, "no folder with file backups is configured: quiesce asks a person"}}
	}
	list := make([]finding, len(files))
	var wg sync.WaitGroup // waited for below
	for i, f := range files {
		wg.Go(func() {
			list[i] = finding{target: f.Host, subject: "backup of files", stands: bad}
			found, err := fleet.NewestFile(ctx, f.Host, estate.Look, f.Path)
			if err != nil {
				list[i].says = advice(err)
				return
			}
			list[i].stands, list[i].says = readBackup(found, f.MaxAge)
		})
	}
	wg.Wait()
	return list
}

// readBackup says how a folder stands.
func readBackup(n estate.NewestFile, most time.Duration) (standing, string) {
	switch {
	case !n.There:
		return bad, fmt.Sprintf("there is no folder %s, or the account may not see it", n.Path)
	case n.Newest == nil && n.Unread > 0:
		return bad, fmt.Sprintf("%s cannot be read: %s", n.Path, n.Trouble)
	case n.Newest == nil:
		return note, fmt.Sprintf("%s can be read, and is empty", n.Path)
	}
	says := fmt.Sprintf("%s can be read; the newest of %d files is %s old and has %d bytes", n.Path, n.Files, n.Newest.Age().Round(time.Minute), n.Newest.Size)
	switch {
	case n.Stopped != "":
		return note, says + "; there are more than are looked at, so name a folder with fewer"
	case n.Unread > 0:
		return note, says + fmt.Sprintf("; %d folders below could not be looked into", n.Unread)
	case n.Newest.Age() > most || n.Newest.Seconds < 0 || n.Newest.Size == 0:
		return note, says + fmt.Sprintf("; quiesce wants one of %s at most that is not empty, or asks a person", config.Duration(most))
	}
	return good, says
}
