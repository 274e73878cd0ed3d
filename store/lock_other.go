//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package store

import (
	"errors"
	"os"
)

// lockFile refuses: without a lock two bots could write one trail.
func lockFile(string) (*os.File, error) {
	return nil, errors.New("this system has no lock that the store knows; run the bot on Linux")
}
