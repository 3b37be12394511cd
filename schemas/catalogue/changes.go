package catalogue

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"panther/pipeline/stream"
	"panther/schemas"
)

// An Action is what happens to an entry.
type Action string

// The actions.
const (
	Added     Action = "added"
	Changed   Action = "changed"
	Removed   Action = "removed"
	Unchanged Action = "unchanged"
)

// A Change is what happens to one log source, log type or destination.
type Change struct {
	Action  Action   `json:"action"`
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`              // the label, or the name of a log type
	Origin  string   `json:"origin,omitempty"`  // the file that says so
	Details []string `json:"details,omitempty"` // what differs, in words

	put    any      // the entry to write; nil: none
	remove []string // keys to remove
}

// Changes is a plan: what a write to the catalogue would do. It holds for the version of the catalogue that it was made from
// only; who writes makes it again of what is there then.
type Changes struct {
	Version int64     `json:"version"` // of the catalogue afterwards
	At      time.Time `json:"at"`
	By      string    `json:"by,omitempty"`
	List    []Change  `json:"changes"` // log types, log sources, destinations; each by name, removals last
}

// Empty reports that nothing would be written.
func (c Changes) Empty() bool { return c.Count(Unchanged) == len(c.List) }

// Count counts the entries with which a happens.
func (c Changes) Count(a Action) (n int) {
	for _, change := range c.List {
		if change.Action == a {
			n++
		}
	}
	return n
}

// Records returns what to write, in one transaction and in this order: the version record comes last, so that readers see all
// of it or nothing. Nothing to change gives no records.
func (c Changes) Records() []stream.Record {
	if c.Empty() {
		return nil
	}
	var records []stream.Record
	for _, change := range c.List {
		if change.put != nil {
			records = append(records, stream.Send(schemas.Catalogue, Key(change.put), change.put))
		}
		for _, key := range change.remove {
			records = append(records, stream.Send(schemas.Catalogue, key, nil))
		}
	}
	version := Version{Version: c.Version, At: c.At, By: c.By}
	return append(records, stream.Send(schemas.Catalogue, VersionKey, version))
}

// Apply returns the view that current would become.
func (c Changes) Apply(current *View) *View {
	if c.Empty() {
		return current
	}
	entries := map[string]any{}
	maps.Copy(entries, current.entries)
	for _, change := range c.List {
		if change.put != nil {
			entries[Key(change.put)] = change.put
		}
		for _, key := range change.remove {
			delete(entries, key)
		}
	}
	return newView(c.Version, entries, current)
}

// marks stand before the lines of a plan.
var marks = map[Action]string{Added: "+", Changed: "~", Removed: "-"}

// String prints the plan for people: a line for each entry that changes, and last how many there are of each.
func (c Changes) String() string {
	var b strings.Builder
	for _, change := range c.List {
		if change.Action == Unchanged {
			continue
		}
		fmt.Fprintf(&b, "%s %s %s", marks[change.Action], words[change.Kind], change.Name)
		if len(change.Details) > 0 {
			b.WriteString(": " + strings.Join(change.Details, "; "))
		}
		b.WriteString("\n")
	}
	if c.Empty() {
		fmt.Fprintf(&b, "nothing changes: %d unchanged\n", c.Count(Unchanged))
		return b.String()
	}
	fmt.Fprintf(&b, "%d to add, %d to change, %d to remove, %d unchanged; catalogue version %d\n",
		c.Count(Added), c.Count(Changed), c.Count(Removed), c.Count(Unchanged), c.Version)
	return b.String()
}
