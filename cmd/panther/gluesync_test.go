package main

import (
	"strings"
	"testing"
)

// A lake whose heads are files is nothing that Glue could be made to agree with.
func TestGluesyncWantsGlue(t *testing.T) {
	if _, talk := runProgram(t, exitUsage, "gluesync", "-dry-run", "-catalog", "file"); !strings.HasPrefix(talk, "panther gluesync: -catalog file: the tables are not in Glue") {
		t.Error(talk)
	}
	if _, talk := runProgram(t, exitUsage, "gluesync", "-workers", "none"); !strings.Contains(talk, "panther gluesync -h lists the flags") {
		t.Error(talk)
	}
}
