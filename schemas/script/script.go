// Package script runs the parsers that people write in Starlark, a small dialect of Python made to be embedded: a function
// parse(log) that is given a line and returns a dict.
//
// Its one idea: a script is as harmless as a regular expression. It is compiled once and shared by all goroutines; it sees
// nothing but the line, no clock, no file, no state of an earlier line, so that the same line always gives the same dict; and
// what it may do for one line is bounded, in steps that stand for time and for memory alike: see MaxSteps. Start with Compile.
package script

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// MaxCode is the length of the longest script, in bytes.
const MaxCode = 64 << 10

// maxPrepared bounds, in steps, what a script makes once and keeps: the values outside of its functions. They are 10 MB at most.
const maxPrepared = MaxSteps / 10

// entry is the function that every script has.
const entry = "parse"

// A Program is a script that is ready to run, by any number of goroutines at a time.
type Program struct {
	source string
	parse  *starlark.Function
}

// Compile reads a script: definitions of functions, parse among them, and of values that they use. The error says what is
// wrong and in which line of the script.
func Compile(code string) (*Program, error) {
	if len(code) > MaxCode {
		return nil, fmt.Errorf("a script of %d bytes; %d are the most", len(code), MaxCode)
	}
	options := &syntax.FileOptions{} // neither while nor recursion nor set, as the language has it
	file, err := options.Parse("script", code, 0)
	if err != nil {
		return nil, placed(err)
	}
	r := rewriter{}
	if r.statements(file.Stmts); r.err != nil {
		return nil, r.err
	}
	program, err := starlark.FileProgram(file, library().Has)
	if err != nil {
		return nil, placed(err)
	}
	thread := newThread()
	thread.Steps = MaxSteps - maxPrepared
	globals, err := program.Init(thread, library())
	if err != nil {
		return nil, errors.New(strings.Replace(placed(err).Error(), errTooMuch.Error(), "what stands outside of functions takes too much time or memory", 1))
	}
	globals.Freeze()
	parse, ok := globals[entry].(*starlark.Function)
	if !ok {
		return nil, errors.New("there is no function parse; begin it with `def parse(log):`")
	}
	if parse.NumParams() != 1 || parse.HasVarargs() || parse.HasKwargs() || parse.NumKwonlyParams() > 0 {
		return nil, fmt.Errorf("line %d: parse takes one argument, the line: `def parse(log):`", parse.Position().Line)
	}
	return &Program{source: code, parse: parse}, nil
}

// Source returns the script as it was written.
func (p *Program) Source() string { return p.source }

// Parse calls the script with a line and returns the dict that it makes, as a JSON object: its members in the order in which
// the script put them in, floats as JSON has them, strings with their bytes, UTF-8 or not. The error is a text for people:
// what went wrong and in which line of the script.
func (p *Program) Parse(line []byte) ([]byte, error) {
	result, err := starlark.Call(newThread(), p.parse, starlark.Tuple{starlark.String(line)}, nil)
	if err != nil {
		return nil, placed(err)
	}
	dict, ok := result.(*starlark.Dict)
	switch {
	case !ok:
		return nil, fmt.Errorf("parse returned %s, which is no dict", article(result))
	case dict.Len() == 0:
		return nil, errors.New("parse returned an empty dict")
	}
	w := writer{}
	if err := w.value(dict, 0); err != nil {
		return nil, fmt.Errorf("parse returned %w", err)
	}
	return w.json, nil
}

// newThread is what one run has: nothing of the others.
func newThread() *starlark.Thread {
	thread := &starlark.Thread{Name: "script", Print: func(*starlark.Thread, string) {}}
	thread.SetMaxExecutionSteps(MaxSteps)
	return thread
}
