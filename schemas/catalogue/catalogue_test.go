package catalogue_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas/catalogue"
)

var _ stream.Catalogue = (*catalogue.View)(nil)

const payments = `
kind: LogSource
name: payments
topics: [payments]
logTypes: [Custom.Payments, AWS.CloudTrail]
---
schema: Custom.Payments
fields: [{name: amount, type: float}]
`

// write makes a folder of one file.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// plan makes a plan that must have no mistakes.
func plan(t *testing.T, text string, current *catalogue.View) catalogue.Changes {
	t.Helper()
	c, err := planOf(write(t, text), current, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// send gives a plan's records to b as a reader of the topic gets them, and returns the last view.
func send(t *testing.T, b *catalogue.Builder, records []stream.Record) (view *catalogue.View) {
	t.Helper()
	for i, r := range records {
		if err := r.Encode(); err != nil {
			t.Fatal(err)
		}
		v, err := b.Add(string(r.Key), r.Value)
		if err != nil {
			t.Fatal(err)
		}
		if (v != nil) != (i == len(records)-1) {
			t.Errorf("record %d of %d, %s: a view %t", i+1, len(records), r.Key, v != nil)
		}
		view = v
	}
	return view
}

// dump is everything that a view holds, as JSON.
func dump(t *testing.T, v *catalogue.View) string {
	t.Helper()
	b, err := json.MarshalIndent([]any{v.Version(), v.Sources(), v.Schemas(), v.Destinations()}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBuilderGivesWhatThePlanSaid(t *testing.T) {
	var b catalogue.Builder
	first := plan(t, payments, &catalogue.View{})
	view := send(t, &b, first.Records())
	if diff := cmp.Diff(dump(t, first.Apply(&catalogue.View{})), dump(t, view)); diff != "" {
		t.Error(diff)
	}
	was := dump(t, view)
	changed := strings.Replace(strings.Replace(payments, "float", "string", 1), "logTypes", "alarm: off\nlogTypes", 1)
	second := plan(t, changed, view)
	later := send(t, &b, second.Records())
	if diff := cmp.Diff(dump(t, second.Apply(view)), dump(t, later)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(was, dump(t, view)); diff != "" {
		t.Errorf("the first view changed under its reader:\n%s", diff)
	}
	if view.Version() != 1 || later.Version() != 2 {
		t.Errorf("versions %d and %d", view.Version(), later.Version())
	}
	if s, _ := view.Schema("Custom.Payments"); s.Version != 1 || s.Fields[0].Type != "float" {
		t.Errorf("the first view changed under its reader: %+v", s)
	}
	if s, _ := later.Schema("Custom.Payments"); s.Version != 2 || s.Fields[0].Type != "string" {
		t.Errorf("the second view has %+v", s)
	}
}

func TestBuilderPassesOverWhatItCannotRead(t *testing.T) {
	var b catalogue.Builder
	view := send(t, &b, plan(t, payments, &catalogue.View{}).Records())
	key := catalogue.Key(view.Sources()[0])
	for _, bad := range [][2]string{{key, "{"}, {key, `{"label":`}, {"rule/x", "{}"}, {"version", "[]"}} {
		if v, err := b.Add(bad[0], []byte(bad[1])); v != nil || err == nil {
			t.Errorf("Add(%q, %q) = %v, %v; want an error", bad[0], bad[1], v, err)
		}
	}
	broken, _ := json.Marshal(catalogue.Schema{Name: "Custom.Payments", Version: 2, Text: "schema: 5"})
	if _, err := b.Add("schema/Custom.Payments@2", broken); err != nil {
		t.Fatal(err)
	}
	after, err := b.Add("version", []byte(`{"version":2}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(view.Sources(), after.Sources()); diff != "" {
		t.Error(diff)
	}
	if s, ok := after.Schema("Custom.Payments"); !ok || s.Version != 1 {
		t.Errorf("in force is %+v, %t; want version 1", s, ok)
	}
	if err := after.Unreadable(); err == nil || !strings.Contains(err.Error(), "Custom.Payments of catalogue version 2") {
		t.Errorf("Unreadable() = %v", err)
	}
}

func TestCandidatesKeepTheOrderOfTheSource(t *testing.T) {
	view := plan(t, payments, &catalogue.View{}).Apply(&catalogue.View{})
	var got []string
	for _, s := range view.Candidates(view.Sources()[0]) {
		got = append(got, s.Name)
	}
	if diff := cmp.Diff([]string{"Custom.Payments", "AWS.CloudTrail"}, got); diff != "" {
		t.Error(diff)
	}
}

// A log type of the name of one built in takes its place.
func TestAppliedSchemaComesBeforeTheBuiltIn(t *testing.T) {
	empty := &catalogue.View{}
	if s, ok := empty.Schema("Nginx.Access"); !ok || s.Version != 0 {
		t.Fatalf("built in: %+v, %t", s, ok)
	}
	c := plan(t, "schema: Nginx.Access\nfields: [{name: line, type: string}]", empty)
	if !strings.Contains(c.String(), "takes the place of the one built in") {
		t.Errorf("the plan does not tell:\n%s", c)
	}
	for version, fields := range map[int64]int{0: 9, 1: 1} {
		if s, ok := c.Apply(empty).SchemaVersion("Nginx.Access", version); !ok || s.Version != version || len(s.Fields) != fields {
			t.Errorf("version %d: %+v, %t", version, s, ok)
		}
	}
	if s, ok := c.Apply(empty).SchemaVersion("Nginx.Access", 2); ok {
		t.Errorf("a version that was never applied: %+v", s)
	}
	if s, ok := c.Apply(empty).Schema("Nginx.Access"); !ok || s.Version != 1 || len(s.Fields) != 1 {
		t.Errorf("applied: %+v, %t", s, ok)
	}
}

// The id of a source is given once; its inputs have a new version only when its topics change.
func TestSourceKeepsItsID(t *testing.T) {
	first := plan(t, payments, &catalogue.View{}).Apply(&catalogue.View{})
	alarm := plan(t, strings.Replace(payments, "logTypes", "alarm: 15m\nlogTypes", 1), first).Apply(first)
	topics := plan(t, strings.Replace(payments, "[payments]", "[more, payments]", 1), alarm).Apply(alarm)
	order := plan(t, strings.Replace(payments, "[payments]", "[payments, more]", 1), topics).Apply(topics)
	type facts struct{ version, inputs int64 }
	var got []facts
	for _, v := range []*catalogue.View{first, alarm, topics, order} {
		s := v.Sources()[0]
		got = append(got, facts{s.Version, s.InputsVersion})
		if s.ID == "" || s.ID != first.Sources()[0].ID || s.Created != noon {
			t.Errorf("version %d: id %s, created %v", v.Version(), s.ID, s.Created)
		}
	}
	if diff := cmp.Diff([]facts{{1, 1}, {2, 1}, {3, 3}, {4, 3}}, got, cmp.AllowUnexported(facts{})); diff != "" {
		t.Error(diff)
	}
}

func TestSetAlarm(t *testing.T) {
	view := plan(t, payments, &catalogue.View{}).Apply(&catalogue.View{})
	c, err := catalogue.SetAlarm(view, "payments", 15*time.Minute, noon, "ann")
	if err != nil {
		t.Fatal(err)
	}
	want := "~ log source payments: alarm 1 day -> 15 minutes; a.yml says otherwise, and the next apply follows the file: change it there too\n" +
		"0 to add, 1 to change, 0 to remove, 0 unchanged; catalogue version 2\n"
	if diff := cmp.Diff(want, c.String()); diff != "" {
		t.Error(diff)
	}
	after := c.Apply(view)
	if s := after.Sources()[0]; s.Alarm != 15*time.Minute || s.Version != 2 || s.InputsVersion != 1 || s.ID != view.Sources()[0].ID {
		t.Errorf("after: %+v", s)
	}
	if same, err := catalogue.SetAlarm(after, "payments", 15*time.Minute, noon, "ann"); err != nil || len(same.Records()) != 0 || same.Version != 2 {
		t.Errorf("the same again: %v, %v", same, err)
	}
	if off, err := catalogue.SetAlarm(after, "payments", 0, noon, "ann"); err != nil || off.Apply(after).Sources()[0].Alarm != 0 {
		t.Errorf("off: %v, %v", off, err)
	}
	for _, test := range []struct {
		label     string
		threshold time.Duration
		want      string
	}{
		{"paiments", time.Hour, `set the alarm: no log source is named "paiments"; did you mean "payments"?`},
		{"payments", time.Second, `set the alarm of log source "payments": 1 second is too short: the shortest threshold is 1 minute`},
	} {
		if _, err := catalogue.SetAlarm(view, test.label, test.threshold, noon, ""); err == nil || err.Error() != test.want {
			t.Errorf("SetAlarm(%q, %v): %v", test.label, test.threshold, err)
		}
	}
}

// What people made by command or console stays when files are pruned; a file that describes it takes it over.
func TestPruneKeepsWhatPeopleMade(t *testing.T) {
	made := catalogue.LogSource{ID: "1", Label: "by hand", Topics: []string{"t"}, LogTypes: []string{"AWS.CloudTrail"}, StreamType: "Auto",
		Alarm: catalogue.DefaultAlarm, From: "earliest", Version: 1, InputsVersion: 1}
	view := catalogue.NewView(1, map[string]any{catalogue.Key(made): made})
	c, err := planOf(write(t, payments), view, true)
	if err != nil {
		t.Fatal(err)
	}
	if c.Count(catalogue.Removed) != 0 {
		t.Errorf("removed:\n%s", c)
	}
	adopt := plan(t, "kind: LogSource\nname: by hand\ntopics: [t]\nlogTypes: [AWS.CloudTrail]", view)
	if !strings.Contains(adopt.String(), "~ log source by hand: kept in a.yml from now on\n") {
		t.Errorf("adopted:\n%s", adopt)
	}
	if s := adopt.Apply(view).Sources()[0]; s.ID != "1" || s.Origin != "a.yml" {
		t.Errorf("adopted: %+v", s)
	}
}

// A log type that files made stays while a source that people made uses it.
func TestPruneKeepsLogTypesInUse(t *testing.T) {
	view := plan(t, payments, &catalogue.View{}).Apply(&catalogue.View{})
	source := view.Sources()[0]
	source.Origin = ""
	schema := view.Schemas()[0]
	view = catalogue.NewView(1, map[string]any{catalogue.Key(source): source, catalogue.Key(schema): schema})
	_, err := planOf(write(t, "kind: Destination\nname: terminal\ntype: log"), view, true)
	want := `log type Custom.Payments is not in the files any more, but log source "payments" uses it; take it out of the source first, keep its file, or apply without --prune`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// A log type without a file, as a suggestion that was taken makes one, is of the files from when one has it; it stays the
// version that it was.
func TestFilesTakeOverLogTypes(t *testing.T) {
	made := catalogue.Schema{Name: "Custom.Payments", Version: 1, Text: "schema: Custom.Payments\nfields: [{name: amount, type: float}]\n"}
	view := catalogue.NewView(3, map[string]any{catalogue.Key(made): made})
	adopt := plan(t, made.Text, view)
	if got := adopt.String(); !strings.HasPrefix(got, "~ log type Custom.Payments: kept in a.yml from now on\n") {
		t.Error(got)
	}
	made.Origin = "a.yml"
	if diff := cmp.Diff([]catalogue.Schema{made}, adopt.Apply(view).Schemas()); diff != "" {
		t.Error(diff)
	}
}

// A writer that was stopped by another plans again, beside what the other one wrote: nothing of the first look is left.
func TestFilesCanBePlannedAgain(t *testing.T) {
	files, err := catalogue.Parse(write(t, payments))
	if err != nil {
		t.Fatal(err)
	}
	other := plan(t, "kind: LogSource\nname: other\ntopics: [payments]\nlogTypes: [AWS.CloudTrail]", &catalogue.View{}).Apply(&catalogue.View{})
	if _, err := catalogue.Plan(other, files, catalogue.Options{}, noon, ""); err == nil || !strings.Contains(err.Error(), "a.yml:4:10: topic") {
		t.Errorf("a topic of another source: %v", err)
	}
	if c, err := catalogue.Plan(&catalogue.View{}, files, catalogue.Options{}, noon, ""); err != nil || c.Count(catalogue.Added) != 2 {
		t.Errorf("planned again: %v\n%s", err, c)
	}
}

func TestParseTellsOfFoldersThatAreNone(t *testing.T) {
	empty := t.TempDir()
	for path, want := range map[string]string{
		empty:                           "has no *.yml or *.yaml",
		filepath.Join(empty, "missing"): "there is no file or folder",
	} {
		if _, err := catalogue.Parse(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s) = %v, want %s", path, err, want)
		}
	}
	single := filepath.Join(write(t, payments), "a.yml")
	if files, err := catalogue.Parse(single); err != nil || len(files.Sources) != 1 || files.Sources[0].Origin != "a.yml" {
		t.Errorf("Parse of one file: %+v, %v", files, err)
	}
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	for name, content := range map[string]string{"secret": "hunter2\n", "empty": "\n", "large": strings.Repeat("hunter2", 10_000)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := func(name string) string { return map[string]string{"TOKEN": "hunter2"}[name] }
	for ref, want := range map[string]string{"env:TOKEN": "hunter2", "file:" + file: "hunter2", "plain": "plain", "": ""} {
		if got, err := catalogue.Resolve(ref, env); err != nil || got != want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", ref, got, err, want)
		}
	}
	for _, ref := range []string{"env:OTHER", "env:", "env:A B", "file:", "file:relative", "file:" + dir, "file:" + dir + "/missing",
		"file:" + dir + "/empty", "file:" + dir + "/large"} {
		got, err := catalogue.Resolve(ref, env)
		if err == nil || got != "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Resolve(%q) = %q, %v; want an error without the secret", ref, got, err)
		}
	}
}
