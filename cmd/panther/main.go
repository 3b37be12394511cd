// Command panther watches the health of security-log pipelines. Each of its commands is one file of this folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"panther/schemas/strict"
)

// A program is the world as a command sees it: tests make one of their own.
type program struct {
	in       io.Reader
	out, err io.Writer
	env      func(name string) string
	environ  func() []string  // all variables, to find misspelt ones; nil: none is
	now      func() time.Time // for ages that people read; nil: time.Now
}

// time is the time by which ages are told.
func (p *program) time() time.Time {
	if p.now == nil {
		return time.Now()
	}
	return p.now()
}

// A command is one verb of the command line. run parses args itself, with flags made by program.flags.
type command struct {
	name  string
	brief string // one line, for the list of commands
	run   func(ctx context.Context, p *program, args []string) error
}

// Exit codes, besides 0.
const (
	exitFailed   = 1
	exitUsage    = 2 // usage or configuration
	exitProblems = 3 // it did its work, and found problems
)

// An exitError ends the program with a code of its own. An empty text prints nothing: it has been said already.
type exitError struct {
	code int
	text string
}

func (e *exitError) Error() string { return e.text }

// usageError tells that the command line or the configuration is wrong.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Sprintf(format, args...)}
}

// wantsVerb tells how a command is called that has several verbs: about the verb that was typed, if it is one, else about all.
// A verb stands before its arguments, as "show ID".
func wantsVerb(command, typed string, verbs ...string) error {
	var names, all []string
	for _, v := range verbs {
		name, arguments, _ := strings.Cut(v, " ")
		switch {
		case name != typed:
		case arguments == "":
			return usageError("panther %s %s takes no arguments", command, name)
		default:
			return usageError("call it as panther %s %s; quote what has blanks in it", command, v)
		}
		names, all = append(names, name), append(all, "`"+v+"`")
	}
	what := all[0]
	if n := len(all) - 1; n > 0 {
		what = strings.Join(all[:n], ", ") + " or " + all[n]
	}
	if typed == "" {
		return usageError("panther %s wants what to do: %s", command, what)
	}
	hint := ""
	if near := strict.Nearest(typed, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return usageError("panther %s can do %s, not %q%s", command, what, typed, hint)
}

func main() {
	p := &program{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, environ: os.Environ}
	os.Exit(p.main(context.Background(), os.Args[1:]))
}

// main runs one command line and returns the exit code.
func (p *program) main(ctx context.Context, args []string) int {
	err := p.dispatch(ctx, args)
	var exit *exitError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.As(err, &exit):
		if exit.text != "" {
			fmt.Fprintln(p.err, "panther: "+exit.text)
		}
		return exit.code
	}
	fmt.Fprintln(p.err, "panther: "+err.Error())
	return exitFailed
}

func (p *program) dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		p.usage(p.err)
		return &exitError{code: exitUsage}
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "--help":
		if len(rest) == 0 {
			p.usage(p.out)
			return nil
		}
		name, rest = rest[0], []string{"-h"} // of one command
	case "--version":
		name = "version"
	}
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, p, rest)
		}
		names = append(names, c.name)
	}
	if near := strict.Nearest(name, names); near != "" {
		return usageError("there is no command %q; did you mean %q? `panther help` lists all", name, near)
	}
	return usageError("there is no command %q; `panther help` lists them", name)
}

func (p *program) usage(w io.Writer) {
	fmt.Fprint(w, "panther watches the health of security-log pipelines.\n\nUsage: panther COMMAND [arguments]; panther COMMAND -h explains one.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.brief)
	}
}
