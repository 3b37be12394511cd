package compact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"panther/pipeline/stream"
	"panther/sinks/lake"
)

// A spill sorts rows into hours: in a file for each, of packed pieces. No file stays open, so there may be any number of hours.
type spill struct {
	dir string

	mu      sync.Mutex
	packer  *zstd.Encoder
	waiting map[int64][]byte // rows of hours that are not in their files yet
	bytes   int              // of them
	seen    map[int64]bool
	names   []string // of the files that rows are from
	err     error
}

type rows = iter.Seq2[lake.BackfillRow, error]

const (
	spillBytes = 64 << 20 // of rows that wait in memory
	piece      = 1 << 20  // of an hour, that is packed together
)

func newSpill(temp string) (*spill, error) {
	dir, err := os.MkdirTemp(temp, "panther-compact-")
	if err != nil {
		return nil, fmt.Errorf("make room for rows: %w; -temp names another folder", err)
	}
	packer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	return &spill{dir: dir, packer: packer, waiting: map[int64][]byte{}, seen: map[int64]bool{}}, err
}

func (s *spill) remove() { os.RemoveAll(s.dir) }

// source notes a file, and returns the number by which its rows name it.
func (s *spill) source(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = append(s.names, name)
	return len(s.names) - 1
}

// add takes a row.
func (s *spill) add(source int, line int64, at time.Time, event []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	hour := at.Unix() / 3600
	b := s.waiting[hour]
	before := len(b)
	b = binary.AppendUvarint(b, uint64(source))
	b = binary.AppendUvarint(b, uint64(line))
	b = binary.AppendVarint(b, at.UnixMicro())
	b = binary.AppendUvarint(b, uint64(len(event)))
	b = append(b, event...)
	s.waiting[hour], s.seen[hour] = b, true
	s.bytes += len(b) - before
	switch {
	case len(b) >= piece:
		s.flush(hour)
	case s.bytes >= spillBytes: // many hours, each with little
		for hour := range s.waiting {
			s.flush(hour)
		}
	}
	return s.err
}

func (s *spill) path(hour int64) string { return filepath.Join(s.dir, strconv.FormatInt(hour, 10)) }

// flush appends what waits of an hour to its file.
func (s *spill) flush(hour int64) {
	b := s.waiting[hour]
	delete(s.waiting, hour)
	s.bytes -= len(b)
	f, err := os.OpenFile(s.path(hour), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.Write(s.packer.EncodeAll(b, nil))
		err = errors.Join(err, f.Close())
	}
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("keep rows until their hour is written: %w; -temp names a folder with more room", err)
	}
}

// end writes what waits.
func (s *spill) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hour := range s.waiting {
		s.flush(hour)
	}
	return s.err
}

// hours returns the hours that have rows, in order.
func (s *spill) hours() []int64 { return slices.Sorted(maps.Keys(s.seen)) }

// rows reads the rows of an hour, in the order in which they came.
func (s *spill) rows(hour int64) rows {
	return func(yield func(lake.BackfillRow, error) bool) {
		if err := s.read(hour, func(r lake.BackfillRow) bool { return yield(r, nil) }); err != nil {
			yield(lake.BackfillRow{}, fmt.Errorf("read rows that were kept: %w", err))
		}
	}
}

func (s *spill) read(hour int64, take func(lake.BackfillRow) bool) error {
	f, err := os.Open(s.path(hour))
	if err != nil {
		return err
	}
	defer f.Close()
	unpacked, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer unpacked.Close()
	ids := map[uint64]stream.ID{}
	for r := bufio.NewReaderSize(unpacked, 64<<10); ; {
		source, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		line, err1 := binary.ReadUvarint(r)
		at, err2 := binary.ReadVarint(r)
		size, err3 := binary.ReadUvarint(r)
		if err := errors.Join(err, err1, err2, err3); err != nil {
			return err
		}
		event := make([]byte, size)
		if _, err := io.ReadFull(r, event); err != nil {
			return err
		}
		name := s.names[source]
		if _, ok := ids[source]; !ok {
			ids[source] = idOf(name)
		}
		if !take(lake.BackfillRow{File: name, ID: ids[source], Line: int64(line), At: time.UnixMicro(at).UTC(), Event: event}) {
			return nil
		}
	}
}
