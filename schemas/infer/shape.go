package infer

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of objects: one with more members is json, and of a line with more not all become fields.
const (
	maxMembers = 200
	maxTop     = 2000
)

// A presence is what an object has of a field.
type presence int

const (
	empty  presence = iota // null
	blank                  // "", which is a value for some types
	filled                 // any other value
)

// A shape is what was seen at one place of the lines: how often which kind of value.
type shape struct {
	nulls    int
	blanks   int // texts that are ""
	texts    int // other texts
	booleans int
	integers int // whole numbers that a bigint holds
	decimals int // other numbers that a float holds
	large    int // numbers that neither holds

	objects int
	members []*member // in the order in which they were first seen
	index   map[string]*member
	wide    bool // there were too many
	unnamed bool // there were names that cannot be fields

	arrays  int
	element *shape

	times times
	looks looks
	cells bool // of a line of text: numbers and booleans are texts as well
}

// A member is a name of an object.
type member struct {
	name string
	seen [filled + 1]int // in how many objects it had what
	shape
}

func (s *shape) add(name string) *member {
	m := &member{name: name}
	m.times.named(name)
	m.looks.named(name)
	if s.index == nil {
		s.index = map[string]*member{}
	}
	s.index[name] = m
	s.members = append(s.members, m)
	return m
}

// widen gives up the members of an object that has too many.
func (s *shape) widen() { s.wide, s.members, s.index = true, nil, nil }

func (s *shape) text(text string) {
	if text == "" {
		s.blanks++
		return
	}
	s.texts++
	s.times.text(text)
	s.looks.text(text)
}

var (
	integer   = regexp.MustCompile(`^-?[0-9]+$`)
	plainCell = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

func (s *shape) number(text string) {
	s.times.number(text)
	if integer.MatchString(text) {
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			s.integers++
			return
		}
		s.large++ // a float would lose digits
		return
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(f, 0) {
		s.decimals++
		return
	}
	s.large++
}

// cell notes a value of a line of text. Digits that no number is written with, as 007, stay a text.
func (s *shape) cell(text string) {
	s.cells = true
	switch {
	case plainCell.MatchString(text):
		s.number(text)
		s.looks.text(text)
	case strings.EqualFold(text, "true") || strings.EqualFold(text, "false"):
		switch text {
		case "true", "TRUE", "True", "false", "FALSE", "False":
			s.booleans++
			s.times.no()
			return
		}
		s.text(text)
	default:
		s.text(text)
	}
}

func (s *shape) numbers() int { return s.integers + s.decimals + s.large }
func (s *shape) scalars() int { return s.blanks + s.texts + s.booleans + s.numbers() }
