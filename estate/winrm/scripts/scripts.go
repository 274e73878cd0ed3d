// Package scripts is the PowerShell that the bot runs on Windows hosts, one file per
// script.
//
// Each script takes one object as its only parameter and writes one object; no value
// ever becomes part of a script's text. Each says which machine it ran on, and one
// that changes something does nothing on another machine than the one it was given.
// They are written for Windows PowerShell 5.1 on Server 2016 and later, in ASCII with
// LF; the tests hold each of them to a table of commands and parameters and compare
// the keys of what it writes with the Go structs that read it.
//
// The package knows nothing of how a script gets to a host.
package scripts

import (
	"embed"
	"fmt"
)

//go:embed *.ps1
var files embed.FS

// Text is the script called name, such as firewall-read.
func Text(name string) (string, error) {
	b, err := files.ReadFile(name + ".ps1")
	if err != nil {
		return "", fmt.Errorf("script %s: %w", name, err)
	}
	return string(b), nil
}
