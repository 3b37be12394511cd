package schemas

import (
	"encoding/json"
	"strconv"

	"panther/pipeline/stream"
)

// AppendJSON appends the position as json.Marshal writes it. Every event carries one, so it is written by hand where it can be.
func (p Position) AppendJSON(dst []byte) []byte {
	if !isPlain(p.Topic) || p.Bucket != "" || p.Object != "" || p.Version != "" {
		b, _ := json.Marshal(p) // a struct of strings and numbers
		return append(dst, b...)
	}
	dst = append(append(dst, `{"topic":"`...), p.Topic...)
	dst, _ = p.TopicID.AppendText(append(dst, `","topicId":"`...)) // never fails
	dst = strconv.AppendInt(append(dst, `","partition":`...), int64(p.Partition), 10)
	dst = strconv.AppendInt(append(dst, `,"offset":`...), p.Offset, 10)
	dst = strconv.AppendInt(append(dst, `,"line":`...), p.Line, 10)
	return append(dst, '}')
}

// isPlain reports whether a text stands in JSON as it is. Names of topics do.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '-' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// ReadPosition reads what AppendJSON writes, and any other JSON of a position.
func ReadPosition(b []byte) (p Position, err error) {
	if p, ok := readPlainPosition(b); ok {
		return p, nil
	}
	err = json.Unmarshal(b, &p)
	return p, err
}

// readPlainPosition reads the form that AppendJSON writes by hand.
func readPlainPosition(b []byte) (p Position, ok bool) {
	r := positionReader{b, true}
	r.literal(`{"topic":"`)
	p.Topic = r.name()
	r.literal(`","topicId":"`)
	p.TopicID = r.id()
	r.literal(`","partition":`)
	p.Partition = int32(r.number(1<<31 - 1))
	r.literal(`,"offset":`)
	p.Offset = r.number(1 << 60)
	r.literal(`,"line":`)
	p.Line = r.number(1 << 60)
	r.literal(`}`)
	return p, r.ok && len(r.rest) == 0
}

// A positionReader eats text from the left; once something is not as it has to be, ok is false.
type positionReader struct {
	rest []byte
	ok   bool
}

func (r *positionReader) literal(s string) {
	if r.ok = r.ok && len(r.rest) >= len(s) && string(r.rest[:len(s)]) == s; r.ok {
		r.rest = r.rest[len(s):]
	}
}

func (r *positionReader) name() string {
	n := 0
	for n < len(r.rest) && r.rest[n] != '"' {
		n++
	}
	name := string(r.rest[:n])
	r.ok = r.ok && isPlain(name)
	r.rest = r.rest[n:]
	return name
}

func (r *positionReader) id() (id stream.ID) {
	n := min(2*len(id), len(r.rest))
	r.ok = r.ok && id.UnmarshalText(r.rest[:n]) == nil
	r.rest = r.rest[n:]
	return id
}

// number reads digits, without a zero before others.
func (r *positionReader) number(most int64) (n int64) {
	digits := 0
	for digits < len(r.rest) && r.rest[digits] >= '0' && r.rest[digits] <= '9' && n <= most {
		n = n*10 + int64(r.rest[digits]-'0')
		digits++
	}
	r.ok = r.ok && digits > 0 && n <= most && (digits == 1 || r.rest[0] != '0')
	r.rest = r.rest[digits:]
	return n
}
