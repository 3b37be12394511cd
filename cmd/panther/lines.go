package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// openLines opens a file of lines; "-" is in. What gzip has packed is unpacked. done must be called.
func openLines(in io.Reader, name string) (r *bufio.Reader, done func(), err error) {
	done = func() {}
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, nil, fmt.Errorf("read lines: %w", err)
		}
		in, done = file, func() { file.Close() }
	}
	r = bufio.NewReaderSize(in, 64<<10)
	if !isPacked(r) {
		return r, done, nil
	}
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("unpack %s: %w", name, err)
	}
	return bufio.NewReaderSize(unpacked, 64<<10), done, nil
}

// isPacked reports whether r begins as what gzip has packed. Of anything else it waits for one byte only, so that somebody who
// types lines need not type a second one.
func isPacked(r *bufio.Reader) bool {
	mark := []byte{0x1f, 0x8b, 0x08}
	if begin, _ := r.Peek(1); !bytes.Equal(begin, mark[:1]) {
		return false
	}
	begin, _ := r.Peek(len(mark))
	return bytes.Equal(begin, mark)
}

// eachLine calls do with each line of a file that is not empty, with its number from 1, and with the first line of the file;
// "-" is in.
func eachLine(ctx context.Context, in io.Reader, name string, do func(number int, line, header []byte) error) error {
	r, done, err := openLines(in, name)
	if err != nil {
		return usageError("%v", err)
	}
	defer done()
	var header []byte
	for number := 1; ; number++ {
		line, err := readLine(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read lines of %s: %w", name, err)
		}
		if number == 1 {
			header = line
		}
		if len(line) > 0 {
			if err := do(number, line, header); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// maxRead bounds a line that is read, as the bytes of a record are bounded: it may be an array of many lines.
const maxRead = 64 << 20

// readLine returns the next line without its end; of one that is longer than maxRead the beginning. The error is io.EOF behind
// the last line, which may come with it.
func readLine(r *bufio.Reader) (line []byte, err error) {
	line, _, err = nextLine(r, maxRead)
	return line, err
}

// nextLine returns the next line without its end, and its length. Of a line longer than limit it keeps the beginning. The
// error is io.EOF behind the last line, which may come with it.
func nextLine(r *bufio.Reader, limit int) (line []byte, length int, err error) {
	keep := limit + len("\r\n")
	for {
		part, err := r.ReadSlice('\n')
		length += len(part)
		line = append(line, part[:min(len(part), keep-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if len(line) < length { // too long, with or without its end
			return line[:limit], length, err
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		return line, len(line), err
	}
}
