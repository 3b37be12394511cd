package query

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"panther/sinks/lake/query/wire"
)

// programName is the program that has DuckDB inside.
const programName = "panther-query"

// ErrNoProgram is what Find returns if it is nowhere.
var ErrNoProgram = errors.New("SQL needs the program panther-query beside panther, and it is not there: `make build` builds both (it needs a C compiler); `panther lake tables` and other readers of the tables do without")

// Find returns the path of panther-query: beside the program that runs, or where the shell finds programs. named, if it is not
// empty, says where it is.
func Find(named string) (string, error) {
	if named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("SQL needs the program panther-query, and PANTHER_QUERY says it is %s: %w", named, err)
		}
		return path, nil
	}
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			if path, err := exec.LookPath(filepath.Join(filepath.Dir(self), programName)); err == nil {
				return path, nil
			}
		}
	}
	path, err := exec.LookPath(programName)
	if err != nil {
		return "", ErrNoProgram
	}
	return path, nil
}

// A process is panther-query at work on one statement.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err *crashText
}

// start starts one that ends with ctx. It inherits nothing: no environment, where credentials are, no working folder, no
// files. If this process dies, its input ends, and so does it.
func start(ctx context.Context, path string) (*process, error) {
	cmd := exec.CommandContext(ctx, path)
	cmd.Env = []string{"SYSTEMROOT=" + os.Getenv("SYSTEMROOT")} // without which Windows starts nothing
	cmd.Dir = filepath.VolumeName(path) + string(filepath.Separator)
	p := &process{cmd: cmd, err: &crashText{}}
	cmd.Stderr = p.err
	cmd.WaitDelay = grace
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	p.out = bufio.NewReaderSize(out, 1<<16)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return p, nil
}

func (p *process) send(kind wire.Kind, v any) error {
	if err := wire.Write(p.in, kind, v); err != nil {
		return p.died(err)
	}
	return nil
}

// receive reads the next frame; its word that something is wrong is an error.
func (p *process) receive(sql string) (wire.Kind, []byte, error) {
	kind, body, err := wire.Read(p.out)
	if err != nil {
		return 0, nil, p.died(err)
	}
	if kind != wire.Problem {
		return kind, body, nil
	}
	e := &Error{SQL: sql}
	if err := json.Unmarshal(body, &e.Mistake); err != nil {
		return 0, nil, p.died(err)
	}
	return 0, nil, e
}

func (p *process) expect(kind wire.Kind, v any, sql string) error {
	got, body, err := p.receive(sql)
	if err != nil {
		return err
	}
	if got != kind {
		return fmt.Errorf("%s answered %c, want %c: it is of another version; build both anew: make build", p.cmd.Path, got, kind)
	}
	return json.Unmarshal(body, v)
}

// died says why the conversation broke off.
func (p *process) died(cause error) error {
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		cause = err
	}
	said := strings.TrimSpace(p.err.String())
	if said != "" {
		said = "; it said: " + said
	}
	return fmt.Errorf("%s ended in the middle of the statement: %w%s", p.cmd.Path, cause, said)
}

// kill ends the process, whatever it does.
func (p *process) kill() {
	p.in.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// crashText keeps the beginning of what is written to it: of a crash, that is what matters.
type crashText struct{ bytes.Buffer }

func (t *crashText) Write(b []byte) (int, error) {
	const most = 2 << 10
	if room := most - t.Len(); room > 0 {
		t.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}
