package lake

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
)

var ctx = context.Background()

// A clock that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func TestFailuresAndEventsOnDisk(t *testing.T) {
	folder, err := OpenFolder(t.TempDir() + "/lake")
	must0(t, err)
	types := library{"Edge.Log": {schemaOf("Edge.Log", 3,
		field("host", logtype.String), field("port", logtype.Int), field("took", logtype.Float), field("ok", logtype.Boolean),
		field("at", logtype.Timestamp), field("extra", logtype.JSON), field("offset", logtype.String),
		logtype.Field{Name: "user", Value: logtype.Value{Type: logtype.Object, Fields: []logtype.Field{field("name", logtype.String), field("id", logtype.BigInt)}}},
		logtype.Field{Name: "tags", Value: logtype.Value{Type: logtype.Array, Element: &logtype.Value{Type: logtype.String}}},
	)}}
	c := NewCatalog(folder)
	s := NewSink(c, types.lookup, Options{})
	s.Assign(failuresTopic, 0)
	s.Assign(eventsTopic, 5)
	must0(t, s.Add(ctx, []stream.Record{failure(failuresTopic, 0, `{"port":"x"}`), failure(failuresTopic, 1, "a\xffb")}))
	must0(t, s.Add(ctx, []stream.Record{
		event(eventsTopic, 5, "Edge.Log", 3, `{"host":"a","port":"80","took":1.5,"ok":true,"at":"2026-01-02T03:04:05.678Z","extra":{"b": [1, "x"]},"offset":"o",`+
			`"user":{"name":"ann","id":12},"tags":["x",null,"y"],"p_log_type":"Edge.Log","p_row_id":"r5","p_event_time":"2026-01-02T03:04:05.678Z",`+
			`"p_parse_time":"2026-11-01T10:30:00Z","p_source_id":"src-1","p_any_ip_addresses":["1.2.3.4"]}`),
		event(eventsTopic, 6, "Edge.Log", 3, `{"host":7,"port":"eighty","user":{"name":"bob","id":"many"},"tags":"none","unheard":{"of":1}}`),
		event(eventsTopic, 7, "Edge.Log", 3, `not JSON`),
	}))
	safe, _, err := s.Flush(ctx, true)
	must0(t, err)
	if diff := cmp.Diff(map[stream.Partition]int64{failuresTopic: 2, eventsTopic: 8}, safe); diff != "" {
		t.Error(diff)
	}
	position := map[string]string{"topic": "edge-logs", "topic_id": "09000000000000000000000000000000", "partition": "0", "line": "0",
		"p_parse_time": "2026-11-01T10:30:00Z", "p_event_time": "2026-11-01T10:30:00Z", "p_source_id": "src-1"}
	row := func(over map[string]string) map[string]string {
		out := maps.Clone(position)
		maps.Copy(out, over)
		return out
	}
	wantFailure := func(n, payload string) map[string]string {
		return row(map[string]string{"error": `port: want int, got "x"`, "id": "Edge.Log", "payload": payload, "p_source_label": "edge", "p_row_id": "row-0-" + n,
			"p_log_type": "Edge.Log", "fingerprint": "f1", "code": "type_mismatch", "field": "port", "expected": "int", "got": "x", "span_start": "8", "span_end": "11",
			"schema_version": "3", "offset": n,
			"candidates": `[{"reasons":[{"code":"type_mismatch","expected":"int","field":"port","got":"x","span_end":11,"span_start":8}],"schema":"Edge.Log","version":3}]`})
	}
	second := wantFailure("1", "a\uFFFDb")
	second["payload_raw"] = base64.StdEncoding.EncodeToString([]byte("a\xffb"))
	if diff := cmp.Diff([]map[string]string{wantFailure("0", `{"port":"x"}`), second}, rowsIn(t, c, "panther_monitor.classification_failures")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]map[string]string{
		row(map[string]string{"host": "a", "port": "80", "took": "1.5", "ok": "true", "at": "2026-01-02T03:04:05.678Z", "extra": `{"b": [1, "x"]}`, "offset_": "o",
			"user": `{"id":12,"name":"ann"}`, "tags": `["x",null,"y"]`, "p_log_type": "Edge.Log", "p_row_id": "r5", "offset": "5",
			"p_event_time": "2026-01-02T03:04:05.678Z", "p_any_ip_addresses": `["1.2.3.4"]`}),
		row(map[string]string{"host": "7", "user": `{"id":null,"name":"bob"}`, "offset": "6", "p_log_type": "Edge.Log",
			"p_row_id": "09000000000000000000000000000000-0-6-0", "p_unconverted": `{"port":"eighty","tags":"none","unheard":{"of":1},"user.id":"many"}`}),
		row(map[string]string{"offset": "7", "p_log_type": "Edge.Log", "p_row_id": "09000000000000000000000000000000-0-7-0", "p_unconverted": `{"event":"not JSON"}`}),
	}, rowsIn(t, c, "panther_logs.edge_log")); diff != "" {
		t.Error(diff)
	}
	proofs, err := c.Verify(ctx)
	must0(t, err)
	if diff := cmp.Diff(map[string]Proof{"panther_logs.edge_log": {3, 3}, "panther_monitor.classification_failures": {2, 2}}, proofs); diff != "" {
		t.Error(diff)
	}
}

// A zombie learns at its next commit that its partition has gone, drops what it has of it, and begins anew when it is given
// the partition again.
func TestZombieIsFenced(t *testing.T) {
	store := newMemory()
	types := library{"A.One": {schemaOf("A.One", 1)}}
	zombie, owner := NewSink(NewCatalog(store), types.lookup, Options{}), NewSink(NewCatalog(store), types.lookup, Options{})
	zombie.Assign(eventsTopic, 0)
	must0(t, zombie.Add(ctx, []stream.Record{event(eventsTopic, 0, "A.One", 1, `{}`)}))
	_, _, err := zombie.Flush(ctx, true)
	must0(t, err)
	must0(t, zombie.Add(ctx, []stream.Record{event(eventsTopic, 1, "A.One", 1, `{}`)}))

	owner.Assign(eventsTopic, 0)
	must0(t, owner.Add(ctx, []stream.Record{event(eventsTopic, 0, "A.One", 1, `{}`), event(eventsTopic, 1, "A.One", 1, `{}`), event(eventsTopic, 2, "A.One", 1, `{}`)}))
	_, _, err = owner.Flush(ctx, true)
	must0(t, err)

	safe, _, err := zombie.Flush(ctx, true)
	var fenced *FencedError
	if !errors.As(err, &fenced) || fenced.Want != 1 || fenced.Has != 3 || fenced.Partition != eventsTopic {
		t.Fatalf("error %v, want a fence from 1 to 3", err)
	}
	if len(safe) > 0 {
		t.Errorf("offsets %v are said to be safe", safe)
	}
	must0(t, zombie.Add(ctx, []stream.Record{event(eventsTopic, 2, "A.One", 1, `{}`)}))
	if _, _, err = zombie.Flush(ctx, true); !errors.As(err, &fenced) {
		t.Errorf("a fence that was not cured is forgotten: %v", err)
	}
	zombie.Assign(eventsTopic, 2)
	must0(t, zombie.Add(ctx, []stream.Record{event(eventsTopic, 2, "A.One", 1, `{}`), event(eventsTopic, 3, "A.One", 1, `{}`)}))
	safe, _, err = zombie.Flush(ctx, true)
	must0(t, err)
	if safe[eventsTopic] != 4 {
		t.Errorf("safe is %v", safe)
	}
	expectProof(t, store, "panther_logs.a_one", 4)
}

func expectProof(t *testing.T, store Store, name string, rows int64) {
	t.Helper()
	proofs, err := NewCatalog(store).Verify(ctx)
	must0(t, err)
	if got := proofs[name]; got != (Proof{rows, rows}) {
		t.Errorf("%s: %+v, want %d rows, all distinct", name, got, rows)
	}
}

// What is committed of a topic says nothing about another topic of the same name.
func TestTopicMadeAgain(t *testing.T) {
	store := newMemory()
	for _, id := range []stream.ID{{1}, {7}} {
		p := stream.Partition{Topic: failuresTopic.Topic, ID: id}
		s := NewSink(NewCatalog(store), library{}.lookup, Options{})
		s.Assign(p, 0)
		r := failure(p, 0, "x")
		f := r.Message.(schemas.Failure)
		f.Position.TopicID = id
		r.Message = f
		must0(t, s.Add(ctx, []stream.Record{r}))
		_, _, err := s.Flush(ctx, true)
		must0(t, err)
	}
	expectProof(t, store, "panther_monitor.classification_failures", 2)
}

// Offsets are safe only below rows that wait, whichever of the tables they wait for.
func TestWhenFlushCommits(t *testing.T) {
	c := clock{start}
	store := newMemory()
	types := library{"A.One": {schemaOf("A.One", 1)}, "A.Two": {schemaOf("A.Two", 1)}}
	s := NewSink(NewCatalog(store), types.lookup, Options{Interval: time.Minute, Idle: 5 * time.Second, FileBytes: 15000, Memory: 3 * 30000, Now: c.now})
	s.Assign(eventsTopic, 0)
	offset := int64(0)
	add := func(logType string, n int) {
		t.Helper()
		for range n {
			must0(t, s.Add(ctx, []stream.Record{event(eventsTopic, offset, logType, 1, `{}`)}))
			offset++
		}
	}
	flush := func(want int64, why string) {
		t.Helper()
		safe, _, err := s.Flush(ctx, false)
		must0(t, err)
		if safe[eventsTopic] != want {
			t.Errorf("%s: safe is %d, want %d", why, safe[eventsTopic], want)
		}
	}
	add("A.One", 2)
	flush(0, "nothing is due")
	c.t = c.t.Add(4 * time.Second)
	add("A.Two", 1)
	c.t = c.t.Add(2 * time.Second)
	flush(2, "A.One is idle, A.Two has just got a row")
	for range 20 { // every 3 seconds a row
		add("A.One", 1)
		c.t = c.t.Add(3 * time.Second)
		add("A.Two", 1)
		if _, _, err := s.Flush(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	flush(offset, "the oldest row has waited for the interval")
	add("A.One", 8)
	flush(offset-8, "8 rows are no file yet")
	add("A.One", 22)
	flush(offset, "15000 bytes are a file")
	add("A.One", 40)
	add("A.Two", 30)
	if n := s.bytes(); n > 30000 {
		t.Errorf("%d bytes are buffered, more than the budget", n)
	}
	if b := s.buffers["panther_logs/a_two"]; b.bytes == 0 {
		t.Error("the smaller table was committed to make room, too")
	}
}

// What could not be committed when a partition goes is left to its next owner, and the offset says so.
func TestRevoke(t *testing.T) {
	store := newMemory()
	types := library{"A.One": {schemaOf("A.One", 1)}}
	s := NewSink(NewCatalog(store), types.lookup, Options{})
	gone, cancel := context.WithCancel(ctx)
	cancel()
	for i, c := range []struct {
		ctx  context.Context
		safe int64
	}{{ctx, 1}, {gone, 1}, {ctx, 2}} {
		s.Assign(eventsTopic, int64(min(i, 1)))
		must0(t, s.Add(ctx, []stream.Record{event(eventsTopic, int64(min(i, 1)), "A.One", 1, `{}`)}))
		s.Revoke(c.ctx, []stream.Partition{eventsTopic})
		safe, _, err := s.Flush(ctx, true)
		must0(t, err)
		if safe[eventsTopic] != c.safe {
			t.Errorf("step %d: safe is %v, want %d", i, safe, c.safe)
		}
	}
	if err := s.Add(ctx, []stream.Record{event(eventsTopic, 5, "A.One", 1, `{}`)}); err == nil {
		t.Error("a record of a partition that is not assigned is taken")
	}
	expectProof(t, store, "panther_logs.a_one", 2)
}

// A commit whose answer was lost is found in the table: it is not made again, and nobody is taken for another writer; also
// if more rows have come before anybody could look.
func TestAnswerLost(t *testing.T) {
	store := newMemory()
	types := library{"A.One": {schemaOf("A.One", 1)}}
	s := NewSink(NewCatalog(store), types.lookup, Options{})
	s.Assign(eventsTopic, 0)
	lost := ""
	store.before = func(op, name string) (bool, error) {
		if op == "create" && strings.HasSuffix(name, lost) && lost != "" {
			return true, errLost
		}
		return true, nil
	}
	for i, c := range []struct {
		lost  string
		cause error // of every try to look, after that
	}{{"", nil}, {"/v3.metadata.json", nil}, {"/v4.metadata.json", errLost}, {"", nil}} {
		must0(t, s.Add(ctx, []stream.Record{event(eventsTopic, int64(i), "A.One", 1, `{}`)}))
		lost = c.lost
		s.wait = func(context.Context, int) error { return c.cause }
		safe, _, err := s.Flush(ctx, true)
		if !errors.Is(err, c.cause) || c.cause == nil && err != nil {
			t.Fatalf("step %d: %v, want %v", i, err, c.cause)
		}
		if want := int64(i + 1); c.cause == nil && safe[eventsTopic] != want {
			t.Errorf("step %d: safe is %v, want %d", i, safe, want)
		}
	}
	expectProof(t, store, "panther_logs.a_one", 4)
}
