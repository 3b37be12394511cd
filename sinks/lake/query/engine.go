package query

import (
	"context"
	"errors"
	"fmt"
	"time"

	"panther/sinks/lake"
	"panther/sinks/lake/query/wire"
)

// An Engine answers statements over one lake. It may be used by many at once; each statement has a process of its own.
type Engine struct {
	Catalog *lake.Catalog
	Program string // the program panther-query: see Find
	Cache   Cache  // for lakes that are not on this machine
}

// A Statement is what is asked, and how much it may cost.
type Statement struct {
	SQL     string
	Explain bool // how it would be done, in place of its rows
	Limits  Limits
}

// Limits bound a statement. The zero value of each means its default: see DefaultLimits.
type Limits struct {
	Rows    int64         // of the answer; negative: no limit
	Bytes   int64         // of the answer; negative: no limit
	Memory  int64         // bytes that it may use while it works
	Threads int           // one a core by default
	Timeout time.Duration // from the start to the last row
}

// DefaultLimits are those of a person at a terminal.
var DefaultLimits = Limits{Rows: 10_000, Bytes: 256 << 20, Memory: 1 << 30, Timeout: time.Minute}

// orDefault fills in what is not said.
func (l Limits) orDefault() Limits {
	d := DefaultLimits
	if l.Rows != 0 {
		d.Rows = max(0, l.Rows)
	}
	if l.Bytes != 0 {
		d.Bytes = max(0, l.Bytes)
	}
	if l.Memory > 0 {
		d.Memory = l.Memory
	}
	if l.Timeout > 0 {
		d.Timeout = l.Timeout
	}
	d.Threads = l.Threads
	return d
}

// grace is how long panther-query may take, after the deadline, to say that it has passed.
const grace = 2 * time.Second

// Run starts a statement and returns its answer, which must be closed. What is wrong with the statement is an *Error.
func (e *Engine) Run(ctx context.Context, s Statement) (*Answer, error) {
	l := s.Limits.orDefault()
	ctx, cancel := context.WithTimeoutCause(ctx, l.Timeout+grace, errTooLong)
	a, err := e.run(ctx, s, l)
	if err != nil {
		cancel()
		if cause := context.Cause(ctx); errors.Is(cause, errTooLong) {
			return nil, &Error{SQL: s.SQL, Mistake: wire.Mistake{Reason: wire.TooLong, Position: -1, Text: fmt.Sprintf("no answer within %v", l.Timeout), Hint: tooLongHint}}
		}
		return nil, err
	}
	a.cancel = cancel
	return a, nil
}

var errTooLong = errors.New("the deadline has passed")

const tooLongHint = "ask for less, as a shorter time, or give it longer (--timeout)"

func (e *Engine) run(ctx context.Context, s Statement, l Limits) (*Answer, error) {
	p, err := start(ctx, e.Program) // DuckDB starts while the tables are looked up
	if err != nil {
		return nil, err
	}
	a, err := e.converse(ctx, p, s, l)
	if err != nil {
		p.kill()
		return nil, err
	}
	return a, nil
}

// converse speaks with the process up to the first rows.
func (e *Engine) converse(ctx context.Context, p *process, s Statement, l Limits) (*Answer, error) {
	known, err := e.names(ctx)
	if err != nil {
		return nil, err
	}
	ask := wire.Statement{SQL: s.SQL, Explain: s.Explain, Known: known,
		Limits: wire.Limits{Rows: l.Rows, Bytes: l.Bytes, Memory: l.Memory, Threads: l.Threads, Millis: l.Timeout.Milliseconds()}}
	if err := p.send(wire.Ask, ask); err != nil {
		return nil, err
	}
	var needs wire.Needs
	if err := p.expect(wire.Need, &needs, s.SQL); err != nil {
		return nil, err
	}
	tables := []wire.Table{}
	for _, need := range needs.Tables {
		t, err := e.plan(ctx, need)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	if err := e.fetch(ctx, tables); err != nil {
		return nil, err
	}
	if err := p.send(wire.Tables, tables); err != nil {
		return nil, err
	}
	return newAnswer(p, s.SQL)
}

// names lists the tables of the lake.
func (e *Engine) names(ctx context.Context) ([]wire.Name, error) {
	ids, err := e.Catalog.ListTables(ctx)
	if err != nil {
		return nil, err
	}
	names := []wire.Name{}
	for _, id := range ids {
		if len(id) == 2 {
			names = append(names, wire.Name{Space: id[0], Table: id[1]})
		}
	}
	return names, nil
}
