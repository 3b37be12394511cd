package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"panther/schemas/strict"
)

// flags returns the flag set of a command. help is its text: how it is called, what it does, then two examples.
func (p *program) flags(name, help string) *flag.FlagSet {
	f := flag.NewFlagSet("panther "+name, flag.ContinueOnError)
	f.SetOutput(p.out) // help, which somebody asked for: mistakes are told by the error
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "%s\n\nFlags:\n", strings.TrimSpace(help))
		f.PrintDefaults()
	}
	return f
}

// parse parses flags that may stand before and behind the other arguments, which it returns. Of a mistake it says what is
// wrong and no more: the whole help would hide that.
func parse(f *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := parseFlags(f, args); err != nil {
			return nil, err
		}
		if f.NArg() == 0 {
			return rest, nil
		}
		if n := len(args) - f.NArg(); n > 0 && args[n-1] == "--" {
			return append(rest, f.Args()...), nil
		}
		rest, args = append(rest, f.Arg(0)), f.Args()[1:]
	}
}

// parseVerb parses as parse does, and returns the first of the other arguments apart: what the command is to do; "" if none is
// named.
func parseVerb(f *flag.FlagSet, args []string) (verb string, rest []string, err error) {
	if rest, err = parse(f, args); err != nil || len(rest) == 0 {
		return "", nil, err
	}
	return rest[0], rest[1:], checkVerb(f, rest[0])
}

// ofVerbs matches the usage of a flag that only some verbs have.
var ofVerbs = regexp.MustCompile(`^of ([a-z, ]+): `)

// checkVerb refuses flags that are given and say nothing to the verb.
func checkVerb(f *flag.FlagSet, verb string) (err error) {
	f.Visit(func(g *flag.Flag) {
		m := ofVerbs.FindStringSubmatch(g.Usage)
		if m != nil && !slices.Contains(strings.Fields(strings.ReplaceAll(m[1], ",", "")), verb) {
			err = usageError("%s is a flag of %s, not of %s; %s -h lists the flags", dashed(g.Name), m[1], verb, f.Name())
		}
	})
	return err
}

// parseFlags parses flags up to the first other argument. The package flag prints help whatever is wrong, so it is kept quiet.
func parseFlags(f *flag.FlagSet, args []string) error {
	out, usage := f.Output(), f.Usage
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	err := f.Parse(args)
	f.SetOutput(out)
	f.Usage = usage
	switch {
	case err == nil:
		return nil
	case errors.Is(err, flag.ErrHelp):
		f.Usage()
		return err
	}
	mistake := flagMistake(f, err.Error())
	if !strings.HasSuffix(mistake, "?") {
		mistake += ";"
	}
	return usageError("%s %s -h lists the flags", mistake, f.Name())
}

// What the package flag says of mistakes.
var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	badValue    = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-([^:]*): (.*)$`)
	noValue     = regexp.MustCompile(`^flag needs an argument: -(.*)$`)
)

// flagMistake says what is wrong in our words, and what would be right.
func flagMistake(f *flag.FlagSet, text string) string {
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		var known []string
		f.VisitAll(func(g *flag.Flag) { known = append(known, g.Name) })
		mistake := "there is no flag " + dashed(m[1])
		if near := strict.Nearest(m[1], known); near != "" {
			mistake += "; did you mean " + dashed(near) + "?"
		}
		return mistake
	}
	if m := noValue.FindStringSubmatch(text); m != nil {
		return dashed(m[1]) + " needs a value"
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%s %s: %s", dashed(m[2]), m[1], wanted(f.Lookup(m[2]), m[3]))
	}
	return text
}

// wanted says what values a flag takes; otherwise is what it says itself.
func wanted(g *flag.Flag, otherwise string) string {
	getter, ok := g.Value.(flag.Getter)
	if !ok {
		return otherwise
	}
	switch getter.Get().(type) {
	case time.Duration:
		return "want a time like 90s or 5m"
	case int:
		return "want a whole number"
	case float64:
		return "want a number"
	case bool:
		return "want true or false"
	}
	return otherwise
}

// dashed is how people write a flag.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
