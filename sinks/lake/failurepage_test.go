package lake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/schemas"
	"panther/sinks/lake"
	"panther/sinks/lake/laketest"
)

// sampleLake is the lake of laketest, in a folder.
func sampleLake(t *testing.T) *lake.Catalog {
	t.Helper()
	folder, err := lake.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := lake.NewCatalog(folder)
	if err := laketest.Write(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// Pages of every size, of everything and of parts, are together what is wanted, the newest first, each line once.
func TestFailuresPage(t *testing.T) {
	c := sampleLake(t)
	for name, x := range map[string]struct {
		wanted lake.Wanted
		is     func(i int) bool
	}{
		"all":          {lake.Wanted{}, func(int) bool { return true }},
		"by label":     {lake.Wanted{Source: "okta"}, func(i int) bool { return i%2 == 1 }},
		"by id":        {lake.Wanted{Source: "src-edge"}, func(i int) bool { return i%2 == 0 }},
		"of a kind":    {lake.Wanted{Source: "okta", Fingerprint: "f2"}, func(i int) bool { return i%2 == 1 && i%3 == 2 }},
		"of some time": {lake.Wanted{Since: laketest.FailureTime(5), Until: laketest.FailureTime(20)}, func(i int) bool { return i >= 5 && i < 20 }},
		"of nobody":    {lake.Wanted{Source: "nobody"}, func(int) bool { return false }},
	} {
		var want []int64
		for i := laketest.Failures - 1; i >= 0; i-- {
			if x.is(i) {
				want = append(want, int64(i))
			}
		}
		for _, size := range []int{1, 7, 40, 1000} {
			var got []int64
			cursor := ""
			for {
				page, err := c.FailuresPage(t.Context(), x.wanted, size, cursor)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range page.Failures {
					got = append(got, f.Position.Offset)
				}
				if cursor = page.Next; cursor == "" {
					break
				}
				if len(page.Failures) != size {
					t.Fatalf("%s: a page of %d has %d lines and a next one", name, size, len(page.Failures))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %d a page: %v, want %v", name, size, got, want)
			}
		}
	}
	for _, bad := range []func() (lake.FailurePage, error){
		func() (lake.FailurePage, error) { return c.FailuresPage(t.Context(), lake.Wanted{}, 0, "") },
		func() (lake.FailurePage, error) { return c.FailuresPage(t.Context(), lake.Wanted{}, 1001, "") },
		func() (lake.FailurePage, error) { return c.FailuresPage(t.Context(), lake.Wanted{}, 1, "nonsense!") },
	} {
		if _, err := bad(); err == nil {
			t.Error("a page was made")
		}
	}
}

// What was written is read back whole.
func TestFailuresAreReadBack(t *testing.T) {
	page, err := sampleLake(t).FailuresPage(t.Context(), lake.Wanted{}, 2, "")
	if err != nil {
		t.Fatal(err)
	}
	at := laketest.FailureTime(laketest.Failures - 1)
	want := schemas.Failure{RowID: "row-39", Source: "src-okta", Label: "okta", Payload: schemas.Line("\xff\x00 is not UTF-8"), ParseTime: at,
		Error: `port: want int, got "x"`, Fingerprint: "f1", Position: page.Failures[0].Position, Envelope: schemas.Envelope{},
		Candidates: []schemas.Candidate{{Schema: "Edge.Log", Version: 3, Reasons: []schemas.Reason{{Code: schemas.TypeMismatch, Field: "port", Expected: "int", Got: "x", Span: schemas.Span{Start: 8, End: 11}}}}}}
	if diff := cmp.Diff(want, page.Failures[0]); diff != "" {
		t.Error(diff)
	}
	p := page.Failures[0].Position
	if p.Topic != "edge-logs" || p.Offset != 39 || !strings.HasPrefix(p.TopicID.String(), "03") {
		t.Errorf("position %+v", p)
	}
	if !page.Failures[1].ParseTime.Equal(at.Add(-7 * time.Minute)) {
		t.Errorf("the second is of %v", page.Failures[1].ParseTime)
	}
}
