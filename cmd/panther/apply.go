package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

const applyHelp = `
Usage: panther apply -f DIR [--dry-run] [--prune] [--yes] [-o json]

Makes the catalogue say what the files of a folder say: log sources, log types and destinations. It prints what is added,
changed and removed, and writes all of it at once or, if anything is wrong, nothing. A running pipeline follows without a
restart. What the files do not name stays as it is; with --prune what files had made, and none names any more, is removed:
that needs --yes.

  panther apply -f examples/ --dry-run
  panther apply -f /etc/panther --brokers kafka-1:9092 --prune --yes
`

// runApply is `panther apply`.
func runApply(ctx context.Context, p *program, args []string) error {
	f := p.flags("apply", applyHelp)
	w, out := placeFlags(f), outputFlag(f)
	a := application{by: p.person()}
	dir := f.String("f", "", "the `folder` of the files, or one file")
	f.BoolVar(&a.dryRun, "dry-run", false, "print the plan and change nothing")
	f.BoolVar(&a.prune, "prune", false, "remove what files had made and none names any more")
	f.BoolVar(&a.yes, "yes", false, "remove what the plan says")
	if rest, err := parse(f, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError("panther apply takes no argument %q; name the folder with -f", rest[0])
	}
	if *dir == "" {
		return usageError("name the folder of the files: panther apply -f DIR")
	}
	files, err := catalogue.Parse(*dir)
	if err != nil {
		return usageError("nothing is applied:\n%v", err)
	}
	a.files = files
	c, err := w.load(p)
	if err != nil {
		return err
	}
	a.embedded, a.createTopics = len(c.Brokers) == 0, c.CreateTopics
	cfg, done, err := w.connect(ctx, p)
	if err != nil {
		return err
	}
	defer done()
	changes, err := a.apply(ctx, cfg)
	if len(changes.List) > 0 {
		if err := printChanges(p, *out, changes); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	a.report(p, changes)
	return nil
}

func printChanges(p *program, out output, changes catalogue.Changes) error {
	if out == forMachines {
		return printJSON(p.out, changes)
	}
	_, err := fmt.Fprint(p.out, changes)
	return err
}

// An application makes the catalogue say what files say.
type application struct {
	files  *catalogue.Files
	by     string // who
	dryRun bool
	prune  bool
	yes    bool // removals are agreed to

	embedded     bool // the broker is the embedded one, whose topics are ours to make
	createTopics bool // they are ours on a cluster, too

	missing kafka.Problems // topics that log sources name, and that are not ours to make
}

// apply writes the catalogue and returns what that changes, or would change: an error may come with a plan that it is about.
func (a *application) apply(ctx context.Context, cfg kafka.Config) (catalogue.Changes, error) {
	if a.dryRun {
		return a.rehearse(ctx, cfg)
	}
	if err := a.topics(ctx, cfg); err != nil {
		return catalogue.Changes{}, err
	}
	var refused catalogue.Changes
	changes, err := changeCatalogue(ctx, cfg, func(v *catalogue.View) (catalogue.Changes, error) {
		c, err := a.plan(v)
		switch {
		case err != nil:
			return c, err
		case c.Count(catalogue.Removed) > 0 && !a.yes:
			refused = c
			return c, usageError("nothing is applied: the plan removes %s; agree with --yes", plural(c.Count(catalogue.Removed), "entry", "entries"))
		}
		// Before the catalogue names them, so that no node looks for what is not there yet.
		return c, a.producersTopics(ctx, cfg, c.Apply(v))
	})
	if err != nil {
		return refused, err
	}
	return changes, nil
}

// rehearse plans, and changes nothing. Where there is no catalogue yet, it plans for an empty one.
func (a *application) rehearse(ctx context.Context, cfg kafka.Config) (catalogue.Changes, error) {
	missing, _, err := kafka.Missing(ctx, cfg, []stream.Topic{schemas.Catalogue}, a.layout())
	if err != nil {
		return catalogue.Changes{}, err
	}
	view := catalogue.NewView(0, map[string]any{})
	if len(missing) == 0 {
		if view, err = readCatalogue(ctx, cfg); err != nil {
			return catalogue.Changes{}, err
		}
	}
	return a.plan(view)
}

func (a *application) plan(v *catalogue.View) (catalogue.Changes, error) {
	c, err := catalogue.Plan(v, a.files, catalogue.Options{Prune: a.prune}, time.Now().UTC(), a.by)
	if err != nil {
		return c, usageError("nothing is applied:\n%v", err)
	}
	return c, nil
}

func (a *application) layout() kafka.Layout { return kafka.Layout{Embedded: a.embedded} }

// topics sees to it that the topics of the pipeline are there, if they are ours to make; else the catalogue's must be.
func (a *application) topics(ctx context.Context, cfg kafka.Config) error {
	if a.embedded || a.createTopics {
		return ensure(ctx, cfg, pipeline.Topics(), a.layout())
	}
	_, problems, err := kafka.Missing(ctx, cfg, []stream.Topic{schemas.Catalogue}, a.layout())
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return usageError("there is no catalogue yet, and createTopics is not set:\n%s", problems.Text())
	}
	return nil
}

// producersTopics does the same for the topics that log sources name. Where they are not ours, and are not there, their
// producers may still come: report tells of them.
func (a *application) producersTopics(ctx context.Context, cfg kafka.Config, v *catalogue.View) error {
	missing, problems, err := kafka.Missing(ctx, cfg, sourcesTopics(v.Sources()), a.layout())
	if err != nil || len(missing) == 0 {
		return err
	}
	if a.embedded || a.createTopics {
		return ensure(ctx, cfg, missing, a.layout())
	}
	a.missing = problems
	return nil
}

// ensure makes topics that are not there.
func ensure(ctx context.Context, cfg kafka.Config, topics []stream.Topic, layout kafka.Layout) error {
	client, err := cfg.NewClient()
	if err != nil {
		return err
	}
	defer client.Close()
	if err := cfg.Reach(ctx, client); err != nil {
		return err
	}
	err = kafka.Ensure(ctx, cfg, client, topics, layout)
	var problems kafka.Problems
	if errors.As(err, &problems) {
		if problems = problems.Serious(); len(problems) == 0 {
			return nil
		}
		return usageError("topics are not as they must be:\n%s", problems.Text())
	}
	return err
}

// report says on stderr what was done.
func (a *application) report(p *program, changes catalogue.Changes) {
	switch {
	case changes.Empty():
	case a.dryRun:
		fmt.Fprintln(p.err, "Nothing is written: this was a dry run.")
	default:
		fmt.Fprintf(p.err, "Applied: the catalogue is at version %d.\n", changes.Version)
	}
	if len(a.missing) > 0 {
		fmt.Fprintf(p.err, "Topics that log sources name are not there yet:\n%s", a.missing.Text())
	}
}
