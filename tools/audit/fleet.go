package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A fleet is the worker processes.
type fleet struct {
	program string
	job     string
	dir     string // for their logs
	doomed  bool   // the first workers kill themselves, where their mutant says

	mu      sync.Mutex
	workers []*worker
	kills   int
	freezes int
	ended   []string // those that ended by themselves, with how
}

// A worker is one place in the fleet: a process, and after its death another one.
type worker struct {
	cmd   *exec.Cmd
	stdin io.Closer
	dead  chan struct{}
	dies  bool   // it kills itself
	state string // how it ended
}

func newFleet(program, dir string, j job, doomed bool) (*fleet, error) {
	b, err := json.Marshal(j)
	return &fleet{program: program, job: string(b), dir: dir, doomed: doomed}, err
}

// start starts the worker of slot i. One that dies kills itself at the moment that its mutant is about.
func (f *fleet) start(i int, dies bool) (*worker, error) {
	log, err := os.OpenFile(filepath.Join(f.dir, fmt.Sprintf("worker-%d.log", i)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(f.program, "-worker", f.job)
	cmd.Stdout, cmd.Stderr = log, log
	if dies {
		cmd.Env = append(os.Environ(), doomedVariable+"=1")
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a worker: %w", err)
	}
	w := &worker{cmd: cmd, stdin: stdin, dead: make(chan struct{}), dies: dies}
	go func() {
		cmd.Wait()
		w.state = cmd.ProcessState.String()
		close(w.dead)
	}()
	return w, nil
}

// startAll starts n workers.
func (f *fleet) startAll(n int) error {
	for i := range n {
		w, err := f.start(i, f.doomed)
		if err != nil {
			return err
		}
		f.workers = append(f.workers, w)
	}
	return nil
}

// torment kills and freezes the worker of slot i until ctx ends; then it runs.
func (f *fleet) torment(ctx context.Context, i int, rng *rand.Rand, s setup) error {
	for {
		pause := time.Duration(2000+rng.IntN(5000)) * time.Millisecond
		freeze := !s.noFreeze && (s.noKill || rng.IntN(2) == 0)
		sleep := time.Duration(2000+rng.IntN(5000)) * time.Millisecond
		down := time.Duration(rng.IntN(1500)) * time.Millisecond
		w := f.workers[i]
		select {
		case <-ctx.Done():
			return nil
		case <-w.dead:
			if w.dies && w.state == "signal: killed" {
				f.count(&f.kills)
			} else {
				f.note(i, w)
			}
		case <-time.After(pause):
			switch {
			case freeze:
				w.cmd.Process.Signal(syscall.SIGSTOP)
				wait(ctx, sleep)
				w.cmd.Process.Signal(syscall.SIGCONT)
				f.count(&f.freezes)
				continue
			case s.noKill:
				continue
			}
			w.cmd.Process.Kill()
			<-w.dead
			f.count(&f.kills)
			wait(ctx, down)
		}
		w, err := f.start(i, false)
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.workers[i] = w
		f.mu.Unlock()
	}
}

func (f *fleet) count(n *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*n++
}

// note remembers a worker that ended by itself: none may.
func (f *fleet) note(i int, w *worker) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, fmt.Sprintf("worker %d: %s", i, w.state))
}

// stop asks all workers to end, as an operator would, and waits for them.
func (f *fleet) stop(patience time.Duration) {
	for _, w := range f.workers {
		w.cmd.Process.Signal(syscall.SIGTERM)
	}
	late := time.After(patience)
	for i, w := range f.workers {
		select {
		case <-w.dead:
			if w.state != "exit status 0" {
				f.note(i, w)
			}
		case <-late:
			w.cmd.Process.Signal(syscall.SIGABRT) // its goroutines go to its log
			select {
			case <-w.dead:
			case <-time.After(3 * time.Second):
				w.cmd.Process.Kill()
			}
			f.mu.Lock()
			f.ended = append(f.ended, fmt.Sprintf("worker %d: does not end within %s of SIGTERM", i, patience))
			f.mu.Unlock()
			late = time.After(0)
		}
	}
}

// killAll leaves nothing behind.
func (f *fleet) killAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, w := range f.workers {
		w.cmd.Process.Kill()
		<-w.dead
	}
}

// wait waits for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
