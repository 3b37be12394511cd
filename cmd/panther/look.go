package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/pipeline/views"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// A look is a pipeline as a command sees it: the catalogue, and tables of what the nodes know.
type look struct {
	*views.Views
	kafka     kafka.Config
	catalogue *catalogue.View
	done      func()
}

// look connects, and reads the catalogue and the topics that are asked for. The caller calls done.
func (w *place) look(ctx context.Context, p *program, topics ...stream.Topic) (*look, error) {
	cfg, done, err := w.connect(ctx, p)
	if err != nil {
		return nil, err
	}
	l := &look{kafka: cfg, done: done}
	if err := l.read(ctx, topics); err != nil {
		l.done()
		return nil, err
	}
	return l, nil
}

func (l *look) read(ctx context.Context, topics []stream.Topic) error {
	_, missing, err := kafka.Missing(ctx, l.kafka, append(topics, schemas.Catalogue), kafka.Layout{})
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("no pipeline has been at work on %s yet: %s; start one with `panther run -f DIR`", strings.Join(l.kafka.Brokers, ","), missing[0].What)
	}
	if l.catalogue, err = readCatalogue(ctx, l.kafka); err != nil {
		return err
	}
	if len(topics) == 0 {
		return nil
	}
	if l.Views, err = views.Open(ctx, l.kafka, topics...); err != nil {
		return err
	}
	disconnect := l.done
	l.done = func() { l.Views.Close(); disconnect() }
	return nil
}

// readCatalogue reads the catalogue as it stands.
func readCatalogue(ctx context.Context, cfg kafka.Config) (*catalogue.View, error) {
	follower, err := kafka.FollowCatalogue(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer follower.Close()
	return follower.View(), nil
}

// changeCatalogue writes what plan plans, and returns it. plan may be called several times: see kafka.WriteCatalogue.
func changeCatalogue(ctx context.Context, cfg kafka.Config, plan func(*catalogue.View) (catalogue.Changes, error)) (changes catalogue.Changes, err error) {
	var refused error
	_, err = kafka.WriteCatalogue(ctx, cfg, func(v *catalogue.View) ([]stream.Record, error) {
		c, err := plan(v)
		if refused = err; err != nil {
			return nil, err
		}
		if !c.Empty() || changes.Empty() {
			changes = c // else this is a second look at what the first has written: that is what was done
		}
		return c.Records(), nil
	})
	if refused != nil && errors.Is(err, refused) {
		err = refused // it says what is wrong with the plan; the writing never began
	}
	return changes, err
}

// person is who runs the command, for the record.
func (p *program) person() string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if user := p.env(name); user != "" {
			return user
		}
	}
	return ""
}
