package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"itmsbot/actions"
)

// maxFileAge is how old the newest file may be where the file says nothing: as old
// as the backup of the database.
const maxFileAge = 24 * time.Hour

// checkBackups: the folders are on drives of hosts of the estate. The bot looks as
// a local administrator from within a session that has no drives of its own, and no
// second log-on to give to a share.
func (d *decoder) checkBackups(c *Config) {
	if c.Backups == nil {
		return
	}
	seen := map[string]bool{}
	for i, f := range c.Backups.Files {
		path := fmt.Sprintf("backups.files[%d]", i)
		h, ok := c.Machines().Host(f.Host)
		if !ok {
			d.on(path+".host", "there is no host %s", f.Host)
		}
		if says := localFolder(f.Path); says != "" {
			d.on(path+".path", "%s", says)
		}
		key := strings.ToLower(h.Name + " " + strings.TrimRight(f.Path, `\`))
		if ok && seen[key] {
			d.on(path+".path", "%s of %s is there already", f.Path, h.Name)
		}
		seen[key] = true
		if f.MaxAge != nil && (time.Duration(*f.MaxAge) < time.Hour || time.Duration(*f.MaxAge) > 30*24*time.Hour) {
			d.on(path+".max_age", "%s.max_age is %s; it may be 1h to 720h", path, f.MaxAge)
		}
	}
}

var (
	onDrive  = regexp.MustCompile(`^[A-Za-z]:\\`)
	variable = regexp.MustCompile(`%[^%\\]+%`)
	unusable = regexp.MustCompile(`[<>:"/|\x00-\x1f]|\\\\`)
)

// localFolder says why a path is none that the bot looks into.
func localFolder(path string) (refusal string) {
	const example = `; write D:\Backup\ITMS`
	switch {
	case strings.HasPrefix(path, `\\`), strings.HasPrefix(path, "//"):
		return "the folder is on another machine; the bot looks on the host itself, so name a folder of a drive that the host has" + example
	case strings.ContainsAny(path, "*?"):
		return "a pattern is not looked for; name the folder" + example
	case variable.MatchString(path):
		return "variables of Windows are not read here; write the folder out" + example
	case !onDrive.MatchString(path):
		return "the folder has no drive to start from" + example
	case strings.Trim(path[3:], `\. `) == "":
		return "on a whole drive something is always new; name the folder of the backups" + example
	case unusable.MatchString(path[3:]):
		return "no folder of Windows is called so" + example
	}
	for _, name := range strings.Split(strings.TrimRight(path[3:], `\`), `\`) {
		if strings.TrimRight(name, ". ") != name {
			return "a folder's name does not end in a dot or a blank; write the path out" + example
		}
	}
	return ""
}

// fileBackups are the folders as the engine knows them.
func (c *Config) fileBackups() []actions.FileBackup {
	if c.Backups == nil {
		return nil
	}
	var list []actions.FileBackup
	for _, f := range c.Backups.Files {
		b := actions.FileBackup{Host: f.Host, Path: strings.TrimRight(f.Path, `\`), MaxAge: maxFileAge}
		if h, ok := c.Machines().Host(f.Host); ok {
			b.Host = h.Name
		}
		if f.MaxAge != nil {
			b.MaxAge = time.Duration(*f.MaxAge)
		}
		list = append(list, b)
	}
	return list
}
