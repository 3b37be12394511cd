package envelope

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"panther/schemas"
)

// MaxUnpacked bounds what a record that is packed may hold.
const MaxUnpacked = 64 << 20

// Unpack returns the bytes of a record, unpacked if they begin as gzip does: no line of text and no JSON does. What cannot be
// unpacked to its end is broken as a whole, with the reason; what came before the end would be guesswork.
func Unpack(record []byte) ([]byte, *schemas.Reason) {
	if !bytes.HasPrefix(record, []byte{0x1f, 0x8b, 0x08}) {
		return record, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(record))
	var out []byte
	if err == nil {
		out, err = io.ReadAll(io.LimitReader(r, MaxUnpacked+1))
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &schemas.Reason{Code: schemas.NotJSON, Expected: "gzip data to their end", Got: "the end of the record"}
	case err != nil:
		return nil, &schemas.Reason{Code: schemas.NotJSON, Expected: "gzip data", Got: err.Error()}
	case len(out) > MaxUnpacked:
		return nil, &schemas.Reason{Code: schemas.LineTooLong, Expected: fmt.Sprintf("at most %d bytes in gzip data", MaxUnpacked), Got: "more"}
	}
	return out, nil
}

// EachLine unpacks a record as Kafka has it, and calls yield with its lines until that returns false. size is the number of bytes
// in it, unpacked. It calls the iterator of Lines itself: one that is returned is made on the heap for each record.
func (s Stream) EachLine(record []byte, yield func(Line) bool) (size int) {
	data, why := Unpack(record)
	if why != nil {
		w := walk{Stream: s, yield: yield}
		w.broken(record, *why)
		return len(record)
	}
	s.Lines(data)(yield)
	return len(data)
}
