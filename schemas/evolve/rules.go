package evolve

import (
	"fmt"
	"reflect"
	"slices"

	"panther/schemas/logtype"
)

// made compares where a field comes from: a member of the line, or other values.
func (c *comparison) made(at string, old, new logtype.Field) {
	what := ""
	switch {
	case old.Derived == nil && new.Derived == nil && old.Member() != new.Member():
		what = fmt.Sprintf("is the member %s of the line, not %s", new.Member(), old.Member())
	case !reflect.DeepEqual(old.Derived, new.Derived):
		what = "is made of other values"
	default:
		return
	}
	change := Change{Path: at, What: what, Level: Look, Lines: "those where it is no " + string(new.Type) + " now"}
	if new.Required {
		change.Level, change.Lines = Breaks, "those where it is not there now, or no "+string(new.Type)
	}
	c.add(change)
}

// rules compares what a text may be, and what events have in its place.
func (c *comparison) rules(at string, old, new logtype.Value) {
	if !reflect.DeepEqual(old.Validate, new.Validate) {
		change := Change{Path: at, What: "validate takes more", Level: Safe}
		if !loosened(old.Validate, new.Validate) {
			change = Change{Path: at, What: "validate", Level: Breaks, Lines: "those whose text is not allowed any more"}
		}
		c.add(change)
	}
	if !reflect.DeepEqual(old.Mask, new.Mask) {
		c.add(Change{Path: at, What: "mask", Level: Look, Lines: "events have another text in its place; rows that are there keep theirs"})
	}
}

// loosened reports whether every text that old takes is one that new takes.
func loosened(old, new *logtype.Validate) bool {
	switch {
	case new == nil:
		return true
	case old == nil:
		return false
	}
	within := func(a, b []string) bool {
		return !slices.ContainsFunc(a, func(text string) bool { return !slices.Contains(b, text) })
	}
	family := func(old, new logtype.Family) bool {
		return new == "" || new == old || new == logtype.AnyFamily && old != ""
	}
	allow := new.Allow == nil || old.Allow != nil && within(old.Allow, new.Allow)
	return allow && within(new.Deny, old.Deny) && family(old.IP, new.IP) && family(old.CIDR, new.CIDR)
}
