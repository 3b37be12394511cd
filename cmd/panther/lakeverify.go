package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/sinks/lake"
)

// verify is `panther lake verify`. How far the lake has come is asked first: what is behind that must be in the tables as
// they are read after it.
func (l *lakeCommand) verify(ctx context.Context) error {
	behind, done, err := l.lookBehind(ctx)
	if err != nil {
		return err
	}
	defer done()
	found := lake.Inspections{}
	err = l.each(ctx, func(id []string) error {
		in, err := l.lake.Inspect(ctx, id)
		if err == nil {
			found[strings.Join(id, ".")] = in
		}
		return err
	})
	if err != nil {
		if len(found) > 0 {
			_ = l.printInspections(found, false) // what is known of the others; that some are not counts for more
		}
		return err
	}
	if behind != nil {
		if err := behind.Read(ctx, func(r stream.Record) { found.Expect(r, len(l.tables) == 0) }); err != nil {
			return err
		}
	}
	return l.printInspections(found, behind != nil)
}

// lookBehind finds the topics, where there are any to be found. done must be called.
func (l *lakeCommand) lookBehind(ctx context.Context) (behind *kafka.Behind, done func(), err error) {
	c, err := l.place.load(l.program)
	if err != nil || l.tablesOnly {
		return nil, func() {}, err
	}
	if len(c.Brokers) == 0 {
		if c.Embedded == nil {
			return nil, func() {}, nil
		}
		if _, err := os.Stat(filepath.Join(c.Embedded.Dir, "broker")); errors.Is(err, os.ErrNotExist) {
			return nil, func() {}, nil
		}
	}
	k, done, err := l.place.connect(ctx, l.program)
	if err != nil {
		return nil, nil, err
	}
	if behind, err = kafka.LookBehind(ctx, k, "lake", lake.Topics()...); err != nil {
		done()
		return nil, nil, err
	}
	return behind, done, nil
}

func (l *lakeCommand) printInspections(found lake.Inspections, topics bool) error {
	problems := 0
	list := []*lake.Inspection{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[name])
		problems += len(found[name].Problems())
	}
	if l.output == forMachines {
		if err := printJSON(l.out, list); err != nil {
			return err
		}
	} else if len(list) > 0 {
		if err := l.printVerified(list, topics); err != nil {
			return err
		}
	}
	if problems > 0 {
		return &exitError{code: exitProblems}
	}
	return nil
}

func (l *lakeCommand) printVerified(list []*lake.Inspection, topics bool) error {
	header := []string{"TABLE", "#ROWS", "#DISTINCT", "#FILES", "#SIZE", "VERDICT"}
	if topics {
		header = slices.Insert(header, 5, "#RECORDS", "#WITHOUT ROW")
	}
	t := newTable(header...)
	for _, in := range list {
		verdict := "whole"
		if !in.OK() {
			verdict = "damaged"
		}
		row := []string{in.Table, fmt.Sprint(in.Rows), fmt.Sprint(in.Distinct), fmt.Sprint(in.Files), byteSize(in.Bytes), verdict}
		if topics {
			row = slices.Insert(row, 5, fmt.Sprint(in.Records), fmt.Sprint(in.Lost))
		}
		t.add(row...)
	}
	if err := t.print(l.out, ""); err != nil {
		return err
	}
	for _, in := range list {
		for _, problem := range in.Problems() {
			fmt.Fprintf(l.out, "%s: %s\n", in.Table, printable(problem))
		}
	}
	if !topics {
		fmt.Fprintln(l.err, "The topics were not looked at: --brokers, --dir or --config says where they are.")
	}
	return nil
}
