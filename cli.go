package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// root is the command line. Output goes to out.
func root(out io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "itmsbot",
		Short:         "Run an ITMS upgrade together in one Slack channel",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.SetOut(out)
	cmd.AddCommand(labCommand(), serveCommand(), checkCommand(), manifestCommand(), runbookCommand(), auditCommand())
	return cmd
}

// version is the commit that the program was built from, and the Go version.
func version() string {
	commit, dirty := "unknown commit", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = " with changes"
			}
		}
	}
	return fmt.Sprintf("%s%s, %s", commit, dirty, runtime.Version())
}
