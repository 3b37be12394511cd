package logtype

import (
	"fmt"
	"slices"
	"strings"

	"panther/schemas/strict"
)

// A pathReader finds what the paths of transformations mean. A path is names of fields joined by dots, from the top: a field
// that is renamed has its new name, one that a transformation made earlier stands for what that made, and a name that no field
// has is a member of the line that the schema does not declare. A name that has dots itself is found if it is declared.
type pathReader struct {
	fields          []Field
	made            []maker
	paths, literals int // what fields may still be made of
}

func (p *pathReader) field(name string) *Field {
	i := slices.IndexFunc(p.fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &p.fields[i]
}

// read reads a path of m: a copy of what is there, or what was joined before.
func (p *pathReader) read(n strict.Node, m maker) (Derived, bool) {
	text := n.Text()
	if text == "" || strings.HasPrefix(text, ".") || strings.HasSuffix(text, ".") || strings.Contains(text, "..") {
		if n.IsText() {
			n.Problem(fmt.Sprintf("%s: %q is no path", m.stage, text), "as user.name: names joined by dots")
		}
		return Derived{}, false
	}
	d, why, hint := p.resolve(text, m)
	if why != "" {
		n.Problem(fmt.Sprintf("%s: %s", m.stage, why), hint)
		return Derived{}, false
	}
	return d, true
}

// resolve follows a path from the top. why says what is wrong with it.
func (p *pathReader) resolve(text string, m maker) (d Derived, why, hint string) {
	level, rest := p.fields, text
	var path Path
	for {
		f := longest(level, rest)
		own := len(path) == 0 && f != nil && f.Name == m.field
		if f == nil || own {
			name, behind, _ := strings.Cut(rest, ".")
			if own {
				name, behind = f.Name, strings.TrimPrefix(rest[len(f.Name):], ".")
			} else if i := slices.IndexFunc(level, func(f Field) bool { return f.From == name }); i >= 0 {
				return d, fmt.Sprintf("%q is renamed to %q before", name, level[i].Name), "use the new name"
			}
			if own && behind == "" && m.stage == copyStage {
				return d, fmt.Sprintf("%q is copied to itself", text), "leave the copy out"
			}
			path, level, rest = append(path, name), nil, behind
		} else {
			rest = strings.TrimPrefix(rest[len(f.Name):], ".")
			if made := p.maker(f, path); made != nil {
				if d, why, hint = p.earlier(f, made, m, rest); why != "" || d.Join != nil {
					return d, why, hint
				}
				path = slices.Clone(d.Copy)
			} else {
				path = append(path, f.Member())
			}
			if why, hint = leads(f, rest); why != "" {
				return Derived{}, why, hint
			}
			level = f.Fields
		}
		if rest == "" {
			return Derived{Copy: path}, "", ""
		}
	}
}

// longest finds the field that a path begins with: of "a" and "a.b" the second, if both are there.
func longest(fields []Field, path string) (found *Field) {
	for i := range fields {
		f := &fields[i]
		if (path == f.Name || strings.HasPrefix(path, f.Name+".")) && f.Name != "" && (found == nil || len(f.Name) > len(found.Name)) {
			found = f
		}
	}
	return found
}

// maker returns how a field at the top is made; nil if it is a member of the line.
func (p *pathReader) maker(f *Field, path Path) *maker {
	i := slices.IndexFunc(p.made, func(m maker) bool { return m.field == f.Name })
	if i < 0 || len(path) > 0 {
		return nil
	}
	return &p.made[i]
}

// earlier returns what f is made of, if it is made before m.
func (p *pathReader) earlier(f *Field, made *maker, m maker, rest string) (d Derived, why, hint string) {
	switch {
	case made.stage >= m.stage || f.Derived == nil:
		return d, fmt.Sprintf("%q is made by %s, which is not done before", f.Name, made.stage),
			"the order is rename, copy, concat, split; name what it is made of"
	case f.Derived.Join != nil && rest != "":
		return d, fmt.Sprintf("%q is a text and has no member %q", f.Name, rest), ""
	}
	return *f.Derived, "", ""
}

// leads reports whether a path can go on from a field, with rest before it.
func leads(f *Field, rest string) (why, hint string) {
	switch {
	case rest == "":
	case f.IsEmbeddedJSON:
		return fmt.Sprintf("the path leads into the embedded JSON of %q", f.Name), "a value within it cannot be taken out"
	case f.Type == Array:
		return fmt.Sprintf("the path leads into the array %q", f.Name), "an element cannot be taken out"
	case f.Type != Object && f.Type != JSON && f.Type != "":
		return fmt.Sprintf("the field %q is of type %s and has no member %q", f.Name, f.Type, rest), ""
	}
	return "", ""
}

// check reports what a field that is made of others cannot be, and what would show a masked value.
func (p *pathReader) check(m maker, f *Field) {
	if f.Derived.Copy == nil && (f.Type == Object || f.Type == Array) && !f.IsEmbeddedJSON {
		m.at.Problem(fmt.Sprintf("%s makes a text, and the field %q is an %s", m.stage, f.Name, f.Type), "if the text holds JSON, add isEmbeddedJSON: true")
	}
	if f.Mask != nil {
		return
	}
	for _, masked := range maskedPaths(nil, p.fields) {
		for _, path := range f.Derived.Paths() {
			if shorter := min(len(path), len(masked)); slices.Equal(path[:shorter], masked[:shorter]) {
				m.at.Problem(fmt.Sprintf("%s would show %s, which is masked", m.stage, masked), "mask this field as well")
				return
			}
		}
	}
}

// maskedPaths lists where masked values stand in a line.
func maskedPaths(path Path, fields []Field) (masked []Path) {
	for i := range fields {
		f := &fields[i]
		if f.Derived != nil {
			continue
		}
		at := append(slices.Clone(path), f.Member())
		inner := f.Fields
		for v := &f.Value; v != nil; v = v.Element {
			inner = v.Fields
			if v.Mask != nil {
				masked = append(masked, at)
			}
		}
		masked = append(masked, maskedPaths(at, inner)...)
	}
	return masked
}
