package catalogue

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"panther/schemas/logtype"
	"panther/schemas/strict"
)

// Options say how files become a plan.
type Options struct {
	Prune bool // remove what files made and no file describes any more; what people made by command or console stays
}

// Plan compares files with the catalogue and returns what a write would change; by names who asks for it. An entry is known by
// its label: one that exists keeps its id, and so its state and its alerts. The error is a strict.Problems.
func Plan(current *View, files *Files, o Options, now time.Time, by string) (Changes, error) {
	p := planner{current: current, files: files, changes: Changes{Version: current.Version() + 1, At: now, By: by}}
	if o.Prune {
		p.prune()
	}
	stays := p.changes.Apply(current)
	if err := p.files.checkAgainst(stays); err != nil {
		return Changes{}, err
	}
	if err := p.orphans(stays); err != nil {
		return Changes{}, err
	}
	removals := p.changes.List
	p.changes.List = nil
	p.schemas()
	p.sources()
	p.destinations()
	p.changes.List = append(p.changes.List, removals...)
	if p.changes.Empty() {
		p.changes.Version = current.Version()
	}
	return p.changes, nil
}

type planner struct {
	current *View
	files   *Files
	changes Changes
}

func (p *planner) add(c Change) { p.changes.List = append(p.changes.List, c) }

// prune plans to remove what files made and no file describes.
func (p *planner) prune() {
	gone := func(kind, name, origin string) bool {
		_, described := p.files.places[kind+"/"+name]
		return origin != "" && !described
	}
	versions := map[string][]string{} // keys by name
	for _, s := range p.current.Schemas() {
		versions[s.Name] = append(versions[s.Name], Key(s))
	}
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		newest := p.current.entries[versions[name][0]].(Schema)
		if gone(KindSchema, name, newest.Origin) {
			p.add(Change{Action: Removed, Kind: KindSchema, Name: name, Origin: newest.Origin, remove: versions[name]})
		}
	}
	for _, s := range p.current.Sources() {
		if gone(KindSource, s.Label, s.Origin) {
			p.add(Change{Action: Removed, Kind: KindSource, Name: s.Label, Origin: s.Origin, remove: []string{Key(s)}})
		}
	}
	for _, d := range p.current.Destinations() {
		if gone(KindDestination, d.Label, d.Origin) {
			p.add(Change{Action: Removed, Kind: KindDestination, Name: d.Label, Origin: d.Origin, remove: []string{Key(d)}})
		}
	}
}

// orphans returns a mistake for each log type that would be removed while a source that stays uses it. What the files
// describe is checked already.
func (p *planner) orphans(stays *View) error {
	var problems strict.Problems
	for _, s := range stays.Sources() {
		if _, described := p.files.places[KindSource+"/"+s.Label]; described {
			continue
		}
		for _, name := range s.LogTypes {
			for _, c := range p.changes.List {
				if _, ok := stays.Schema(name); !ok && c.Kind == KindSchema && c.Name == name {
					problems.Add(strict.Problem{Text: fmt.Sprintf("log type %s is not in the files any more, but log source %q uses it", name, s.Label),
						Hint: "take it out of the source first, keep its file, or apply without --prune"})
				}
			}
		}
	}
	return problems.Err()
}

func (p *planner) schemas() {
	before := map[string]Schema{}
	for _, s := range p.current.Schemas() {
		if _, ok := before[s.Name]; !ok { // the newest comes first
			before[s.Name] = s
		}
	}
	for _, s := range byName(p.files.Schemas, func(s Schema) string { return s.Name }) {
		old, exists := before[s.Name]
		c := Change{Kind: KindSchema, Name: s.Name, Origin: s.Origin}
		s.Version = p.changes.Version
		switch {
		case !exists:
			c.Action, c.put = Added, s
			if _, ok := logtype.Builtin(s.Name); ok {
				c.Details = []string{"takes the place of the one built in"}
			}
		case old.Text != s.Text:
			c.Action, c.put, c.Details = Changed, s, []string{fmt.Sprintf("version %d -> %d", old.Version, s.Version)}
		case old.Origin == "":
			s.Version = old.Version
			c.Action, c.put, c.Details = Changed, s, []string{adopted(s.Origin)}
		default:
			c.Action = Unchanged
		}
		p.add(c)
	}
}

func (p *planner) sources() {
	before := map[string]LogSource{}
	for _, s := range p.current.Sources() {
		before[s.Label] = s
	}
	for _, s := range byName(p.files.Sources, func(s LogSource) string { return s.Label }) {
		old, exists := before[s.Label]
		p.add(p.source(old, exists, s))
	}
}

// source plans one source; old is what the catalogue has, if it exists.
func (p *planner) source(old LogSource, exists bool, s LogSource) Change {
	c := Change{Action: Added, Kind: KindSource, Name: s.Label, Origin: s.Origin}
	s.ID, s.Created, s.InputsVersion = old.ID, old.Created, old.InputsVersion
	switch {
	case !exists:
		s.ID, s.Created, s.InputsVersion = uuid.NewString(), p.changes.At, p.changes.Version
		c.Details = sourceFacts(s).lines()
	default:
		c.Details = differences(sourceFacts(old), sourceFacts(s), old.Origin, s.Origin)
		if c.Action = Changed; len(c.Details) == 0 {
			c.Action = Unchanged
			return c
		}
		if !sameSet(old.Topics, s.Topics) {
			s.InputsVersion = p.changes.Version
		}
	}
	s.Version = p.changes.Version
	c.put = s
	return c
}

func (p *planner) destinations() {
	before := map[string]Destination{}
	for _, d := range p.current.Destinations() {
		before[d.Label] = d
	}
	for _, d := range byName(p.files.Destinations, func(d Destination) string { return d.Label }) {
		old, exists := before[d.Label]
		c := Change{Action: Added, Kind: KindDestination, Name: d.Label, Origin: d.Origin}
		d.ID, d.Version = old.ID, p.changes.Version
		if !exists {
			d.ID = uuid.NewString()
			c.Details = destinationFacts(d).lines()
		} else {
			c.Action, c.Details = Changed, differences(destinationFacts(old), destinationFacts(d), old.Origin, d.Origin)
		}
		if len(c.Details) == 0 {
			c.Action = Unchanged
		} else {
			c.put = d
		}
		p.add(c)
	}
}

// SetAlarm plans another threshold for the drop-off alarm of one source; 0 switches it off.
func SetAlarm(current *View, label string, threshold time.Duration, now time.Time, by string) (Changes, error) {
	if threshold != 0 && threshold < MinAlarm {
		return Changes{}, fmt.Errorf("set the alarm of log source %q: %s is too short: the shortest threshold is %s",
			label, strict.FormatDuration(threshold), strict.FormatDuration(MinAlarm))
	}
	var labels []string
	for _, s := range current.Sources() {
		labels = append(labels, s.Label)
		if s.Label != label {
			continue
		}
		p := planner{current: current, changes: Changes{Version: current.Version() + 1, At: now, By: by}}
		changed := s
		changed.Alarm = threshold
		p.add(p.source(s, true, changed))
		if c := &p.changes.List[0]; c.Action == Changed && s.Origin != "" {
			c.Details = append(c.Details, fmt.Sprintf("%s says otherwise, and the next apply follows the file: change it there too", s.Origin))
		}
		if p.changes.Empty() {
			p.changes.Version = current.Version()
		}
		return p.changes, nil
	}
	hint := strict.DidYouMean(label, labels)
	if hint == "" {
		hint = "panther sources list shows those there are"
	}
	return Changes{}, fmt.Errorf("set the alarm: no log source is named %q; %s", label, hint)
}

func byName[T any](list []T, name func(T) string) []T {
	return slices.SortedFunc(slices.Values(list), func(a, b T) int { return cmp.Compare(name(a), name(b)) })
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func adopted(origin string) string { return "kept in " + origin + " from now on" }
