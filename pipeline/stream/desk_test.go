package stream

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A diary is a stage for tests: the state of a key is what it was told, and what it waits for. It says what it does.
type diary struct{}

type page struct {
	Text string    `json:"text,omitempty"`
	Wake Wake      `json:"wake"`
	Now  time.Time `json:"now,omitzero"`
}

// What a record says to a diary.
type order struct {
	Write  string
	Wake   Wake
	Forget bool
	Panic  string
}

func (diary) Process(p page, r Record, v View) (page, []Record) {
	key := string(r.Key)
	switch m := r.Message.(type) {
	case entry:
		p.Text += "(entry " + m.text + ")"
		return p, say("%s: entry %s", key, m.text)
	case nil:
		return page{}, say("%s: gone", key)
	case order:
		switch {
		case m.Panic != "":
			panic(m.Panic)
		case m.Forget:
			return page{}, say("%s: forgets %s", key, p.Text)
		}
		p.Text += m.Write
		p.Wake = m.Wake
	}
	return p, say("%s: %s by version %d", key, p.Text, v.Version())
}

func (diary) Wake(p page) Wake { return p.Wake }

func (diary) Tick(p page, key string, now time.Time, v View) (page, []Record) {
	if strings.Contains(p.Text, "stuck") {
		return p, say("%s: stuck", key)
	}
	if strings.Contains(p.Text, "bomb") {
		panic("tick")
	}
	if !v.Due(p.Wake) {
		return p, say("%s: not due", key)
	}
	p.Wake = Wake{}
	return p, say("%s: wakes at %d by version %d", key, now.Sub(at(0))/time.Second, v.Version())
}

func say(format string, args ...any) []Record {
	return []Record{{Topic: "said", Value: fmt.Appendf(nil, format, args...)}}
}

func said(task Task) (lines []string) {
	for _, r := range task.Outputs() {
		lines = append(lines, string(r.Value))
	}
	return lines
}

// book is a catalogue of diaries.
type book struct {
	version int64
	entries map[string]entry
}

type entry struct {
	text    string
	changed int64
}

func (e entry) ChangedAt() int64 { return e.changed }
func (b *book) Version() int64   { return b.version }
func (b *book) Get(key string) (any, bool) {
	e, ok := b.entries[strings.TrimPrefix(key, "diary/")]
	return e, ok
}
func (b *book) Entries(kind string) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for _, name := range slices.Sorted(maps.Keys(b.entries)) {
			if !yield(name, b.entries[name]) {
				return
			}
		}
	}
}

// A desk is a task with its changelog: what the runner keeps.
type desk struct {
	Task
	t         *testing.T
	confirm   func() Catalogue
	changelog map[string][]byte
}

func newDesk(t *testing.T, confirm func() Catalogue) *desk {
	d := &desk{t: t, confirm: confirm, changelog: map[string][]byte{}}
	d.restart()
	return d
}

// restart restores the task from its changelog.
func (d *desk) restart() {
	d.Task = NewTask(diary{}, "diary", d.confirm)
	for key, value := range d.changelog {
		if err := d.Restore([]byte(key), value); err != nil {
			d.t.Fatal(err)
		}
	}
	d.Start(func(key string) bool { return !strings.HasPrefix(key, "other") })
}

// save commits.
func (d *desk) save() {
	d.t.Helper()
	changes, err := d.Changes()
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range changes {
		if d.changelog[string(c.Key)] = c.Value; len(c.Value) == 0 {
			delete(d.changelog, string(c.Key))
		}
	}
	d.Commit()
}

func (d *desk) tell(second int64, key string, o order) {
	d.Process(Record{Key: []byte(key), Message: o, Time: at(second)})
}

// clocks reads a clock record written at a second.
func (d *desk) clocks(second int64, clocks ...Clock) {
	d.t.Helper()
	r, err := ClockRecord("in", clocks)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Time = at(second)
	d.Process(r)
}

func (d *desk) want(lines ...string) {
	d.t.Helper()
	if diff := cmp.Diff(lines, said(d.Task)); diff != "" {
		d.t.Errorf("said (-want +got): %s", diff)
	}
}

func wakeAt(second int64) order { return order{Write: "w", Wake: Wake{At: at(second)}} }

func wakeBy(since, length int64, topics ...string) order {
	return order{Write: "c", Wake: Wake{Clocks: topics, Since: at(since), For: secs(length), Version: 1}}
}

func v(n int64, entries ...entry) *book {
	b := &book{version: n, entries: map[string]entry{}}
	for _, e := range entries {
		b.entries[e.text[:1]] = e
	}
	return b
}
