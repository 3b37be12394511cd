package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// serviceHeads keep heads as Glue does: a commit first writes a file of metadata, under a name that nobody else uses, and then
// has the service name it, if the table is still the one that the commit began with.
type serviceHeads struct {
	store  *memStore
	heads  map[string]Head
	first  int                            // number of a table's first file
	files  int                            // written so far
	before func(step string, id []string) // of "write" and "name"
}

func (h *serviceHeads) Load(_ context.Context, id table.Identifier) (Head, error) {
	head, ok := h.heads[nameOf(id)]
	if !ok {
		return head, ErrNoTable
	}
	return head, nil
}

func (h *serviceHeads) put(ctx context.Context, id table.Identifier, n int, meta table.Metadata) (Head, error) {
	b, err := json.Marshal(meta)
	if err != nil {
		return Head{}, err
	}
	h.files++
	name := fmt.Sprintf("%s/metadata/%05d-%d.metadata.json", folderOf(id), n, h.files)
	return Head{meta, h.store.Root() + "/" + name}, h.store.Put(ctx, name, b)
}

func (h *serviceHeads) Create(ctx context.Context, id table.Identifier, meta table.Metadata) error {
	head, err := h.put(ctx, id, h.first, meta)
	if _, ok := h.heads[nameOf(id)]; !ok && err == nil {
		h.heads[nameOf(id)] = head
	}
	return err
}

func (h *serviceHeads) Commit(ctx context.Context, id table.Identifier, reqs []table.Requirement, ups []table.Update) (Head, error) {
	now := h.heads[nameOf(id)]
	for _, r := range reqs {
		if err := r.Validate(now.Meta); err != nil {
			return Head{}, errors.Join(table.ErrCommitFailed, err)
		}
	}
	meta, err := table.UpdateTableMetadata(now.Meta, ups, now.Location)
	if err != nil {
		return Head{}, err
	}
	h.at("write", id)
	var n int
	fmt.Sscanf(now.Location[strings.LastIndexByte(now.Location, '/')+1:], "%d-", &n)
	next, err := h.put(ctx, id, n+1, meta)
	if err != nil {
		return Head{}, err
	}
	h.at("name", id)
	if h.heads[nameOf(id)].Location != now.Location {
		return Head{}, table.ErrCommitFailed
	}
	h.heads[nameOf(id)] = next
	return next, nil
}

func (h *serviceHeads) at(step string, id table.Identifier) {
	if before := h.before; before != nil {
		h.before = nil // what it does commits, too
		before(step, id)
		if h.before == nil {
			h.before = before
		}
	}
}

func (h *serviceHeads) List(context.Context) (ids []table.Identifier, err error) {
	for name := range maps.Keys(h.heads) {
		ids = append(ids, strings.Split(name, "."))
	}
	return ids, nil
}

// newServed is a maintained lake whose heads a service keeps.
func newServed(t *testing.T) (*maintained, *serviceHeads) {
	m := newMaintained(t)
	h := &serviceHeads{store: m.store, heads: map[string]Head{}}
	m.cat = NewCatalogOf(m.store, h)
	m.sink = NewSink(m.cat, library{}.lookup, Options{Now: m.clock.now})
	m.sink.wait = func(context.Context, int) error { return nil }
	m.sink.Assign(failuresTopic, 0)
	return m, h
}

func (m *maintained) expire() {
	m.t.Helper()
	_, err := m.cat.Expire(ctx, FailuresTable, m.upkeep(), false)
	must0(m.t, err)
}

// setColour commits something that is no snapshot.
func (m *maintained) setColour(colour string) {
	m.t.Helper()
	_, _, err := m.cat.CommitTable(ctx, FailuresTable, nil, []table.Update{table.NewSetPropertiesUpdate(iceberg.Properties{"colour": colour})})
	must0(m.t, err)
}

// A commit that lost leaves a file of metadata, with a snapshot that never was, under the number of one that won. The snapshot that
// came in its place counts, also if it came late and has gone.
func TestExpireAmongFilesOfLostCommits(t *testing.T) {
	m, h := newServed(t)
	m.commit(1)
	m.clock.t = m.clock.t.Add(3 * time.Hour)
	try := 0
	h.before = func(step string, _ []string) {
		switch {
		case step == "name":
			if try++; try == 1 {
				m.setColour("red") // wins
			}
		case try == 1: // the second try sleeps, its manifests written
			m.clock.t = m.clock.t.Add(3 * time.Hour)
		}
	}
	m.commit(1)
	h.before = nil
	if try != 2 {
		t.Fatalf("it committed at try %d", try)
	}
	reader := m.load().Metadata()
	for range 3 {
		m.clock.t = m.clock.t.Add(time.Minute)
		m.commit(1)
		m.expire()
		m.readAll(reader, "a minute later")
	}
}

// Where numbers of files begin anew, as they do when a table goes from one catalog to another, the newest do not have the
// highest. The present ones stay, and an idle table is left alone.
func TestExpireWhereNumbersBeginAnew(t *testing.T) {
	m, h := newServed(t)
	h.first = 1000
	for range 3 {
		m.commit(1)
	}
	again, err := h.put(ctx, FailuresTable, 0, m.load().Metadata())
	must0(t, err)
	h.heads[nameOf(FailuresTable)] = again
	m.commit(1)
	for range 3 {
		m.clock.t = m.clock.t.Add(26 * time.Hour)
		m.expire()
	}
	idle := m.load()
	m.clock.t = m.clock.t.Add(26 * time.Hour)
	m.expire()
	if now := m.load().MetadataLocation(); now != idle.MetadataLocation() {
		t.Errorf("an idle table went from %s to %s", idle.MetadataLocation(), now)
	}
	for entry := range idle.Metadata().PreviousFiles() {
		if _, ok := m.store.files[strings.TrimPrefix(entry.MetadataFile, "/lake/")]; !ok {
			t.Errorf("%s is gone, of which the table knows", entry.MetadataFile)
		}
	}
	m.readAll(idle.Metadata(), "in the end")
	if n := len(m.rows()); n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
}
