package query

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"panther/sinks/lake/query/wire"
)

// A Cache is a folder of copies of data files, for a lake that is not on this machine. Data files never change, so a copy is
// as good as the file for as long as it is there.
type Cache struct {
	Dir   string // empty: panther/lake in the user's folder of caches
	Bytes int64  // what it may hold; 0: DefaultCacheBytes
}

// DefaultCacheBytes is how much a cache holds if nobody says otherwise.
const DefaultCacheBytes = 10 << 30

// fetches is how many files are fetched at a time.
const fetches = 8

// fetch puts in the place of files elsewhere their copies on this machine.
func (e *Engine) fetch(ctx context.Context, tables []wire.Table) error {
	c := e.Cache
	if c.Bytes <= 0 {
		c.Bytes = DefaultCacheBytes
	}
	var missing []copyOf
	used := map[string]bool{}
	for _, t := range tables {
		for i, location := range t.Files {
			if !strings.Contains(location, "://") {
				continue
			}
			if err := c.open(); err != nil {
				return err
			}
			sum := sha256.Sum256([]byte(location))
			t.Files[i] = filepath.Join(c.Dir, hex.EncodeToString(sum[:16])+".parquet")
			used[t.Files[i]] = true
			now := time.Now()
			switch err := os.Chtimes(t.Files[i], now, now); { // it was used now
			case errors.Is(err, fs.ErrNotExist), err == nil && !whole(t.Files[i]):
				missing = append(missing, copyOf{location, t.Files[i]})
			case err != nil:
				return fmt.Errorf("use the cache of the lake's files: %w", err)
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := e.fetchAll(ctx, c, missing); err != nil {
		return err
	}
	return c.trim(used)
}

// whole reports whether a copy ends as a Parquet file does: one that was written just before this machine crashed may be cut
// off, or empty.
func whole(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	end := make([]byte, 4)
	_, err = f.Seek(-int64(len(end)), io.SeekEnd)
	if err == nil {
		_, err = io.ReadFull(f, end)
	}
	return err == nil && string(end) == "PAR1"
}

// open finds the folder, and makes it.
func (c *Cache) open() error {
	if c.Dir == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("find a folder for copies of the lake's files: %w; name one: --cache DIR", err)
		}
		c.Dir = filepath.Join(dir, "panther", "lake")
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil { // log lines are nobody else's business
		return fmt.Errorf("make a folder for copies of the lake's files: %w", err)
	}
	return nil
}

type copyOf struct{ location, path string }

func (e *Engine) fetchAll(ctx context.Context, c Cache, missing []copyOf) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	budget := &budget{left: c.Bytes, all: c.Bytes}
	work := make(chan copyOf)
	var wg sync.WaitGroup
	for range min(fetches, len(missing)) {
		wg.Go(func() {
			for f := range work {
				if err := e.fetchOne(ctx, f, budget); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, f := range missing {
		if ctx.Err() != nil {
			break
		}
		work <- f
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

// A budget is how many bytes may still be fetched for a statement.
type budget struct {
	mu        sync.Mutex
	left, all int64
}

func (b *budget) take(n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left -= n; b.left < 0 {
		return fmt.Errorf("the statement needs more than %d MB of files that are not on this machine: ask about a shorter time, as WHERE p_occurs_since('1 hour'), or allow more (--cache-bytes)", b.all>>20)
	}
	return nil
}

// fetchOne makes one copy. It appears whole or not at all.
func (e *Engine) fetchOne(ctx context.Context, f copyOf, b *budget) (err error) {
	from, err := e.Catalog.OpenFile(ctx, f.location)
	if err != nil {
		return err
	}
	defer from.Close()
	fi, err := from.Stat()
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.location, err)
	}
	if err := b.take(fi.Size()); err != nil {
		return err
	}
	to, err := os.CreateTemp(filepath.Dir(f.path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.location, err)
	}
	defer os.Remove(to.Name()) // after the rename there is nothing to remove
	n, err := io.Copy(to, from)
	if err == nil && n != fi.Size() {
		err = fmt.Errorf("got %d of %d bytes", n, fi.Size())
	}
	if err = errors.Join(err, to.Close()); err == nil {
		err = os.Rename(to.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.location, err)
	}
	return nil
}

// trim removes the copies that were not used for longest, and what a crash left half written, until the cache holds no more
// than it may. What a statement uses stays.
func (c *Cache) trim(used map[string]bool) error {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return fmt.Errorf("tidy the cache of the lake's files: %w", err)
	}
	var files []fs.FileInfo
	var total int64
	for _, entry := range entries {
		if fi, err := entry.Info(); err == nil && fi.Mode().IsRegular() {
			files = append(files, fi)
			total += fi.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return cmp.Compare(a.ModTime().UnixNano(), b.ModTime().UnixNano()) })
	for _, fi := range files {
		path := filepath.Join(c.Dir, fi.Name())
		left := strings.HasPrefix(fi.Name(), ".tmp-") && time.Since(fi.ModTime()) > time.Hour
		if used[path] || total <= c.Bytes && !left {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("tidy the cache of the lake's files: %w", err)
		}
		total -= fi.Size()
	}
	return nil
}
