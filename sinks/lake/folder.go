package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	iceio "github.com/apache/iceberg-go/io"
)

// A Folder is a Store on a disk of this machine. Every file reaches the disk, and so does its entry in the folder, before
// a call returns. Its file system must have hard links: all of Linux, macOS and NTFS do, FAT does not.
type Folder struct{ root string }

// OpenFolder makes a Store of the folder dir, which is created when something is written. Tables hold the absolute path of
// their files, so a folder that is moved can be read by this program only from its old place.
func OpenFolder(dir string) (Folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Folder{}, fmt.Errorf("open the lake at %s: %w", dir, err)
	}
	if fi, err := os.Stat(abs); err == nil && !fi.IsDir() {
		return Folder{}, fmt.Errorf("open the lake at %s: it is a file; a folder is needed", abs)
	}
	return Folder{filepath.ToSlash(abs)}, nil
}

// Root is the absolute path of the folder.
func (f Folder) Root() string { return f.root }

// Check tries whether the folder can be written.
func (f Folder) Check(ctx context.Context) error {
	const probe = ".panther-check"
	if err := f.Put(ctx, probe, nil); err != nil {
		return err
	}
	return f.Remove(ctx, probe)
}

func (f Folder) path(name string) string { return filepath.FromSlash(f.root + "/" + name) }

// Open opens a file to read.
func (f Folder) Open(_ context.Context, name string) (iceio.File, error) {
	file, err := os.Open(f.path(name))
	return file, explain("read", f.path(name), err)
}

// Put writes a file in the place of the one that is there.
func (f Folder) Put(_ context.Context, name string, b []byte) error {
	return f.write(name, b, func(tmp, path string) error { return os.Rename(tmp, path) })
}

// Create writes a file if there is none of this name: link(2) fails if there is, and shows the file whole or not at all.
func (f Folder) Create(_ context.Context, name string, b []byte) error {
	err := f.write(name, b, os.Link)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %s: %w", f.path(name), ErrExists)
	}
	return err
}

func (f Folder) write(name string, b []byte, publish func(tmp, path string) error) error {
	path := f.path(name)
	dir := filepath.Dir(path)
	if err := makeDir(dir); err != nil {
		return explain("write", path, err)
	}
	tmp, err := os.CreateTemp(dir, tmpPrefix+"*")
	if err != nil {
		return explain("write", path, err)
	}
	defer os.Remove(tmp.Name()) // after a rename there is nothing to remove
	if err := errors.Join(writeSynced(tmp, b), tmp.Close()); err != nil {
		return explain("write", path, err)
	}
	if err := publish(tmp.Name(), path); err != nil {
		return explain("write", path, err)
	}
	return explain("write", path, syncDir(dir))
}

// tmpPrefix begins the names of files half written; a crash may leave some.
const tmpPrefix = ".tmp-"

func writeSynced(file *os.File, b []byte) error {
	if _, err := file.Write(b); err != nil {
		return err
	}
	if err := file.Chmod(0o644); err != nil { // other engines run as other users
		return err
	}
	return file.Sync()
}

// makeDir makes dir and its parents, each durable in its own parent.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there; NTFS journals them
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Remove removes a file.
func (f Folder) Remove(_ context.Context, name string) error {
	err := os.Remove(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return explain("remove", f.path(name), err)
}

// List lists a folder.
func (f Folder) List(_ context.Context, dir string) ([]Entry, error) {
	des, err := os.ReadDir(f.path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, explain("list", f.path(dir), err)
	}
	out := make([]Entry, 0, len(des))
	for _, de := range des {
		fi, err := de.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, explain("list", f.path(dir), err)
		}
		out = append(out, Entry{Name: de.Name(), Dir: de.IsDir(), Size: fi.Size(), Written: fi.ModTime()})
	}
	return out, nil
}

// explain says what was being done to which file, why it went wrong, and how to mend it where a person can.
func explain(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	cause, hint := err, ""
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		cause = pe.Err
	case errors.As(err, &le):
		cause = le.Err
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		hint = "; the disk is full: make room or move the lake; nothing is lost meanwhile, and work goes on by itself as soon as there is room"
	case errors.Is(err, fs.ErrPermission):
		hint = fmt.Sprintf("; the user who runs panther (uid %d) must be able to read and write this folder and what is in it", os.Getuid())
	case errors.Is(err, syscall.EROFS):
		hint = "; the file system is mounted read-only"
	case errors.Is(err, syscall.EMFILE):
		hint = "; raise the limit of open files (ulimit -n)"
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EPERM) && le != nil:
		hint = "; the file system must have hard links: choose another one for the lake"
	}
	return fmt.Errorf("%s %s: %w%s", doing, path, cause, hint)
}
