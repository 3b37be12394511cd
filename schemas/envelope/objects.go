package envelope

import (
	"bytes"
	"fmt"

	"panther/schemas"
)

// objects yields JSON objects with white space between them. A line feed before a brace is between two objects wherever JSON
// cannot go on there, which needs no parser: nothing but a comma, a colon or a bracket stands before an object within another.
func (w *walk) objects(b []byte) {
	for len(b) > 0 && !w.done {
		end, doubt, plain := cutSegment(b)
		segment := trimRight(b[:end])
		b = b[end:]
		switch from := skip(segment, 0); {
		case from == len(segment):
		case plain && segment[from] == '{':
			if !w.full(segment[from:]) {
				w.object(segment[from:])
			}
		default:
			w.segment(segment, doubt)
		}
	}
}

// cutSegment returns where the next object begins on a line of its own. doubt is where one may begin if the bytes before it
// are torn; 0: nowhere. plain tells that the segment is at most one object: it is of one line, and no brace follows another
// that closes.
func cutSegment(b []byte) (end, doubt int, plain bool) {
	plain = true
	first := skip(b, 0)
	feed, brace := next(b, first, '\n'), next(b, first+1, '{')
	for {
		// A brace before the next line feed: does it follow a closing one?
		for ; brace < feed; brace = next(b, brace+1, '{') {
			if plain && before(b, brace) == '}' {
				plain = false
			}
		}
		if feed >= len(b) {
			return len(b), doubt, plain
		}
		follows := skip(b, feed)
		if follows == len(b) {
			return len(b), doubt, plain
		}
		if b[follows] == '{' {
			switch before(b, feed) {
			case ',', ':', '[':
				if doubt == 0 {
					doubt = follows
				}
			default:
				return follows, doubt, plain
			}
			brace = next(b, follows+1, '{')
		}
		plain = false
		feed = next(b, follows, '\n')
	}
}

// next finds c from i on; the length of b if it is not there.
func next(b []byte, i int, c byte) int {
	if i >= len(b) {
		return len(b)
	}
	if n := bytes.IndexByte(b[i:], c); n >= 0 {
		return i + n
	}
	return len(b)
}

// before returns the last byte before i that is no white space; 0 if there is none.
func before(b []byte, i int) byte {
	for i--; i >= 0; i-- {
		if !isBlank(b[i]) {
			return b[i]
		}
	}
	return 0
}

// segment yields what stands in a segment that is not plainly one object.
func (w *walk) segment(b []byte, doubt int) {
	for i := skip(b, 0); i < len(b) && !w.full(b[i:]); i = skip(b, i) {
		if b[i] != '{' {
			w.stray(b[i:])
			return
		}
		end, flaw := scanValue(b, i)
		if !flaw.ok() {
			if doubt > i {
				if whole, flaw := scanValue(b, doubt); flaw.ok() && whole == len(b) {
					w.object(trimRight(b[i:doubt]))
					w.object(b[doubt:])
					return
				}
			}
			if w.looksAsText(b[i:flaw.at]) {
				end = next(b, flaw.at, '\n')
				w.object(trimRight(b[i:end]))
				i = end
				continue
			}
			w.object(b[i:])
			return
		}
		if follows := skip(b, end); follows < len(b) && b[follows] != '{' && bytes.IndexByte(b[end:follows], '\n') < 0 {
			end = next(b, end, '\n') // something behind the object: they are one line, which the checker refuses
		}
		w.object(trimRight(b[i:end]))
		i = end
	}
}

// looksAsText reports whether what begins with a brace and is no JSON behind the bytes sound is a line among others, for all
// that is known, and not an object over several lines.
func (w *walk) looksAsText(sound []byte) bool {
	return w.Type != JSON && w.Type != JSONArray && w.Type != CloudWatchLogs && bytes.IndexByte(sound, '\n') < 0
}

// stray yields what stands where an object should.
func (w *walk) stray(b []byte) {
	want := "a JSON object"
	switch w.Type {
	case JSON, CloudWatchLogs:
		want += fmt.Sprintf(", for the source's streamType is %s", w.Type)
	case JSONArray:
		want += fmt.Sprintf(" with the member %s, for the source's jsonArrayEnvelopeField is that", w.ArrayField)
	default:
		w.lines(b)
		return
	}
	w.broken(b, schemas.Reason{Code: schemas.NotJSON, Expected: want, Got: shown(b)})
}

// object yields an object, which may be broken, as a line, or the lines in it.
func (w *walk) object(b []byte) {
	switch {
	case w.Type == JSONArray:
		w.wrapped(b)
	case w.Type == CloudWatchLogs || w.Type != JSON && namesLogEvents(b):
		w.cloudWatch(b)
	default:
		w.line(Line{Bytes: b})
	}
}
