package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	iceio "github.com/apache/iceberg-go/io"
)

// ErrExists is what Store.Create returns for a name that is taken: somebody else was faster.
var ErrExists = errors.New("the file exists")

// A Store keeps the files of a lake. Names are slash-separated paths below Root. Every file is written whole, and is
// durable when the call returns. Create is the one operation that must be atomic against all other processes: on disk it
// is link(2), on S3 a PUT with If-None-Match (package bucket). An error says nothing of whether a write took effect.
// Without an error, b is free for other use.
// Package storetest says what each kind of store does.
type Store interface {
	Root() string                                              // what locations inside the tables begin with: an absolute path, or a URI
	Open(ctx context.Context, name string) (iceio.File, error) // fs.ErrNotExist if there is none
	Create(ctx context.Context, name string, b []byte) error   // ErrExists if there is another one already
	Put(ctx context.Context, name string, b []byte) error      // replaces
	Remove(ctx context.Context, name string) error             // no error if there is none
	List(ctx context.Context, dir string) ([]Entry, error)     // files and folders directly in dir; none if there is no dir
}

// An Entry is a file or a folder in a Store.
type Entry struct {
	Name    string // without its folder
	Dir     bool
	Size    int64
	Written time.Time
}

func readAll(ctx context.Context, s Store, name string) ([]byte, error) {
	f, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// storeIO is a Store as iceberg-go wants to see it: locations begin with the root.
type storeIO struct {
	ctx   context.Context // iceberg-go asks for one of these at each operation, with the context of that operation
	store Store
}

func (s storeIO) name(location string) (string, error) {
	if name, ok := strings.CutPrefix(location, s.store.Root()+"/"); ok {
		return name, nil
	}
	return "", fmt.Errorf("open %s: it is outside the lake at %s; a lake that was moved must be opened at its old place", location, s.store.Root())
}

func (s storeIO) Open(location string) (iceio.File, error) {
	name, err := s.name(location)
	if err != nil {
		return nil, err
	}
	return s.store.Open(s.ctx, name)
}

func (s storeIO) ReadFile(location string) ([]byte, error) {
	name, err := s.name(location)
	if err != nil {
		return nil, err
	}
	return readAll(s.ctx, s.store, name)
}

func (s storeIO) Remove(location string) error {
	name, err := s.name(location)
	if err != nil {
		return err
	}
	return s.store.Remove(s.ctx, name)
}

func (s storeIO) WriteFile(location string, b []byte) error {
	name, err := s.name(location)
	if err != nil {
		return err
	}
	return s.store.Put(s.ctx, name, b)
}

func (s storeIO) Create(location string) (iceio.FileWriter, error) {
	name, err := s.name(location)
	if err != nil {
		return nil, err
	}
	return &fileWriter{ctx: s.ctx, store: s.store, name: name}, nil
}

// fileWriter collects a file (manifests: they are small) and stores it when it is closed.
type fileWriter struct {
	bytes.Buffer
	ctx   context.Context
	store Store
	name  string
}

func (w *fileWriter) Close() error { return w.store.Put(w.ctx, w.name, w.Bytes()) }

var _ iceio.WriteFileIO = storeIO{}
