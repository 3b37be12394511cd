package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	iceio "github.com/apache/iceberg-go/io"
)

// headBytes are read when an object is opened: metadata and manifests are seldom larger, so one request reads them whole.
const headBytes = 512 << 10

// An object is open to be read, as a file. Its beginning is in memory; ReadAt asks for the ranges behind it one by one, as
// readers of Parquet want it, and Read streams.
type object struct {
	ctx     context.Context
	b       *Bucket
	name    string
	size    int64
	written time.Time
	head    []byte
	at      int64 // of Read
	stream  io.ReadCloser
}

// Open opens an object to read. It is there, or the error is fs.ErrNotExist.
func (b *Bucket) Open(ctx context.Context, name string) (iceio.File, error) {
	o := &object{ctx: ctx, b: b, name: name}
	out, cancel, err := b.get(ctx, name, fmt.Sprintf("bytes=0-%d", headBytes-1))
	switch code(err) {
	case "":
	case "InvalidRange":
		return o, nil // it is empty
	case "NoSuchKey", "NotFound":
		return nil, b.explain("read", name, errors.Join(fs.ErrNotExist, err))
	}
	if err != nil {
		return nil, b.explain("read", name, err)
	}
	defer cancel()
	defer out.Body.Close()
	if o.head, err = io.ReadAll(out.Body); err != nil {
		return nil, b.explain("read", name, err)
	}
	o.size, o.written = int64(len(o.head)), aws.ToTime(out.LastModified)
	if _, total, ok := strings.Cut(aws.ToString(out.ContentRange), "/"); ok { // as bytes 0-524287/1000000
		if o.size, err = strconv.ParseInt(total, 10, 64); err != nil {
			return nil, b.explain("read", name, fmt.Errorf("the store answers Content-Range: %s", *out.ContentRange))
		}
	}
	return o, nil
}

// get asks for a range. cancel must be called when the body has been read.
func (b *Bucket) get(ctx context.Context, name, span string) (*s3.GetObjectOutput, context.CancelFunc, error) {
	ctx, cancel := context.WithTimeout(ctx, operation)
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.bucket, Key: b.key(name), Range: &span})
	if err != nil {
		cancel()
	}
	return out, cancel, err
}

// ReadAt reads a range.
func (o *object) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at >= o.size {
		return 0, io.EOF
	}
	if at+int64(len(p)) <= int64(len(o.head)) || o.size == int64(len(o.head)) {
		n := copy(p, o.head[at:])
		if n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	want := p[:min(int64(len(p)), o.size-at)]
	var err error
	for try := 1; ; try++ { // the client repeats requests, but not bodies that break off
		var n int
		if n, err = o.readRange(want, at); n == len(want) {
			if n < len(p) {
				return n, io.EOF
			}
			return n, nil
		}
		if try == attempts || o.ctx.Err() != nil || code(err) != "" {
			return 0, o.b.explain("read", o.name, err)
		}
	}
}

func (o *object) readRange(p []byte, at int64) (int, error) {
	out, cancel, err := o.b.get(o.ctx, o.name, fmt.Sprintf("bytes=%d-%d", at, at+int64(len(p))-1))
	if err != nil {
		return 0, err
	}
	defer cancel()
	defer out.Body.Close()
	return io.ReadFull(out.Body, p)
}

// Read reads on.
func (o *object) Read(p []byte) (int, error) {
	if o.at >= o.size {
		return 0, io.EOF
	}
	if o.at < int64(len(o.head)) {
		n := copy(p, o.head[o.at:])
		o.at += int64(n)
		return n, nil
	}
	if o.stream == nil {
		out, cancel, err := o.b.get(o.ctx, o.name, fmt.Sprintf("bytes=%d-", o.at))
		if err != nil {
			return 0, o.b.explain("read", o.name, err)
		}
		o.stream = body{out.Body, cancel}
	}
	n, err := o.stream.Read(p)
	o.at += int64(n)
	if err != nil && o.at < o.size { // it broke off: the next Read begins a new one
		o.hangUp()
		if n > 0 {
			return n, nil
		}
		return 0, o.b.explain("read", o.name, fmt.Errorf("broken off at byte %d of %d: %w", o.at, o.size, err))
	}
	return n, err
}

// A body is one that is streamed, and the end of its request.
type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (s body) Close() error {
	defer s.cancel()
	return s.ReadCloser.Close()
}

// Seek says where the next Read begins.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.at
	case io.SeekEnd:
		offset += o.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("read %s/%s: there is no byte %d", o.b.root, o.name, offset)
	}
	if offset != o.at {
		o.hangUp()
	}
	o.at = offset
	return offset, nil
}

func (o *object) hangUp() {
	if o.stream != nil {
		o.stream.Close()
		o.stream = nil
	}
}

// Close ends the stream, if there is one.
func (o *object) Close() error {
	o.hangUp()
	return nil
}

// Stat says how large the object is and when it was written.
func (o *object) Stat() (fs.FileInfo, error) { return info{o}, nil }

// An info is an object as fs.FileInfo.
type info struct{ o *object }

func (i info) Name() string       { return path.Base(i.o.name) }
func (i info) Size() int64        { return i.o.size }
func (i info) Mode() fs.FileMode  { return 0o444 }
func (i info) ModTime() time.Time { return i.o.written }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
