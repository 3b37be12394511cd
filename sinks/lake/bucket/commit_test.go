package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
	"panther/sinks/lake"
)

var failures = stream.Partition{Topic: schemas.ClassificationFailures.Name, ID: stream.ID{1}}

const failuresName = "panther_monitor.classification_failures"

func newSink(b lake.Store) *lake.Sink {
	return lake.NewSink(lake.NewCatalog(b), func(string, int64) (*logtype.Schema, bool) { return nil, false }, lake.Options{})
}

func line(p stream.Partition, offset int64) stream.Record {
	return stream.Record{Topic: p.Topic, TopicID: p.ID, Partition: p.Num, Offset: offset, Message: schemas.Failure{
		RowID: fmt.Sprint(offset), Source: "s", Payload: schemas.Line("x"), Position: schemas.Position{Topic: "t", TopicID: stream.ID{9}, Partition: p.Num, Offset: offset}}}
}

// Whatever the store does at any step of a commit, once or for as long as the sink tries: no row is lost, none is there
// twice, and no offset is called safe whose rows are not in the table.
func TestCommitsToAStoreWhereThingsGoWrong(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for answers that do not come")
	}
	for _, f := range []fault{slowDown, broken, lost500, lostReply, denied} {
		for _, step := range []string{"list", "upload", "manifest", "commit", "hint"} {
			for _, method := range []string{http.MethodPut, http.MethodGet} {
				for _, times := range []int{1, 1000} {
					if step == "list" && method == http.MethodPut || step == "hint" && method == http.MethodGet || step == "upload" && method == http.MethodGet {
						continue // there is no such request
					}
					t.Run(fmt.Sprintf("%s/%s %s/%d times", f.name, method, step, times), func(t *testing.T) {
						t.Parallel()
						commitWith(t, f, step, method, times)
					})
				}
			}
		}
	}
}

func TestCommitsToASlowStore(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for answers that do not come")
	}
	for _, step := range []string{"upload", "manifest", "commit", "hint"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			commitWith(t, late, step, http.MethodPut, 1)
		})
	}
}

func commitWith(t *testing.T, f fault, step, method string, times int) {
	s := startServer(t)
	store := s.open(t, "s3://lake/wh")
	sink := newSink(store)
	sink.Assign(failures, 0)
	next := int64(0)
	flush := func() (safe int64, err error) {
		must(t, sink.Add(t.Context(), []stream.Record{line(failures, next), line(failures, next+1)}))
		next += 2
		offsets, _, err := sink.Flush(t.Context(), true)
		return offsets[failures], err
	}
	if safe, err := flush(); err != nil || safe != next {
		t.Fatalf("all is well: safe %d, %v", safe, err)
	}
	left := times
	s.set(func(at, by string) fault {
		if at == step && by == method && left > 0 {
			left--
			return f
		}
		return fault{}
	})
	if method == http.MethodGet { // what a process has read it knows; another one has to ask
		sink = newSink(store)
		sink.Assign(failures, next)
	}
	safe, err := flush()
	s.set(nil)
	if left == times {
		t.Fatal("nothing went wrong")
	}
	if times == 1 && f.name != denied.name && (err != nil || safe != next) {
		t.Errorf("a single fault comes through: safe %d, %v", safe, err)
	}
	if rows := rowsOf(t, store); safe > rows {
		t.Errorf("%d is called safe, the table has %d rows", safe, rows)
	}
	if safe, err := flush(); err != nil || safe != next {
		t.Errorf("when all is well again: safe %d of %d, %v", safe, next, err)
	}
	if rows := rowsOf(t, store); rows != next {
		t.Errorf("the table has %d rows, want %d", rows, next)
	}
}

// rowsOf returns how many rows there are, each of which must be there once.
func rowsOf(t *testing.T, s lake.Store) int64 {
	t.Helper()
	proofs, err := lake.NewCatalog(s).Verify(context.Background())
	must(t, err)
	p := proofs[failuresName]
	if p.Rows != p.Distinct {
		t.Errorf("%d rows, of which %d distinct", p.Rows, p.Distinct)
	}
	return p.Rows
}

// Several writers, each with a partition of its own, commit to one table at the same time.
func TestWritersTogether(t *testing.T) { writersTogether(t, startServer(t).open(t, "s3://lake/wh")) }

func TestWritersTogetherOnARealServer(t *testing.T) { writersTogether(t, realStore(t)) }

func writersTogether(t *testing.T, store lake.Store) {
	const writers, commits = 3, 4
	var wait sync.WaitGroup
	for w := range writers {
		wait.Go(func() {
			p := failures
			p.Num = int32(w)
			sink := newSink(store)
			sink.Assign(p, 0)
			for offset := range int64(commits) {
				if err := sink.Add(t.Context(), []stream.Record{line(p, offset)}); err != nil {
					t.Error(err)
				}
				for tries := 0; ; tries++ {
					safe, _, err := sink.Flush(t.Context(), true)
					if err == nil && safe[p] == offset+1 {
						break
					}
					if tries == 10 {
						t.Errorf("writer %d at offset %d: safe %v, %v", w, offset, safe, err)
						break
					}
				}
			}
		})
	}
	wait.Wait()
	if rows := rowsOf(t, store); rows != writers*commits {
		t.Errorf("the table has %d rows, want %d", rows, writers*commits)
	}
}

// A body that breaks off is asked for again.
func TestBodyBreaksOff(t *testing.T) {
	s := startServer(t)
	store := s.open(t, "s3://lake/x")
	data := []byte(strings.Repeat("0123456789", 200_000))
	must(t, store.Put(t.Context(), "a", data))
	f, err := store.Open(t.Context(), "a")
	must(t, err)
	cut := &cutOff{client: s.config(t).HTTPClient.(*http.Client), left: 2}
	c := s.config(t)
	c.HTTPClient = cut
	cutting, err := Open("s3://lake/x", c, Options{Endpoint: s.URL})
	must(t, err)
	f.(*object).b = cutting
	part := make([]byte, 1000)
	if n, err := f.ReadAt(part, 1_900_000); n != 1000 || err != nil || string(part[:10]) != "0123456789" {
		t.Errorf("ReadAt: %d, %v", n, err)
	}
	if cut.left != 0 {
		t.Errorf("%d bodies were not cut off", cut.left)
	}
	cut.left = 1
	_, err = io.ReadAll(f)
	if cut.left != 0 {
		t.Error("the stream was not cut off")
	}
	if err == nil || !strings.Contains(err.Error(), "broken off at byte") || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a stream breaks off: %v", err)
	}
	rest, err := io.ReadAll(f)
	if got := append(slices.Clone(data[:len(data)-len(rest)]), rest...); err != nil || string(got) != string(data) {
		t.Errorf("and goes on: %d bytes, %v", len(rest), err)
	}
}

// A cutOff cuts bodies off after some bytes.
type cutOff struct {
	client *http.Client
	left   int
}

func (c *cutOff) Do(r *http.Request) (*http.Response, error) {
	resp, err := c.client.Do(r)
	if err == nil && c.left > 0 {
		c.left--
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(resp.Body, 100), brokenReader{}), resp.Body}
	}
	return resp, err
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
