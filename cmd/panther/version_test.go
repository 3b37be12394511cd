package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	built := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}}
	if got := versionText(built); !strings.HasPrefix(got, "panther v1.2.0, go") {
		t.Errorf("without a repository: %s", got)
	}
	built.Settings = []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-03-01T08:15:30Z"}, {Key: "vcs.modified", Value: "true"}}
	if got := versionText(built); !strings.HasPrefix(got, "panther v1.2.0, commit 0123456789ab of 2026-03-01T08:15:30Z with changes, go") {
		t.Errorf("of a commit: %s", got)
	}
	if got := versionText(nil); !strings.HasPrefix(got, "panther (version not known), go") {
		t.Errorf("without anything: %s", got)
	}
	if out, _ := runProgram(t, 0, "--version"); !strings.HasPrefix(out, "panther ") {
		t.Errorf("--version: %s", out)
	}
}
