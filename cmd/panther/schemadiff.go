package main

import (
	"context"
	"fmt"
	"io"

	"panther/schemas/classify"
	"panther/schemas/evolve"
	"panther/schemas/logtype"
)

// A schemaDiff is what differs between two versions of a log type.
type schemaDiff struct {
	Old     string          `json:"old"`
	New     string          `json:"new"`
	Level   evolve.Level    `json:"level"`
	Changes []evolve.Change `json:"changes"`
	Samples *evolve.Trial   `json:"samples,omitempty"` // those of the old one
	Lines   *evolve.Trial   `json:"lines,omitempty"`   // those of files
}

// diff says what a change of a schema does.
func (c *schemaCommand) diff(ctx context.Context, oldWord, newWord string) error {
	old, err := c.one(oldWord)
	if err != nil {
		return err
	}
	new, err := c.one(newWord)
	if err != nil {
		return err
	}
	changes := evolve.Compare(old.Schema, new.Schema, evolve.Options{Drop: c.drop})
	d := schemaDiff{Old: oldWord, New: newWord, Level: evolve.Worst(changes), Changes: append([]evolve.Change{}, changes...)}
	before, err := newChecker([]*logtype.Schema{old.Schema})
	if err != nil {
		return err
	}
	after, err := newChecker([]*logtype.Schema{new.Schema})
	if err != nil {
		return err
	}
	if len(old.Samples) > 0 {
		d.Samples = evolve.NewTrial(before, after)
		for _, s := range old.Samples {
			d.Samples.Line(s.Name, classify.Line{Bytes: []byte(s.Line), Header: s.Header})
		}
	}
	for _, name := range c.lines {
		if d.Lines == nil {
			d.Lines = evolve.NewTrial(before, after)
		}
		err := eachLine(ctx, c.in, name, func(number int, line, header []byte) error {
			d.Lines.Line(fmt.Sprintf("%s:%d", name, number), classify.Line{Bytes: line, Header: header})
			return nil
		})
		if err != nil {
			return err
		}
	}
	if d.lost() > 0 {
		d.Level = evolve.Breaks
	}
	if c.out == forMachines {
		err = printJSON(c.program.out, d)
	} else {
		err = d.print(c.program.out)
	}
	if err == nil && d.Level == evolve.Breaks {
		err = &exitError{code: exitProblems}
	}
	return err
}

func (d schemaDiff) lost() (n int) {
	for _, t := range []*evolve.Trial{d.Samples, d.Lines} {
		if t != nil {
			n += t.LostLines()
		}
	}
	return n
}

// print shows the difference to people.
func (d schemaDiff) print(w io.Writer) error {
	if len(d.Changes) == 0 {
		fmt.Fprintf(w, "Nothing changes from %s to %s: both take the same lines and make the same events.\n", d.Old, d.New)
	} else {
		fmt.Fprintf(w, "From %s to %s\n", d.Old, d.New)
		t := newTable("LEVEL", "FIELD", "CHANGE")
		for _, c := range d.Changes {
			t.addLong(string(c.Level), orNone(c.Path), c.What)
			if c.Lines != "" {
				t.addLong("", "", "lines: "+c.Lines)
			}
			if c.Column != "" {
				t.addLong("", "", "column: "+c.Column)
			}
		}
		if err := t.print(w, "  "); err != nil {
			return err
		}
	}
	printTrial(w, d.Samples, "Samples of "+d.Old)
	printTrial(w, d.Lines, "Lines of files")
	words := map[evolve.Level]string{evolve.Safe: "It breaks nothing.", evolve.Look: "It breaks nothing that the old schema looked at.",
		evolve.Breaks: "It breaks something."}
	_, err := fmt.Fprintf(w, "\n%s\n", words[d.Level])
	return err
}

// printTrial shows what becomes of lines.
func printTrial(w io.Writer, t *evolve.Trial, what string) {
	if t == nil {
		return
	}
	fmt.Fprintf(w, "\n%s: %d in all, %d matched, %d match now; match no more: %d\n", what, t.Lines, t.Before, t.After, t.LostLines())
	for n, loss := range t.Lost {
		if n == maxShown {
			fmt.Fprintf(w, "  and %d more\n", t.LostLines()-n)
			break
		}
		fmt.Fprintf(w, "  %s: %s\n", printable(loss.Name), printable(classify.Summary(loss.Candidate)))
	}
}
