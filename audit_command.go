package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"itmsbot/store"
)

// auditCommand is `itmsbot audit`: look at a trail without a bot.
func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Verify or export a trail and its files, without a running bot"}
	var anchors []string
	verify := &cobra.Command{
		Use: "verify FILE", Short: "Check the chain, the anchors, and that the tables are the sum of the events", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := store.Verify(args[0], anchors...)
			if err != nil {
				return err
			}
			printReport(cmd.OutOrStdout(), args[0], report)
			if !report.OK() {
				return fmt.Errorf("%s is not as it was written", args[0])
			}
			return nil
		},
	}
	verify.Flags().StringArrayVar(&anchors, "anchors", nil, "file of anchors kept elsewhere; may be given more than once")
	var format string
	export := &cobra.Command{
		Use: "export FILE", Short: "Write every event to standard output", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return store.Export(args[0], cmd.OutOrStdout(), format)
		},
	}
	export.Flags().StringVar(&format, "format", "jsonl", "jsonl or csv")
	artifact := &cobra.Command{
		Use: "artifact FILE SHA256", Short: "Write a file that an event names to standard output", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := store.Artifact(args[0], args[1])
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(b)
			return err
		},
	}
	cmd.AddCommand(verify, export, artifact)
	return cmd
}

func printReport(out io.Writer, path string, r store.Report) {
	for _, f := range r.Findings {
		fmt.Fprintf(out, "BAD  %s\n", f)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "note %s\n", n)
	}
	verdict := "ok"
	if !r.OK() {
		verdict = fmt.Sprintf("NOT ok, %d findings", len(r.Findings))
	}
	fmt.Fprintf(out, "%s: %s. %d events, %d plans, %d artifacts, %d anchors. trail %d · %s\n",
		path, verdict, r.Events, r.Plans, r.Artifacts, r.Anchors, r.Head, r.Hash)
}
