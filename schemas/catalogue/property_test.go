package catalogue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/catalogue"
)

// folder makes the text of a random folder: some of five sources, each with topics of its own, and some of three log types.
func folder(r *rand.Rand) string {
	var docs []string
	for i := range 5 {
		if r.IntN(3) == 0 {
			continue
		}
		topics := []string{fmt.Sprintf("t%d-a", i), fmt.Sprintf("t%d-b", i)}
		r.Shuffle(2, func(a, b int) { topics[a], topics[b] = topics[b], topics[a] })
		docs = append(docs, fmt.Sprintf("kind: LogSource\nname: source %d\ntopics: [%s]\nlogTypes: [AWS.CloudTrail]\nalarm: %d minutes\n",
			i, strings.Join(topics[:1+r.IntN(2)], ", "), 1+r.IntN(2)))
	}
	for i := range 3 {
		if r.IntN(3) > 0 {
			docs = append(docs, fmt.Sprintf("schema: Custom.Type%d\nfields: [{name: f%d, type: string}]\n", i, r.IntN(2)))
		}
	}
	docs = append(docs, fmt.Sprintf("kind: Destination\nname: d%d\ntype: log\n", r.IntN(3)))
	return strings.Join(docs, "---\n")
}

// Whatever folders are applied one after the other: readers get what the plan said, planning again finds nothing, versions
// count up by one, ids stay, inputs have a new version when the set of topics changes and only then, and after --prune the
// catalogue is what the files say.
func TestPlansOfRandomFolders(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		var b catalogue.Builder
		view := &catalogue.View{}
		for step := range 8 {
			prune := r.IntN(2) == 0
			dir := write(t, folder(r))
			plan, err := planOf(dir, view, prune)
			if err != nil {
				t.Fatal(err)
			}
			after := checkSteady(t, dir, view, plan, prune)
			if plan.Empty() {
				continue
			}
			if read := send(t, &b, plan.Records()); dump(t, read) != dump(t, after) {
				t.Fatalf("seed %d, step %d: readers got something else:\n%s", seed, step, cmp.Diff(dump(t, after), dump(t, read)))
			}
			if after.Version() != view.Version()+1 {
				t.Fatalf("seed %d, step %d: version %d after %d", seed, step, after.Version(), view.Version())
			}
			checkSources(t, view, after)
			if files, _ := catalogue.Parse(dir); prune && (len(after.Sources()) != len(files.Sources) || len(after.Destinations()) != len(files.Destinations)) {
				t.Fatalf("seed %d, step %d: after --prune %d sources, of %d in the files", seed, step, len(after.Sources()), len(files.Sources))
			}
			view = after
		}
	}
}

// checkSources compares the sources of two versions.
func checkSources(t *testing.T, before, after *catalogue.View) {
	t.Helper()
	old := map[string]catalogue.LogSource{}
	for _, s := range before.Sources() {
		old[s.Label] = s
	}
	seen := map[string]bool{}
	for _, s := range after.Sources() {
		was, existed := old[s.Label]
		if existed && s.ID != was.ID || seen[s.ID] {
			t.Errorf("version %d: the id of %q is %s, and was %s", after.Version(), s.Label, s.ID, was.ID)
		}
		seen[s.ID] = true
		same := existed && slices.Equal(slices.Sorted(slices.Values(s.Topics)), slices.Sorted(slices.Values(was.Topics)))
		if want := after.Version(); same && s.InputsVersion != was.InputsVersion || !same && s.InputsVersion != want {
			t.Errorf("version %d: topics of %q %v -> %v, inputs of version %d -> %d", want, s.Label, was.Topics, s.Topics, was.InputsVersion, s.InputsVersion)
		}
	}
}

// Whatever the files: no crash, and what is parsed can be planned, written and read.
func FuzzParse(f *testing.F) {
	for seed := range uint64(3) {
		f.Add(folder(rand.New(rand.NewPCG(seed, 2))))
	}
	f.Add(payments)
	f.Fuzz(func(t *testing.T, text string) {
		dir := write(t, text)
		plan, err := planOf(dir, &catalogue.View{}, false)
		if err != nil {
			return
		}
		view := checkSteady(t, dir, &catalogue.View{}, plan, false)
		if err := view.Unreadable(); err != nil {
			t.Error(err)
		}
		if !plan.Empty() {
			send(t, new(catalogue.Builder), plan.Records())
		}
	})
}
