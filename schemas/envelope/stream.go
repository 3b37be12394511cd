package envelope

import (
	"bytes"
	"fmt"
	"iter"
	"unicode/utf8"

	"panther/schemas"
	"panther/schemas/classify"
)

// A Type is the stream type of a log source.
type Type string

// The stream types.
const (
	Auto           Type = "Auto"           // whatever the bytes look like
	JSON           Type = "JSON"           // JSON objects
	JSONArray      Type = "JsonArray"      // arrays of JSON objects
	Lines          Type = "Lines"          // lines of text
	CloudWatchLogs Type = "CloudWatchLogs" // envelopes of CloudWatch Logs
)

// Types lists the stream types, in the order in which messages name them.
func Types() []Type { return []Type{Auto, JSON, JSONArray, Lines, CloudWatchLogs} }

// Bounds of what becomes of one record: a few kilobytes of gzip could hold millions of lines, and each makes an event or failure.
const (
	MaxLines     = 1_000_000 // of a record; what comes behind them is broken
	MaxEnvelopes = 64 << 20  // bytes of the envelopes of a record's lines together: each line has its own copy
	MaxRepeats   = 100       // as many times the bytes of a record, if that is more, where it is unbounded
)

// A Stream says how the records of a log source hold lines. The zero value is Auto.
type Stream struct {
	Type       Type
	ArrayField string // of JsonArray: the member of an object that has the array; empty: the array stands alone
	Retain     bool   // of JsonArray: the other members of that object are the envelope
	Unbounded  bool   // what becomes of a record needs to fit nowhere: MaxLines does not count, and see MaxRepeats
}

// ByLine reports whether a file can be read as if each of its lines were a record, by its first line: all but those whose
// objects or arrays go over several lines.
func (s Stream) ByLine(first []byte) bool {
	first = trimRight(first[skip(first, 0):])
	switch {
	case s.Type == Lines || len(first) == 0:
		return true
	case s.Type != Auto && s.Type != "":
		return false
	}
	last := first[len(first)-1]
	return first[0] != '{' && !beginsArray(first) && !bytes.Equal(first, []byte("[")) || last == '}' || last == ']'
}

// A Line is a line of a record, or a part that is none. Its parts share the memory of the record.
type Line struct {
	Number   int64 // within the record, from 0
	Bytes    []byte
	Header   []byte          // of a record of several lines of text: the first of them, also for itself; else nil
	Envelope []byte          // a JSON object, valid and compact; nil: there is none
	Broken   *schemas.Reason // why Bytes is no line; its span is within Bytes. Nil: it is one
	Skip     bool            // the envelope says that this is no event
}

// Lines yields the lines of a record, which was unpacked if need be: see Unpack. A record without any, because it is empty or
// blank, yields one that is broken; so nothing that was sent is passed over without a word. Only an array or a list without
// elements yields nothing.
func (s Stream) Lines(record []byte) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		w := walk{Stream: s, yield: yield, most: MaxEnvelopes}
		if s.Unbounded {
			w.most = max(w.most, MaxRepeats*len(record))
		}
		record = record[:len(record):len(record)] // for full
		if skip(record, 0) == len(record) {
			w.broken(record, schemas.Reason{Code: schemas.NotJSON, Expected: "a line", Got: "an empty record"})
			return
		}
		switch s.Type {
		case Lines:
			w.text(record)
		case JSON, CloudWatchLogs:
			w.objects(record)
		case JSONArray:
			if s.ArrayField != "" {
				w.objects(record)
			} else {
				w.arrays(record)
			}
		default:
			w.auto(record)
		}
	}
}

// auto looks at the first bytes.
func (w *walk) auto(record []byte) {
	b := record[skip(record, 0):]
	switch {
	case b[0] == '{':
		w.objects(record)
	case beginsArray(trimRight(b)):
		w.arrays(record)
	default:
		w.text(record)
	}
}

// A walk is one way through a record.
type walk struct {
	Stream
	yield    func(Line) bool
	n        int64 // lines yielded
	repeated int   // bytes of their envelopes
	most     int   // of these
	header   []byte
	done     bool // nobody wants more
}

// line yields a line that is whole.
func (w *walk) line(l Line) {
	if len(l.Bytes) > classify.MaxLine {
		w.parts(l, schemas.Reason{Code: schemas.LineTooLong, Expected: fmt.Sprintf("at most %d bytes", classify.MaxLine),
			Got: fmt.Sprintf("%d bytes", len(l.Bytes))})
		return
	}
	w.emit(l)
}

// broken yields bytes that are no line. A reason without a span means all of them.
func (w *walk) broken(b []byte, why schemas.Reason) { w.brokenIn(b, nil, why) }

func (w *walk) brokenIn(b, envelope []byte, why schemas.Reason) {
	if why.Span.End == 0 {
		why.Span = schemas.Span{End: len(b)}
	}
	l := Line{Bytes: b, Envelope: envelope}
	if len(b) > classify.MaxLine {
		w.parts(l, why)
		return
	}
	l.Broken = &why
	w.emit(l)
}

// parts yields a line that is too long in parts, each with the reason and its own number. They are cut between characters, so
// that text stays text.
func (w *walk) parts(l Line, why schemas.Reason) {
	const most = classify.MaxLine - utf8.UTFMax
	of := (len(l.Bytes) + most - 1) / most
	for i, start := 1, 0; i <= of; i++ {
		end := len(l.Bytes) * i / of
		for back := 1; i < of && back < utf8.UTFMax && !utf8.RuneStart(l.Bytes[end]); back++ {
			end--
		}
		part := why
		part.Got += fmt.Sprintf("; this is part %d of %d", i, of)
		part.Span = schemas.Span{End: end - start}
		w.emit(Line{Bytes: l.Bytes[start:end], Envelope: l.Envelope, Broken: &part})
		start = end
	}
}

func (w *walk) emit(l Line) {
	if w.done {
		return
	}
	l.Number = w.n
	w.n++
	w.repeated += len(l.Envelope)
	w.done = !w.yield(l)
}

// full reports whether rest is not to be looked at any more: nobody wants it, or the record holds too many lines or envelopes. Then the
// record is broken from the beginning of rest, which is a part of it, to the end.
func (w *walk) full(rest []byte) bool {
	rest = rest[:cap(rest)]
	switch {
	case w.done:
	case w.n >= MaxLines && !w.Unbounded:
		w.broken(rest, schemas.Reason{Code: schemas.LineTooLong, Expected: fmt.Sprintf("at most %d lines in a record", MaxLines), Got: "more"})
	case w.repeated > w.most:
		w.broken(rest, schemas.Reason{Code: schemas.LineTooLong,
			Expected: fmt.Sprintf("envelopes of at most %d bytes for all lines of a record", w.most), Got: "more"})
	default:
		return false
	}
	w.done = true
	return true
}

// text yields the lines of a record of text. The first one is the header of all, unless it is alone: then nothing tells that it
// is one.
func (w *walk) text(b []byte) {
	b = bytes.TrimLeft(b, "\r\n")
	if first, rest := cutLine(b); len(bytes.Trim(rest, "\r\n")) > 0 {
		w.header = first[:min(len(first), classify.MaxLine)]
	}
	w.lines(b)
}

// lines yields lines of text.
func (w *walk) lines(b []byte) {
	for len(b) > 0 && !w.full(b) {
		line, rest := cutLine(b)
		b = rest
		if len(line) > 0 {
			w.line(Line{Bytes: line, Header: w.header})
		}
	}
}

// cutLine cuts off the first line of text.
func cutLine(b []byte) (line, rest []byte) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return b, nil
	}
	return bytes.TrimSuffix(b[:end], []byte("\r")), b[end+1:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// trimRight takes white space off the end.
func trimRight(b []byte) []byte {
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

// skip returns where the next byte that is no white space stands.
func skip(b []byte, i int) int {
	for i < len(b) && isBlank(b[i]) {
		i++
	}
	return i
}
