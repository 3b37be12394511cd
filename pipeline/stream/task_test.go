package stream

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTimersFireInLogOrder(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	d.tell(0, "b", wakeAt(20))
	d.tell(0, "a", wakeAt(20))
	d.tell(0, "c", wakeAt(30))
	d.want("b: w by version 1", "a: w by version 1", "c: w by version 1")
	d.tell(19, "c", wakeAt(10)) // its time has passed already
	d.want("c: ww by version 1", "c: wakes at 19 by version 1")
	d.tell(20, "b", order{Write: "too late"}) // timers due at its time come first
	d.want("a: wakes at 20 by version 1", "b: wakes at 20 by version 1", "b: wtoo late by version 1")
	if got := d.NextTimer(); !got.IsZero() {
		t.Errorf("the next timer is at %v; want none", got)
	}
}

func TestWallTimersFireByAdvanceOnly(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1, entry{"a1", 1}), at(1000))
	d.tell(0, "a", wakeAt(20))
	said(d.Task)
	if got := d.NextTimer(); !got.Equal(at(20)) {
		t.Errorf("the next timer is at %v, want %v", got, at(20))
	}
	d.SetCatalogue(v(2, entry{"a1", 1}), at(1000)) // now is no time by the log
	d.want()
	d.Advance(at(19))
	d.want()
	d.Advance(at(25))
	d.want("a: wakes at 25 by version 2")
}

// One record of 2035 must not fire a timer: only the time of writing counts. That is the runner's; here, time never goes back.
func TestTimeNeverGoesBack(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	d.Advance(at(100))
	d.tell(50, "a", wakeAt(80))
	d.want("a: w by version 1", "a: wakes at 100 by version 1")
}

func TestClockTimers(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	u := func(second int64) Clock { k := tick(second); k.Topic = "u"; return k }
	d.clocks(0, tick(0))
	d.tell(10, "a", wakeBy(10, 60, "t"))
	d.tell(10, "b", wakeBy(10, 60, "t", "u"))
	d.tell(10, "c", order{Write: "both", Wake: Wake{At: at(100), Clocks: []string{"t"}, Since: at(10), For: secs(60)}})
	said(d.Task)
	d.clocks(60, tick(60), u(60))
	d.want()
	d.clocks(70, tick(70))
	d.want("a: wakes at 70 by version 1")
	d.clocks(120, u(120)) // first seen at 60: 60 seconds of silence at 120, and c's time has come
	d.want("c: wakes at 120 by version 1", "b: wakes at 120 by version 1")
}

// Every clock of a record moves before a timer fires.
func TestClocksOfOneRecordMoveTogether(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	d.clocks(0, tick(0))
	d.tell(0, "a", wakeBy(0, 60, "t"))
	said(d.Task)
	d.clocks(60, tick(60), part(tick(10), 1, 2)) // the topic grew
	d.want()
}

func TestStateThatIsZeroForgetsTheKey(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	d.tell(0, "a", wakeAt(50))
	d.save()
	if d.Len() != 1 || d.changelog["a"] == nil {
		t.Fatalf("%d keys, changelog %q", d.Len(), d.changelog["a"])
	}
	d.tell(1, "a", order{Forget: true})
	d.tell(1, "never seen", order{Forget: true})
	d.save()
	if _, ok := d.changelog["a"]; ok || d.Len() != 0 {
		t.Errorf("%d keys, changelog %v", d.Len(), slices.Collect(maps.Keys(d.changelog)))
	}
	if !d.NextTimer().IsZero() {
		t.Error("what was forgotten still waits")
	}
}

func TestPoisonIsADeadLetter(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	d.tell(0, "a", order{Write: "x"})
	d.tell(1, "a", order{Panic: "boom"})
	d.tell(2, "a", order{Write: "y"})
	d.Process(Record{Key: []byte("k"), Value: []byte("[{"), Headers: []Header{{Key: HeaderClock}, {Key: HeaderClock, Value: []byte("1")}}, Time: at(3)})
	d.Process(Record{Value: []byte("[{"), Headers: []Header{{Key: HeaderClock, Value: []byte("1")}}, Time: at(3)})
	d.want("a: x by version 1", "a: xy by version 1", "k: gone")
	dead := d.DeadLetters()
	if len(dead) != 2 || !strings.Contains(dead[0].Reason, "boom") || !strings.Contains(dead[0].Reason, "task_test.go") || !strings.Contains(dead[1].Reason, "clock record") {
		t.Errorf("dead letters %+v; want the panic with its place, and the clock record", dead)
	}
	if len(d.DeadLetters()) > 0 {
		t.Error("dead letters come twice")
	}
}

// A timer that stays due, or panics, is a dead letter once; its key waits for its next record.
func TestStuckTimerIsADeadLetter(t *testing.T) {
	for _, text := range []string{"stuck", "bomb"} {
		d := newDesk(t, nil)
		d.SetCatalogue(v(1), at(0))
		d.tell(0, "a", order{Write: text, Wake: Wake{At: at(5)}})
		d.tell(0, "b", wakeAt(5))
		said(d.Task)
		d.Advance(at(6))
		d.Advance(at(7))
		d.want("b: wakes at 6 by version 1")
		if dead := d.DeadLetters(); len(dead) != 1 || string(dead[0].Record.Key) != "a" || !strings.HasPrefix(dead[0].Reason, "timer: ") {
			t.Errorf("%s: dead letters %+v, want one", text, dead)
		}
		d.tell(8, "a", wakeAt(9))
		said(d.Task)
		d.Advance(at(9))
		if len(d.DeadLetters()) != 1 {
			t.Errorf("%s: its next record did not set the timer again", text)
		}
	}
}

func TestEntriesAreDelivered(t *testing.T) {
	d := newDesk(t, nil)
	first := v(1, entry{"a1", 1}, entry{"b1", 1})
	d.SetCatalogue(first, at(0))
	d.SetCatalogue(first, at(1))
	d.want("a: entry a1", "b: entry b1")
	d.save()
	if d.Version() != 1 {
		t.Errorf("version %d is delivered, want 1", d.Version())
	}
	d.SetCatalogue(v(3, entry{"b3", 3}, entry{"c2", 2}), at(2))
	d.want("a: gone", "b: entry b3", "c: entry c2")

	d.Abort() // by itself, it delivers them again
	d.tell(3, "b", order{Write: "x"})
	d.want("a: gone", "b: entry b3", "c: entry c2", "b: (entry b1)(entry b3)x by version 3")
	d.Abort()
	d.SetCatalogue(v(4, entry{"b3", 3}), at(4)) // or what is newer by then
	d.want("a: gone", "b: entry b3")
	d.save()

	d.restart()
	d.SetCatalogue(v(6, entry{"c6", 6}), at(5))
	d.want("b: gone", "c: entry c6")
	d.restart() // without having saved
	d.SetCatalogue(v(6, entry{"c6", 6}), at(5))
	d.want("b: gone", "c: entry c6")
}

func TestEntriesOfOtherPartitionsAreLeftAlone(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(&book{version: 1, entries: map[string]entry{"other": {"x", 1}, "mine": {"y", 1}}}, at(0))
	d.want("mine: entry y")
}

// Before an alarm the catalogue is read to its end: an edit that nobody has seen yet may have overtaken it.
func TestConfirmBeforeAlarm(t *testing.T) {
	newest, asked := v(1, entry{"a1", 1}, entry{"b1", 1}), 0
	d := newDesk(t, func() Catalogue { asked++; return newest })
	d.SetCatalogue(newest, at(0))
	d.clocks(0, tick(0))
	d.tell(0, "a", wakeBy(0, 60, "t"))
	d.tell(0, "b", wakeBy(0, 60, "t"))
	d.tell(0, "w", wakeAt(10))
	d.tell(20, "w", order{})
	said(d.Task)
	if asked > 0 {
		t.Error("asked for a timer that waits for no clock")
	}
	newest = v(2, entry{"b1", 1})
	d.clocks(70, tick(70))
	d.want("a: gone", "w: gone", "b: wakes at 70 by version 2")
	if asked != 1 {
		t.Errorf("asked %d times, want once for all that is due", asked)
	}
}

// The state, the position, the clocks, the time and the holes are in the changelog.
func TestRestore(t *testing.T) {
	d := newDesk(t, nil)
	if _, _, ok := d.Position(); ok {
		t.Error("a position before the first record")
	}
	d.SetCatalogue(v(1, entry{"a1", 1}), at(0))
	d.clocks(0, tick(0))
	d.tell(5, "a", wakeBy(5, 60, "t"))
	d.Hole()
	d.clocks(50, tick(40))
	d.Moved(ID{9}, 42)
	d.save()
	said(d.Task)

	d.restart()
	if id, next, ok := d.Position(); !ok || id != (ID{9}) || next != 42 || d.Version() != 1 || d.Len() != 1 {
		t.Errorf("position %v %d %v, version %d, %d keys", id, next, ok, d.Version(), d.Len())
	}
	d.SetCatalogue(v(1, entry{"a1", 1}), at(900))
	d.clocks(109, tick(109)) // the hole ended at 50
	d.want()
	d.clocks(111, tick(110))
	d.want("a: wakes at 111 by version 1")

	if err := d.Restore([]byte("k"), []byte("{")); err == nil || !strings.Contains(err.Error(), `"k"`) {
		t.Errorf("a state that does not decode: %v", err)
	}
}

// A timer that is due after a restore, by an edit, has a time by the log.
func TestTimeIsRestored(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1, entry{"a1", 1}), at(0))
	d.clocks(0, tick(0))
	d.tell(0, "a", wakeBy(0, 100, "t"))
	d.clocks(70, tick(70))
	d.save()
	said(d.Task)
	d.restart()
	d.SetCatalogue(v(1, entry{"a1", 1}), at(5000))
	d.tell(60, "a", wakeBy(0, 50, "t"))
	d.want("a: (entry a1)cc by version 1", "a: wakes at 70 by version 1")
}

// Time that passes is nothing to write down.
func TestNothingToCommit(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1, entry{"a1", 1}), at(0))
	d.tell(0, "a", wakeAt(500))
	d.save()
	d.Advance(at(100))
	d.SetCatalogue(v(1, entry{"a1", 1}), at(0))
	if changes, err := d.Changes(); err != nil || len(changes) > 0 {
		t.Errorf("changes %v, %v; want none", changes, err)
	}
}

// After an abort the records come again; a timer that one of them puts off must not fire because time had gone on.
func TestAbortGivesTimeBack(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	d.tell(0, "a", wakeAt(50))
	d.save()
	said(d.Task)
	replay := func() {
		d.tell(40, "a", wakeAt(90))
		d.tell(70, "b", order{Write: "x"})
		d.tell(100, "b", order{Write: "y"})
		d.Moved(ID{1}, 3)
		d.want("a: ww by version 1", "b: x by version 1", "a: wakes at 100 by version 1", "b: xy by version 1")
	}
	replay()
	d.Abort()
	if _, _, ok := d.Position(); ok {
		t.Error("the position of the aborted transaction stays")
	}
	d.want()
	replay()
}

// What a task writes does not depend on the time zone of the machine that reads.
func TestTimesAreUTC(t *testing.T) {
	far := time.FixedZone("far", 11*3600)
	var logs []map[string][]byte
	for _, zone := range []*time.Location{time.UTC, far} {
		d := newDesk(t, nil)
		d.SetCatalogue(v(1), at(0).In(zone))
		d.Hole()
		r, err := ClockRecord("in", []Clock{tick(0)})
		if err != nil {
			t.Fatal(err)
		}
		r.Time = at(5).In(zone)
		d.Process(r)
		d.Advance(at(9).In(zone))
		d.save()
		logs = append(logs, d.changelog)
	}
	if diff := cmp.Diff(logs[0], logs[1]); diff != "" {
		t.Error(diff)
	}
}

func TestChangesAreReadableJSON(t *testing.T) {
	d := newDesk(t, nil)
	d.SetCatalogue(v(1), at(0))
	d.clocks(0, tick(0))
	d.tell(0, "a", order{Write: "x"})
	d.save()
	for key, value := range d.changelog {
		if !json.Valid(value) {
			t.Errorf("%q: %s", key, value)
		}
	}
	if len(d.changelog) != 3 {
		t.Errorf("the changelog holds %d keys, want state, clock and meta", len(d.changelog))
	}
}
