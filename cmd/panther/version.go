package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

const versionHelp = `
Usage: panther version

Says which version this is, from which commit it was built, and by which Go: what a report of a defect begins with.

  panther version
  panther --version
`

// runVersion is `panther version`.
func runVersion(_ context.Context, p *program, args []string) error {
	f := p.flags("version", versionHelp)
	if rest, err := parse(f, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError("version takes no arguments, got %q", rest)
	}
	info, _ := debug.ReadBuildInfo()
	_, err := fmt.Fprintln(p.out, versionText(info))
	return err
}

// versionText says in a line what was built. Without a repository beside the code, as in an archive of it, no commit is known.
func versionText(info *debug.BuildInfo) string {
	version, commit := "(version not known)", ""
	if info != nil {
		version = info.Main.Version
		facts := map[string]string{}
		for _, s := range info.Settings {
			facts[s.Key] = s.Value
		}
		if revision := facts["vcs.revision"]; revision != "" {
			commit = fmt.Sprintf(", commit %.12s of %s", revision, facts["vcs.time"])
		}
		if facts["vcs.modified"] == "true" {
			commit += " with changes"
		}
	}
	return fmt.Sprintf("panther %s%s, %s %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
