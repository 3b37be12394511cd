package kafka

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// reserve is the room on the disk below which nothing more is taken in: what is under way can still be ended in it.
const reserve = 64 << 20

// A store is the data directory of an embedded broker:
//
//	lock        held by the process that uses the directory; holds its number
//	current     the name of the folder that counts
//	data-N      the broker's files; N grows with every copy
//
// A folder other than the current one is a copy that was not finished, or is not needed any more.
type store struct {
	dir  string
	lock *os.File
}

// openStore makes dir if need be, and takes it for this process.
func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &Problem{What: "make the data directory " + dir, Err: err, Mend: "choose another with --dir"}
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, &Problem{What: "open the data directory " + dir, Err: err, Mend: "it must be readable and writable; or choose another with --dir"}
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer lock.Close()
		owner, _ := io.ReadAll(lock)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &Problem{What: fmt.Sprintf("data directory %s is in use by process %s", dir, strings.TrimSpace(string(owner))),
				Mend: "stop it, or choose another with --dir"}
		}
		return nil, fmt.Errorf("lock the data directory %s: %w", dir, err)
	}
	s := &store{dir: dir, lock: lock}
	if err := s.sign(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("lock the data directory %s: %w", dir, err)
	}
	return s, nil
}

// sign writes this process's number into the lock.
func (s *store) sign() error {
	if err := s.lock.Truncate(0); err != nil {
		return err
	}
	_, err := s.lock.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}

func (s *store) close() error { return s.lock.Close() }

// current is the number of the folder that counts; 0 is a store never used.
func (s *store) current() (int, error) {
	name, err := os.ReadFile(filepath.Join(s.dir, "current"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the data directory: %w", err)
	}
	n, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(string(name)), "data-"))
	if err != nil {
		return 0, fmt.Errorf("read the data directory: %s names %q, want data-N", filepath.Join(s.dir, "current"), name)
	}
	return n, nil
}

// copy makes a copy of the current folder and returns it. It counts only once it is adopted.
func (s *store) copy() (string, error) {
	n, err := s.current()
	if err != nil {
		return "", err
	}
	if err := s.sweep(n); err != nil {
		return "", err
	}
	to := s.folder(n + 1)
	if n == 0 {
		return to, nil
	}
	if err := copyTree(s.folder(n), to); err != nil {
		return "", fmt.Errorf("copy the broker's data to %s: %w", to, err)
	}
	return to, nil
}

// adopt makes a copy the current folder, in one step, and removes the former.
func (s *store) adopt(dir string) error {
	name := filepath.Join(s.dir, "current")
	if err := os.WriteFile(name+".new", []byte(filepath.Base(dir)+"\n"), 0o644); err != nil {
		return fmt.Errorf("make %s the broker's data: %w", dir, err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("make %s the broker's data: %w", dir, err)
	}
	n, err := s.current()
	if err != nil {
		return err
	}
	return s.sweep(n)
}

// sweep removes every folder but data-N.
func (s *store) sweep(n int) error {
	folders, err := filepath.Glob(s.folder(0)[:len(s.folder(0))-1] + "*")
	if err != nil {
		return err
	}
	for _, f := range folders {
		if f == s.folder(n) {
			continue
		}
		if err := os.RemoveAll(f); err != nil {
			return fmt.Errorf("remove %s, which is not needed any more: %w", f, err)
		}
	}
	return nil
}

func (s *store) folder(n int) string { return filepath.Join(s.dir, "data-"+strconv.Itoa(n)) }

// copyTree copies a folder. Records and their index, the bulk of it, are linked: they are only ever appended to, or removed
// and written anew, so that the original keeps what it has. All else is small and is copied.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		dst := filepath.Join(to, strings.TrimPrefix(path, from))
		if entry.IsDir() {
			return os.MkdirAll(dst, 0o755)
		}
		switch filepath.Ext(path) {
		case ".dat", ".idx":
			if os.Link(path, dst) == nil {
				return nil
			} // some file systems have no links
		}
		return copyFile(path, dst)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// freeBytes is how much an ordinary user may still write on the disk of dir.
func freeBytes(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
