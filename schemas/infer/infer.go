// Package infer writes a log-type schema from sample lines.
//
// Its one idea: a shape counts what was seen at each place of the lines, and nothing is decided before the last line. Then
// each place gets the narrowest type that takes all that was seen there, so the schema accepts every line it was made from:
//
//   - whole numbers are bigint, other numbers float, whole numbers and others together float; numbers that neither holds
//     are string, which keeps their digits;
//   - texts that are all times in formats that are known are timestamp; so are numbers of a plausible size in a field whose
//     name says that it is a time;
//   - other texts are string, with an indicator where all of them look alike;
//   - texts beside numbers or booleans are string; objects, arrays and single values in one place are json;
//   - an object with more than 200 different members is json: its names are data;
//   - what was only null, or an object without members, is json;
//   - a field is required if it had a value in every object that it belongs to.
//
// What it writes is a draft for a person: its comments say what was guessed. Start with JSON or CSV, and Observer.Line.
package infer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// An Observer looks at the lines of one log type, one after the other. It keeps counts, not the lines, and its memory is
// bounded whatever they hold.
type Observer struct {
	root  *shape
	nodes int
	left  map[string]string // names at the top that cannot be fields, and why
	csv   *csvFormat        // nil: lines are JSON objects
	lines int
}

// JSON makes an Observer of lines that are JSON objects.
func JSON() *Observer { return &Observer{root: &shape{}, left: map[string]string{}} }

// maxNodes bounds the memory of an Observer: how many places it tells apart.
const maxNodes = 100_000

// Line looks at a line, without its end. A line that is none of the format is not counted; the error says why.
func (o *Observer) Line(line []byte) error {
	if len(line) > classify.MaxLine {
		return fmt.Errorf("the line has %d bytes; a pipeline takes %d", len(line), classify.MaxLine)
	}
	if o.csv != nil {
		return o.csvLine(line)
	}
	if err := checkObject(line); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	o.value(d, token(d), o.root, 1)
	o.lines++
	return nil
}

// Lines returns how many lines were counted.
func (o *Observer) Lines() int { return o.lines }

// checkObject says what is wrong with a line that a schema of JSON would never take.
func checkObject(line []byte) error {
	trimmed := bytes.TrimLeft(line, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return errors.New("the line is empty")
	case bytes.HasPrefix(trimmed, []byte("\ufeff")):
		return errors.New("the line begins with a byte order mark, which no JSON may; take it off")
	case !json.Valid(line):
		return fmt.Errorf("the line is not JSON: %w", json.Unmarshal(line, new(any)))
	case trimmed[0] != '{':
		return errors.New("the line is JSON, and no object")
	case tooDeep(line):
		return fmt.Errorf("objects and arrays are nested more than %d deep", classify.MaxDepth)
	}
	return nil
}

// tooDeep reports whether a valid JSON text is nested deeper than a checker takes.
func tooDeep(text []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > classify.MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// token returns the next token of a text that is known to be valid.
func token(d *json.Decoder) json.Token {
	t, err := d.Token()
	if err != nil {
		panic("a valid JSON text has a bad token: " + err.Error())
	}
	return t
}

// value notes the value that begins with t; s is nil where nobody wants to know any more. It returns what a field has of it.
func (o *Observer) value(d *json.Decoder, t json.Token, s *shape, depth int) presence {
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			o.object(d, s, depth)
		} else {
			o.array(d, s, depth)
		}
		return filled
	case nil:
		if s != nil {
			s.nulls++
		}
		return empty
	case string:
		if s != nil {
			s.text(t)
		}
		if t == "" {
			return blank
		}
	case json.Number:
		if s != nil {
			s.number(string(t))
		}
	case bool:
		if s != nil {
			s.booleans++
		}
	}
	return filled
}

// object notes an object. Of a name that is there twice the last value says whether the field has one, as in a checker.
func (o *Observer) object(d *json.Decoder, s *shape, depth int) {
	if s != nil {
		s.objects++
	}
	last := map[*member]presence{}
	for d.More() {
		name := token(d).(string)
		m := o.member(s, name, depth)
		if m == nil {
			o.value(d, token(d), nil, depth+1)
			continue
		}
		last[m] = o.value(d, token(d), &m.shape, depth+1)
	}
	token(d)
	for m, p := range last {
		m.seen[p]++
	}
}

func (o *Observer) array(d *json.Decoder, s *shape, depth int) {
	var element *shape
	if s != nil {
		s.arrays++
		if s.element == nil {
			s.element = &shape{}
			o.nodes++
		}
		element = s.element
	}
	for d.More() {
		o.value(d, token(d), element, depth+1)
	}
	token(d)
}

// member returns the place for a member of an object; nil if nobody wants to know of it.
func (o *Observer) member(s *shape, name string, depth int) *member {
	if s == nil {
		return nil
	}
	if m := s.index[name]; m != nil || s.wide {
		return m
	}
	top := s == o.root
	if why := logtype.FieldNameFlaw(name, top); why != "" {
		if top && len(o.left) < maxMembers {
			o.left[name] = why
		}
		s.unnamed = true
		return nil
	}
	switch {
	case top && len(s.members) == maxTop:
		s.wide = true // those that are known are kept
		return nil
	case !top && (len(s.members) == maxMembers || o.nodes > maxNodes):
		s.widen()
		return nil
	}
	o.nodes++
	return s.add(name)
}
