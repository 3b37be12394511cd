package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"panther/schemas/classify"
	"panther/schemas/logtype"
	"panther/schemas/strict"
)

// checkAlone returns all mistakes that files alone show. A log type that is neither built in nor in the files may still be in
// the catalogue, so alone it is no mistake yet; beside others it is told with them.
func (f *Files) checkAlone() error {
	f.checkTopics(&View{})
	if len(*f.problems) > 0 {
		f.checkLogTypes(&View{})
	}
	return f.problems.Err()
}

// checkAgainst returns the mistakes that show beside what stays in the catalogue.
func (f *Files) checkAgainst(stays *View) error {
	*f.problems = nil // checkAlone found none; those of an earlier look at another version are of no interest
	f.checkTopics(stays)
	f.checkLogTypes(stays)
	if len(*f.problems) == 0 {
		f.checkPlans(stays)
	}
	return f.problems.Err()
}

// checkPlans reports sources whose log types are too large together: those of the files, and those that stay and get another log
// type by the files.
func (f *Files) checkPlans(stays *View) {
	tried := map[string]error{}
	try := func(s LogSource) error {
		key := strings.Join(s.LogTypes, " ")
		if _, ok := tried[key]; !ok {
			_, tried[key] = classify.Compile(f.candidates(s, stays))
		}
		return tried[key]
	}
	for _, s := range f.Sources {
		if err := try(s); err != nil {
			f.places[KindSource+"/"+s.Label].name.Problem(fmt.Sprintf("log source %q: %v", s.Label, err), "")
		}
	}
	for _, s := range stays.Sources() {
		if _, replaced := f.places[KindSource+"/"+s.Label]; replaced {
			continue
		}
		for _, name := range s.LogTypes {
			if f.parsed[name] == nil {
				continue
			}
			if err := try(s); err != nil {
				f.places[KindSchema+"/"+name].name.Problem(fmt.Sprintf("log source %q of the catalogue has this log type: %v", s.Label, err), "")
				break
			}
		}
	}
}

// candidates are the schemas that a source will have.
func (f *Files) candidates(s LogSource, stays *View) (candidates []*logtype.Schema) {
	for _, name := range s.LogTypes {
		if schema := f.parsed[name]; schema != nil {
			candidates = append(candidates, schema)
		} else if schema, ok := stays.Schema(name); ok {
			candidates = append(candidates, schema)
		}
	}
	return candidates
}

// checkLogTypes reports log types that exist nowhere.
func (f *Files) checkLogTypes(current *View) {
	known := current.LogTypes()
	for _, s := range f.Schemas {
		known = append(known, s.Name)
	}
	slices.Sort(known)
	for _, user := range f.users {
		for _, n := range user.logTypes {
			if n.IsText() && !slices.Contains(known, n.Text()) {
				hint := strict.DidYouMean(n.Text(), known)
				if hint == "" || strict.Nearest(n.Text(), known) == "" {
					hint = "it is neither built in nor in these files; write its schema beside them"
				}
				n.Problem(fmt.Sprintf("unknown log type %q", n.Text()), hint)
			}
		}
	}
}

// checkTopics reports topics of two sources: a line must have one owner.
func (f *Files) checkTopics(current *View) {
	type owner struct{ name, hint string }
	owners := map[string]owner{}
	for _, s := range current.Sources() {
		if _, replaced := f.places[KindSource+"/"+s.Label]; !replaced {
			for _, topic := range s.Topics {
				owners[topic] = owner{fmt.Sprintf("log source %q of the catalogue", s.Label),
					fmt.Sprintf("if this is the same source under a new name, call it %q again, or apply with --prune, which removes what is not in the files; "+
						"else give it a topic of its own", s.Label)}
			}
		}
	}
	for _, s := range f.Sources {
		own := map[string]bool{} // reported where the list was read
		for _, n := range f.places[KindSource+"/"+s.Label].topics {
			if !n.IsText() {
				continue
			}
			topic := n.Text()
			if other, ok := owners[topic]; ok && !own[topic] {
				n.Problem(fmt.Sprintf("topic %q belongs to %s already", topic, other.name), other.hint)
				continue
			}
			own[topic] = true
			owners[topic] = owner{fmt.Sprintf("log source %q, at %s", s.Label, n.Position()), "a topic belongs to one log source"}
		}
	}
}
