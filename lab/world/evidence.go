package world

import (
	"fmt"
	"strings"
	"time"
)

// Where the hosts of the world keep what a revert erases.
const (
	LogFolder    = `C:\ProgramData\Symantec\SMP\Logs`
	WebLogFolder = `C:\inetpub\logs\LogFiles`
	SIMFolder    = `C:\Program Files\Altiris\Symantec Installation Manager`
	CoreSettings = `C:\ProgramData\Symantec\SMP\Settings\coresettings.config`
)

// SettingsPassword stands in the core settings of the world, so that it can be shown that
// nobody passes it on.
const SettingsPassword = "Practice-Estate-4711"

// evidenceFiles are the files of the SMP whose text matters and is not a log of the
// world: its settings, and the log of the installation that brought the first version.
func evidenceFiles(installed time.Time, version string) []File {
	return []File{
		{CoreSettings, int64(len(settingsText(version))), installed},
		{LogFolder + `\SIM.log`, 48_128, installed},
	}
}

// Settings is the text of the core settings, of the version that the host has.
func (v Inside) Settings() string {
	version := ""
	for _, p := range v.Products {
		if p.Name == "Symantec Management Platform" {
			version = p.Version
		}
	}
	return settingsText(version)
}

func settingsText(version string) string {
	return strings.ReplaceAll(fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <customSettings>
    <customSetting key="ProductVersion" type="local" value="%s" />
    <customSetting key="EventQueuePath" type="local" value="%s" />
    <customSetting key="MaxConcurrentPackageRefresh" type="local" value="10" />
    <customSetting key="EmailServerUser" type="local" value="LAB\svc-mail" />
    <customSetting key="EmailServerPassword" type="local" value="%s" />
  </customSettings>
</configuration>
`, version, QueuePath, SettingsPassword), "\n", "\r\n")
}

// Text is a part of what a file of the world says, whose text nobody has made: one line
// again and again.
func (f File) Text(from, to int64) string {
	const line = "practice estate: a line of this file, of which only the size counts\r\n"
	from, to = max(from, 0), min(to, f.Size)
	if from >= to {
		return ""
	}
	begin := from % int64(len(line))
	n := to - from
	return strings.Repeat(line, int((begin+n)/int64(len(line)))+1)[begin : begin+n]
}
