// Package catalogtest says what every lake.Catalog does, wherever the heads of its tables are. The catalog of each kind
// passes it, in a test of its own package.
package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/logtype"
	"panther/sinks/lake"
)

// Open opens the catalog as another process would: it shares nothing with those opened before but the lake itself.
type Open func(t *testing.T) *lake.Catalog

// Run tests catalogs of a lake that is empty.
func Run(t *testing.T, open Open) {
	t.Run("a table is made once", func(t *testing.T) { testCreate(t, open) })
	t.Run("of many makers one wins", func(t *testing.T) { testCreators(t, open) })
	t.Run("a commit is seen by all", func(t *testing.T) { testCommit(t, open) })
	t.Run("a commit to what is no longer so changes nothing", func(t *testing.T) { testRequirement(t, open) })
	t.Run("of many commits none is lost", func(t *testing.T) { testCommits(t, open) })
	t.Run("writers of one table", func(t *testing.T) { testWriters(t, open) })
	t.Run("a writer that slept changes nothing", func(t *testing.T) { testZombie(t, open) })
	t.Run("what the table was is not kept in memory", func(t *testing.T) { Forgets(t, open) })
}

// schema is one whose ids are neither in order nor dense.
var schema = iceberg.NewSchema(0,
	iceberg.NestedField{ID: 3, Name: "p_parse_time", Type: iceberg.PrimitiveTypes.TimestampTz, Required: true, Doc: "when"},
	iceberg.NestedField{ID: 7, Name: "words", Type: &iceberg.ListType{ElementID: 9, Element: iceberg.PrimitiveTypes.String}},
)

func create(t *testing.T, c *lake.Catalog, name string) *table.Table {
	t.Helper()
	spec := iceberg.NewPartitionSpec(iceberg.PartitionField{SourceIDs: []int{3}, FieldID: 1000, Name: "hour", Transform: iceberg.HourTransform{}})
	made, err := c.CreateTable(t.Context(), table.Identifier{lake.LogsSpace, name}, schema, &spec, iceberg.Properties{"colour": "red"})
	must(t, err)
	return made
}

func testCreate(t *testing.T, open Open) {
	one, two := open(t), open(t)
	id := table.Identifier{lake.LogsSpace, "made"}
	if _, err := one.LoadTable(t.Context(), id); !errors.Is(err, lake.ErrNoTable) {
		t.Errorf("before: %v, want lake.ErrNoTable", err)
	}
	first := create(t, one, "made")
	second := create(t, two, "made")
	if first.Metadata().TableUUID() != second.Metadata().TableUUID() {
		t.Error("two tables of one name were made")
	}
	seen, err := two.LoadTable(t.Context(), id)
	must(t, err)
	f, ok := seen.Schema().FindFieldByName("p_parse_time")
	if !ok || f.Doc != "when" || !f.Required || f.Type != iceberg.PrimitiveTypes.TimestampTz {
		t.Errorf("the column is %+v", f)
	}
	spec := seen.Spec()
	if spec.NumFields() != 1 || spec.Field(0).SourceIDs[0] != f.ID || spec.Field(0).Transform != (iceberg.HourTransform{}) {
		t.Errorf("the partitions are %s", spec)
	}
	if seen.Properties()["colour"] != "red" || seen.Metadata().Version() != 2 {
		t.Errorf("version %d with %v", seen.Metadata().Version(), seen.Properties())
	}
	if want := one.Root() + "/panther_logs/made"; seen.Location() != want || !strings.HasPrefix(seen.MetadataLocation(), want+"/metadata/") {
		t.Errorf("it is at %s, its metadata at %s; want %s", seen.Location(), seen.MetadataLocation(), want)
	}
	ids, err := two.ListTables(t.Context())
	must(t, err)
	if diff := cmp.Diff([]table.Identifier{id}, ids); diff != "" {
		t.Error(diff)
	}
}

func testCreators(t *testing.T, open Open) {
	ids := make([]string, 4)
	var wait sync.WaitGroup
	for i := range ids {
		c := open(t)
		wait.Go(func() { ids[i] = create(t, c, "raced").Metadata().TableUUID().String() })
	}
	wait.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("tables %v", ids)
		}
	}
}

func set(c *lake.Catalog, t *table.Table, reqs []table.Requirement, key, value string) error {
	_, _, err := c.CommitTable(context.Background(), t.Identifier(), reqs, []table.Update{table.NewSetPropertiesUpdate(iceberg.Properties{key: value})})
	return err
}

func testCommit(t *testing.T, open Open) {
	one, two := open(t), open(t)
	made := create(t, one, "committed")
	meta, location, err := one.CommitTable(t.Context(), made.Identifier(), []table.Requirement{table.AssertTableUUID(made.Metadata().TableUUID())},
		[]table.Update{table.NewSetPropertiesUpdate(iceberg.Properties{"colour": "blue"})})
	must(t, err)
	for _, c := range []*lake.Catalog{one, two} {
		seen, err := c.LoadTable(t.Context(), made.Identifier())
		must(t, err)
		if seen.Properties()["colour"] != "blue" || !seen.Metadata().Equals(meta) || seen.MetadataLocation() != location {
			t.Errorf("it is %v at %s, want that of %s", seen.Properties(), seen.MetadataLocation(), location)
		}
	}
}

func testRequirement(t *testing.T, open Open) {
	one, two := open(t), open(t)
	made := create(t, one, "required")
	must(t, set(two, made, nil, "colour", "green"))
	no := []table.Requirement{table.AssertCurrentSchemaID(made.Schema().ID + 7)}
	if err := set(one, made, no, "colour", "black"); !errors.Is(err, table.ErrCommitFailed) {
		t.Errorf("%v, want table.ErrCommitFailed", err)
	}
	seen, err := one.LoadTable(t.Context(), made.Identifier())
	must(t, err)
	if seen.Properties()["colour"] != "green" {
		t.Errorf("it is %v", seen.Properties())
	}
}

func testCommits(t *testing.T, open Open) {
	const writers, commits = 4, 4
	made := create(t, open(t), "commits")
	var wait sync.WaitGroup
	for w := range writers {
		c := open(t)
		wait.Go(func() {
			for n := range commits {
				err := table.ErrCommitFailed
				for try := 0; errors.Is(err, table.ErrCommitFailed) && try < 200; try++ {
					err = set(c, made, nil, fmt.Sprintf("writer%d.%d", w, n), "here")
				}
				if err != nil {
					t.Errorf("writer %d, commit %d: %v", w, n, err)
				}
			}
		})
	}
	wait.Wait()
	seen, err := open(t).LoadTable(t.Context(), made.Identifier())
	must(t, err)
	for w := range writers {
		for n := range commits {
			if seen.Properties()[fmt.Sprintf("writer%d.%d", w, n)] != "here" {
				t.Errorf("commit %d of writer %d is lost", n, w)
			}
		}
	}
}

// Failures is the partition of the topic that the sinks of these tests read.
var Failures = stream.Partition{Topic: schemas.ClassificationFailures.Name, ID: stream.ID{1}}

// NewSink makes a sink of classification failures that has partition p from an offset on.
func NewSink(c *lake.Catalog, p stream.Partition, from int64) *lake.Sink {
	s := lake.NewSink(c, func(string, int64) (*logtype.Schema, bool) { return nil, false }, lake.Options{})
	s.Assign(p, from)
	return s
}

// Line is a classification failure at an offset of p.
func Line(p stream.Partition, offset int64) stream.Record {
	return stream.Record{Topic: p.Topic, TopicID: p.ID, Partition: p.Num, Offset: offset, Message: schemas.Failure{
		RowID: fmt.Sprint(offset), Source: "s", Payload: schemas.Line("x"), Position: schemas.Position{Topic: "t", TopicID: p.ID, Partition: p.Num, Offset: offset}}}
}

// Rows returns how many failures the lake has, each of which must be there once.
func Rows(t *testing.T, c *lake.Catalog) (rows int64) {
	t.Helper()
	seen := map[lake.Place]bool{}
	for p, err := range c.Places(context.Background(), lake.FailuresTable) {
		if errors.Is(err, lake.ErrNoTable) {
			return 0
		}
		must(t, err)
		rows++
		seen[p] = true
	}
	if int64(len(seen)) != rows {
		t.Errorf("%d rows, of which %d distinct", rows, len(seen))
	}
	return rows
}

func testWriters(t *testing.T, open Open) {
	const writers, commits = 3, 4
	before := Rows(t, open(t))
	var wait sync.WaitGroup
	for w := range writers {
		p := Failures
		p.Num, p.ID = int32(w), stream.ID{7}
		sink := NewSink(open(t), p, 0)
		wait.Go(func() {
			for offset := range int64(commits) {
				if err := sink.Add(t.Context(), []stream.Record{Line(p, offset)}); err != nil {
					t.Error(err)
				}
				for try := 0; ; try++ {
					safe, _, err := sink.Flush(t.Context(), true)
					if err == nil && safe[p] == offset+1 {
						break
					}
					if try == 10 {
						t.Errorf("writer %d at offset %d: safe %v, %v", w, offset, safe, err)
						break
					}
				}
			}
		})
	}
	wait.Wait()
	if rows := Rows(t, open(t)) - before; rows != writers*commits {
		t.Errorf("%d rows, want %d", rows, writers*commits)
	}
}

// Two writers believe that they have a partition: the one that slept is told, and what it has goes in nowhere.
func testZombie(t *testing.T, open Open) {
	before := Rows(t, open(t))
	p := Failures
	p.ID = stream.ID{8}
	flush := func(s *lake.Sink, offsets ...int64) error {
		for _, offset := range offsets {
			must(t, s.Add(t.Context(), []stream.Record{Line(p, offset)}))
		}
		_, _, err := s.Flush(t.Context(), true)
		return err
	}
	zombie := NewSink(open(t), p, 0)
	must(t, flush(zombie, 0, 1))
	must(t, zombie.Add(t.Context(), []stream.Record{Line(p, 2), Line(p, 3)}))
	owner := NewSink(open(t), p, 2)
	must(t, flush(owner, 2, 3, 4))
	var fenced *lake.FencedError
	if err := flush(zombie); !errors.As(err, &fenced) {
		t.Errorf("the one that slept: %v, want a *lake.FencedError", err)
	}
	must(t, flush(owner, 5))
	if rows := Rows(t, open(t)) - before; rows != 6 {
		t.Errorf("%d rows, want 6", rows)
	}
}

// Forgets tests that a catalog keeps the newest metadata of a table in memory, and no other, however long it makes commits.
func Forgets(t *testing.T, open Open) {
	c, p := open(t), stream.Partition{Topic: Failures.Topic, ID: stream.ID{2}}
	s := NewSink(c, p, 0)
	gone := make(chan struct{}, 3)
	for n := range cap(gone) + 1 {
		must(t, s.Add(t.Context(), []stream.Record{Line(p, int64(n))}))
		_, _, err := s.Flush(t.Context(), true)
		must(t, err)
		if n < cap(gone) {
			now, err := c.LoadTable(t.Context(), lake.FailuresTable)
			must(t, err)
			runtime.SetFinalizer(now.Metadata(), func(any) { gone <- struct{}{} })
		}
	}
	for deadline := time.After(10 * time.Second); len(gone) < cap(gone); {
		runtime.GC()
		select {
		case <-deadline:
			t.Fatalf("of %d earlier versions %d are in memory", cap(gone), cap(gone)-len(gone))
		default:
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
