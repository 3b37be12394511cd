package catalogs

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"panther/pipeline/stream"
	"panther/sinks/lake"
	"panther/sinks/lake/catalogtest"
)

// A faulty is a service in which things go wrong.
type faulty struct {
	service http.Handler
	step    func(r *http.Request) string // what a request is for: load, commit, make, list
	refuse  func(w http.ResponseWriter, f fault)

	mu   sync.Mutex
	at   string // step at which things go wrong
	what fault
	left int // how often
}

// A fault is what goes wrong with a request. The zero fault is none.
type fault struct {
	name   string
	status int    // of the answer; 0: no answer, the connection breaks
	code   string // in the answer
	apply  bool   // the request takes effect all the same
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	wrong := f.left > 0 && f.step(r) == f.at
	what := f.what
	if wrong {
		f.left--
	}
	f.mu.Unlock()
	switch {
	case !wrong:
		f.service.ServeHTTP(w, r)
		return
	case what.apply:
		f.service.ServeHTTP(httptest.NewRecorder(), r)
	default:
		io.Copy(io.Discard, r.Body)
	}
	if what.status == 0 {
		panic(http.ErrAbortHandler)
	}
	f.refuse(w, what)
}

// set makes things go wrong at a step, for as often.
func (f *faulty) set(at string, what fault, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.what, f.left = at, what, times
}

func (f *faulty) unused() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left
}

// faults tests that, whatever the service does at any step, once or for as long as the sink tries: no row is lost, none is
// there twice, and no offset is called safe whose rows are not in the table.
func faults(t *testing.T, start func(t *testing.T) (*faulty, catalogtest.Open), kinds []fault) {
	if testing.Short() {
		t.Skip("waits for answers that do not come")
	}
	for _, kind := range kinds {
		for _, step := range []string{"load", "commit"} {
			for _, times := range []int{1, 1000} {
				t.Run(fmt.Sprintf("%s/%s/%d times", kind.name, step, times), func(t *testing.T) {
					f, open := start(t)
					withFault(t, f, open(t), step, kind, times)
				})
			}
		}
	}
}

func withFault(t *testing.T, f *faulty, c *lake.Catalog, step string, kind fault, times int) {
	p := catalogtest.Failures
	sink := catalogtest.NewSink(c, p, 0)
	next := int64(0)
	flush := func() (int64, error) {
		must(t, sink.Add(t.Context(), []stream.Record{catalogtest.Line(p, next), catalogtest.Line(p, next+1)}))
		next += 2
		offsets, _, err := sink.Flush(t.Context(), true)
		return offsets[p], err
	}
	if safe, err := flush(); err != nil || safe != next {
		t.Fatalf("all is well: safe %d, %v", safe, err)
	}
	f.set(step, kind, times)
	safe, err := flush()
	if f.unused() == times {
		t.Fatal("nothing went wrong")
	}
	f.set("", fault{}, 0)
	if times == 1 && step == "commit" && kind.status != http.StatusForbidden && (err != nil || safe != next) {
		t.Errorf("a single fault comes through: safe %d, %v", safe, err)
	}
	if rows := catalogtest.Rows(t, c); safe > rows {
		t.Errorf("%d is called safe, the table has %d rows", safe, rows)
	}
	if safe, err := flush(); err != nil || safe != next {
		t.Errorf("when all is well again: safe %d of %d, %v", safe, next, err)
	}
	if rows := catalogtest.Rows(t, c); rows != next {
		t.Errorf("the table has %d rows, want %d", rows, next)
	}
}

// kinds are faults that every service may have. code is what it calls one of its own.
func kinds(own, denied string) []fault {
	return []fault{
		{name: "refused", status: 503, code: own},
		{name: "connection broken"},
		{name: "applied but answered 500", status: 500, code: own, apply: true},
		{name: "applied but not answered", apply: true},
		{name: "denied", status: 403, code: denied},
	}
}

// A lake is not open to what its settings do not say.
func TestOpenMistakes(t *testing.T) {
	for want, o := range map[string]Options{
		`there is no kind "hive": want file, rest or glue`: {Warehouse: t.TempDir(), Kind: "hive"},
		"want s3://bucket or s3://bucket/prefix":           {Warehouse: "gs://bucket"},
		"it is a file; a folder is needed":                 {Warehouse: "fault_test.go"},
	} {
		if _, err := Open(t.Context(), o); err == nil || !contains(err, want) {
			t.Errorf("%+v: %v, want %s", o, err, want)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
