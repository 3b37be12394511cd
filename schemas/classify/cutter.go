package classify

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// A cutter is a regular expression in which the next byte alone decides how a line goes on: texts, runs of bytes of a set, groups
// that are there or not; it has no alternatives and no \b. It finds what package regexp finds, many times as quickly, for it never
// goes back and never tries two ways at once.
type cutter struct {
	steps  []step
	places int  // of groups: two for each, the whole match included
	whole  bool // the match ends with the line
}

// A step is one part of a cutter, by its kind.
type step struct {
	kind     stepKind
	text     string
	set      *byteSet
	min, max int // of a run; max < 0: as many as there are
	group    int // the place that is noted, as regexp counts them
	skip     int // how many steps the group takes that may be missing
}

type stepKind uint8

const (
	textStep  stepKind = iota // exactly this text
	runStep                   // as many bytes of the set as there are
	noteStep                  // here a group begins or ends
	maybeStep                 // what follows is there if the next byte is of the set
)

type byteSet [256]bool

func (s *byteSet) meets(o *byteSet) bool {
	for c := range s {
		if s[c] && o[c] {
			return true
		}
	}
	return false
}

func (s *byteSet) join(o *byteSet) {
	for c := range s {
		s[c] = s[c] || o[c]
	}
}

// cut returns where the groups of the expression begin and end, as FindSubmatchIndex does, but for the whole match. It writes them
// into the memory of places.
func (c *cutter) cut(places []int, line []byte) (_ []int, ok bool) {
	places = fit(places, c.places)
	for i := range places {
		places[i] = -1
	}
	at := 0
	for i := 0; i < len(c.steps); i++ {
		switch s := &c.steps[i]; s.kind {
		case textStep:
			if len(line)-at < len(s.text) || string(line[at:at+len(s.text)]) != s.text {
				return places, false
			}
			at += len(s.text)
		case runStep:
			rest := line[at:]
			if s.max >= 0 && len(rest) > s.max {
				rest = rest[:s.max]
			}
			n := 0
			for n < len(rest) && s.set[rest[n]] {
				n++
			}
			if n < s.min {
				return places, false
			}
			at += n
		case noteStep:
			places[s.group] = at
		case maybeStep:
			if at == len(line) || !s.set[line[at]] {
				i += s.skip
			}
		}
	}
	return places, !c.whole || at == len(line)
}

// newCutter compiles an expression of package regexp; nil: it is not of this kind.
func newCutter(expr string) *cutter {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil || re.Op != syntax.OpConcat || re.Sub[0].Op != syntax.OpBeginText {
		return nil
	}
	parts := re.Sub[1:]
	last := len(parts) - 1
	c := &cutter{places: 2 * (re.MaxCap() + 1), whole: parts[last].Op == syntax.OpEndText}
	if c.whole {
		parts = parts[:last]
	}
	if _, ok := c.all(parts, ahead{open: !c.whole}); !ok {
		return nil
	}
	slices.Reverse(c.steps)
	return c
}

// ahead is what may stand where a part ends.
type ahead struct {
	set  byteSet // by these bytes what follows begins
	open bool    // what follows may be nothing, and then the match ends anywhere
}

// all compiles parts that follow each other. As everything here it goes from the end of the expression to its beginning, for what
// follows decides; begins is what may stand where the parts begin.
func (c *cutter) all(parts []*syntax.Regexp, next ahead) (begins ahead, ok bool) {
	for _, part := range slices.Backward(parts) {
		if next, ok = c.part(part, next); !ok {
			return next, false
		}
	}
	return next, true
}

// part compiles one part.
func (c *cutter) part(re *syntax.Regexp, next ahead) (begins ahead, ok bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return next, true
	case syntax.OpConcat:
		return c.all(re.Sub, next)
	case syntax.OpLiteral:
		text := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 || strings.ContainsRune(text, utf8.RuneError) { // which stands for what is no UTF-8, too
			return next, false
		}
		c.add(step{kind: textStep, text: text})
		begins.set[text[0]] = true
		return begins, true
	case syntax.OpCapture:
		c.add(step{kind: noteStep, group: 2*re.Cap + 1})
		begins, ok = c.part(re.Sub[0], next)
		c.add(step{kind: noteStep, group: 2 * re.Cap})
		return begins, ok
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return c.run(re, re, 1, 1, next)
	case syntax.OpStar:
		return c.run(re, re.Sub[0], 0, -1, next)
	case syntax.OpPlus:
		return c.run(re, re.Sub[0], 1, -1, next)
	case syntax.OpRepeat:
		return c.run(re, re.Sub[0], re.Min, re.Max, next)
	case syntax.OpQuest:
		if begins, ok = c.run(re, re.Sub[0], 0, 1, next); ok {
			return begins, true
		}
		return c.maybe(re.Sub[0], next)
	}
	return next, false
}

func (c *cutter) add(s step) { c.steps = append(c.steps, s) }

// run compiles re, a repetition of single characters of the kind of. It has to end by itself: none of them may begin what follows.
func (c *cutter) run(re, of *syntax.Regexp, least, most int, next ahead) (begins ahead, ok bool) {
	set, wide, ok := bytesOf(of)
	if !ok || wide && (most >= 0 || least > 1) { // characters of several bytes cannot be counted so
		return next, false
	}
	if least != most && set.meets(&next.set) || re.Flags&syntax.NonGreedy != 0 && next.open {
		return next, false
	}
	c.add(step{kind: runStep, set: &set, min: least, max: most})
	begins.set = set
	if least == 0 {
		begins.set.join(&next.set)
		begins.open = next.open
	}
	return begins, true
}

// maybe compiles a part that may be missing. The next byte has to tell whether it is there; then there is no choice either where
// the expression would rather do without, as by ??.
func (c *cutter) maybe(re *syntax.Regexp, next ahead) (begins ahead, ok bool) {
	if next.open || canBeEmpty(re) {
		return next, false
	}
	n := len(c.steps)
	begins, ok = c.part(re, next)
	if !ok || begins.set.meets(&next.set) {
		return next, false
	}
	first := begins.set
	c.add(step{kind: maybeStep, set: &first, skip: len(c.steps) - n})
	begins.set.join(&next.set)
	return begins, true
}

// canBeEmpty reports whether a part may take no byte, or is of a kind that is not compiled.
func canBeEmpty(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return false
	case syntax.OpCapture, syntax.OpPlus:
		return canBeEmpty(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min == 0 || canBeEmpty(re.Sub[0])
	case syntax.OpConcat:
		return !slices.ContainsFunc(re.Sub, func(part *syntax.Regexp) bool { return !canBeEmpty(part) })
	}
	return true
}

// bytesOf returns the bytes of which the characters are made that a part takes. wide tells that it takes all characters outside of
// ASCII, and all bytes that are no UTF-8. If it takes some of them, ok is false.
func bytesOf(re *syntax.Regexp) (set byteSet, wide, ok bool) {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		for c := range set {
			set[c] = c != '\n' || re.Op == syntax.OpAnyChar
		}
		return set, true, true
	case syntax.OpLiteral:
		if len(re.Rune) != 1 || re.Rune[0] >= utf8.RuneSelf || re.Flags&syntax.FoldCase != 0 {
			return set, false, false
		}
		set[re.Rune[0]] = true
		return set, false, true
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			from, to := re.Rune[i], re.Rune[i+1]
			for c := from; c <= min(to, utf8.RuneSelf-1); c++ {
				set[c] = true
			}
			if to < utf8.RuneSelf {
				continue
			}
			if from > utf8.RuneSelf || to != utf8.MaxRune {
				return set, false, false
			}
			wide = true
			for c := utf8.RuneSelf; c < len(set); c++ {
				set[c] = true
			}
		}
		return set, wide, true
	}
	return set, false, false
}
