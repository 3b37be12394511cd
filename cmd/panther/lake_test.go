package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
	"panther/sinks/lake"
)

func TestLakeTables(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) (code int, out, err string) {
		var o, e bytes.Buffer
		p := &program{out: &o, err: &e, env: func(string) string { return "" }}
		code = p.main(context.Background(), append([]string{"lake"}, args...))
		return code, o.String(), e.String()
	}
	if code, out, talk := run("tables", "--dir", dir); code != 0 || out != "" || !strings.Contains(talk, "no tables in "+dir) {
		t.Errorf("an empty lake: exit %d, %q, %q", code, out, talk)
	}
	if code, _, talk := run("tabels"); code != exitUsage || !strings.Contains(talk, `did you mean "tables"?`) {
		t.Errorf("a wrong verb: exit %d, %q", code, talk)
	}
	for want, args := range map[string][]string{
		"leave one out": {"--dir", dir, "--warehouse", dir},
		"there is no folder " + filepath.Join(dir, "slip"):  {"--dir", filepath.Join(dir, "slip")},
		"there is no lake at " + filepath.Join(dir, "slip"): {"--warehouse", filepath.Join(dir, "slip")},
		"there is no lake at panther-data":                  {},
		"want s3://bucket":                                  {"--warehouse", "gs://bucket"},
		"it is a file; a folder":                            {"--warehouse", "lake_test.go"},
	} {
		if code, _, talk := run(append([]string{"tables"}, args...)...); code != exitUsage || !strings.Contains(talk, want) {
			t.Errorf("%q: exit %d, %q; want %s", args, code, talk, want)
		}
	}
	folder, err := lake.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	sink := lake.NewSink(lake.NewCatalog(folder), func(string, int64) (*logtype.Schema, bool) { return nil, false }, lake.Options{})
	p := stream.Partition{Topic: schemas.ClassificationFailures.Name}
	sink.Assign(p, 0)
	if err := sink.Add(context.Background(), []stream.Record{{Topic: p.Topic, Message: schemas.Failure{RowID: "r"}}}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sink.Flush(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	code, out, _ := run("tables", "--dir", dir, "-o", "json")
	var tables []lake.TableInfo
	if err := json.Unmarshal([]byte(out), &tables); err != nil || code != 0 {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	if len(tables) != 1 || tables[0].Name != "panther_monitor.classification_failures" || tables[0].Rows != 1 || tables[0].Files != 1 {
		t.Errorf("tables are %+v", tables)
	}
	if _, out, _ := run("tables", "--warehouse", dir); !strings.Contains(out, "panther_monitor.classification_failures     1      1") {
		t.Errorf("by --warehouse:\n%s", out)
	}
	if _, out, _ := run("tables", "--dir="+dir); !strings.Contains(out, "panther_monitor.classification_failures     1      1") {
		t.Errorf("for people:\n%s", out)
	}
	if code, out, talk := run("verify", "--warehouse", dir); code != 0 || !strings.Contains(out, "whole") || !strings.Contains(talk, "topics were not looked at") {
		t.Errorf("verify: exit %d, %q, %q", code, out, talk)
	}
	files, err := filepath.Glob(dir + "/*/*/data/*/*.parquet")
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := run("verify", "--warehouse", dir); code != exitProblems || !strings.Contains(out, "damaged") || !strings.Contains(out, files[0]) {
		t.Errorf("verify, a file is gone: exit %d, %q", code, out)
	}
	code, out, _ = run("verify", "--warehouse", dir, "-o", "json")
	var found []lake.Inspection
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != exitProblems || len(found) != 1 || len(found[0].Damage) != 1 {
		t.Errorf("verify for machines: exit %d, %v: %s", code, err, out)
	}

	for args, want := range map[string]int{"--older-than 0": 0, "--older-than 7d": 0, "--older-than 90m": 0, "--older-than soon": exitUsage} {
		if code, _, talk := run(append([]string{"expire", "--warehouse", dir}, strings.Fields(args)...)...); code != want {
			t.Errorf("expire %s: exit %d, %q", args, code, talk)
		}
	}
	if strings.Contains(out, "null") {
		t.Errorf("for machines an empty list is null: %s", out)
	}
	broken := filepath.Join(dir, "panther_logs", "broken", "metadata", "v1.metadata.json")
	if err := errors.Join(os.MkdirAll(filepath.Dir(broken), 0o755), os.WriteFile(broken, []byte("none"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"tables", "rewrite", "expire"} {
		if code, out, talk := run(verb, "--warehouse", dir, "-o", "json"); code != exitFailed || !strings.Contains(out, "classification_failures") || !strings.Contains(talk, "panther_logs.broken") {
			t.Errorf("%s, a table beside is broken: exit %d, %q, %q", verb, code, out, talk)
		}
	}
	if code, out, _ := run("verify", "--warehouse", dir); code != exitProblems || strings.Count(out, "damaged") != 2 || !strings.Contains(out, "cannot be read") {
		t.Errorf("verify, a table beside is broken: exit %d, %q", code, out)
	}
}
