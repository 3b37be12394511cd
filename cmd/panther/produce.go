package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"panther/pipeline/kafka"
	"panther/schemas/catalogue"
	"panther/schemas/strict"
)

const produceHelp = `
Usage: panther produce --source NAME [--topic TOPIC] [--rate N] [FILE...]

Sends the lines of files to a log source: each line becomes a record of the source's first topic. Without FILE, or with -, it
reads standard input. Files may be packed by gzip. Empty lines are passed over. A line that is longer than the topic takes is
named and left out, and the command ends with 3. At the end it says how much it sent.

  panther produce --source "nginx edge" /var/log/nginx/access.log
  journalctl -o json -f | panther produce --source journal --brokers kafka-1:9092
`

// runProduce is `panther produce`.
func runProduce(ctx context.Context, p *program, args []string) error {
	f := p.flags("produce", produceHelp)
	w := placeFlags(f)
	source := f.String("source", "", "the `name` of the log source that the lines are of")
	topic := f.String("topic", "", "another `topic` of the source than its first")
	rate := f.Float64("rate", 0, "at most so many `lines` a second; 0: as fast as the broker takes them")
	files, err := parse(f, args)
	if err != nil {
		return err
	}
	if *source == "" {
		return usageError("name the log source that the lines are of: panther produce --source NAME FILE; `panther sources list` shows which there are")
	}
	if *rate < 0 {
		return usageError("--rate %g: want a number of lines a second, or 0 for as fast as can be", *rate)
	}
	if len(files) == 0 {
		files = []string{"-"}
	}
	size, err := sizeOf(files)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(ctx, p)
	defer stop()
	l, err := w.look(ctx, p)
	if err != nil {
		return err
	}
	defer l.done()
	name, err := topicOf(l.catalogue, *source, *topic)
	if err != nil {
		return err
	}
	to, err := kafka.NewProducer(ctx, l.kafka, name)
	if err != nil {
		return err
	}
	defer to.Close()
	s := &sending{program: p, to: to, topic: name, broker: w.found, pace: pace{rate: *rate, began: time.Now()}, progress: newProgress(p.err, size)}
	return s.run(ctx, files)
}

// sizeOf returns how many bytes the files have, and that they are there; 0 if it cannot be known before.
func sizeOf(files []string) (size int64, err error) {
	unknown := false
	for _, name := range files {
		if name == "-" {
			return 0, nil
		}
		info, err := os.Stat(name)
		if err != nil {
			return 0, usageError("nothing is produced: read lines: %v", err)
		}
		if info.IsDir() {
			return 0, usageError("nothing is produced: %s is a folder; name files", name)
		}
		if !info.Mode().IsRegular() || strings.HasSuffix(name, ".gz") { // how much comes out is seen only then
			unknown = true
		}
		size += info.Size()
	}
	if unknown {
		return 0, nil
	}
	return size, nil
}

// topicOf returns the topic of a log source to write to: its first one, or the one that is wanted.
func topicOf(v *catalogue.View, label, wanted string) (string, error) {
	s, err := findSource(v, label)
	switch {
	case err != nil:
		return "", err
	case wanted == "":
		return s.Topics[0], nil
	case !slices.Contains(s.Topics, wanted):
		return "", usageError("topic %q is none of log source %q; %s", wanted, label, strict.DidYouMean(wanted, s.Topics))
	}
	return wanted, nil
}

// A sending is one run of the command.
type sending struct {
	*program
	to       *kafka.Producer
	topic    string
	broker   string // in words: who forgets --brokers shall see where the lines went
	pace     pace
	progress *progress

	lines       atomic.Int64 // handed to the producer
	empty, long int
	read        int64 // bytes
}

func (s *sending) run(ctx context.Context, files []string) error {
	flushing, giveUp := context.WithCancelCause(context.WithoutCancel(ctx))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watch := brokerWatch{sent: s.lines.Load, taken: s.taken, say: s.say}
	var watching sync.WaitGroup
	watching.Go(func() {
		if err := watch.run(flushing); err != nil {
			giveUp(err)
			stop()
		}
	})
	var err error
	for _, name := range files {
		if err = s.file(ctx, name); err != nil {
			break
		}
	}
	if failed := s.to.Flush(flushing); err == nil || errors.Is(err, context.Canceled) {
		err = errors.Join(failed, err)
	}
	gone := context.Cause(flushing)
	giveUp(nil)
	watching.Wait()
	s.progress.end()
	s.summary()
	switch {
	case gone != nil:
		return gone
	case errors.Is(err, context.Canceled):
		return &exitError{exitFailed, "stopped before the end"}
	case err != nil:
		return err
	case s.long > 0:
		return &exitError{code: exitProblems}
	}
	return nil
}

// taken is how many lines the broker has acknowledged.
func (s *sending) taken() int64 {
	records, _ := s.to.Sent()
	return records
}

// say tells something while progress may stand on the terminal.
func (s *sending) say(text string) { fmt.Fprintf(s.err, "\n%s\n", text) }

func (s *sending) summary() {
	records, size := s.to.Sent()
	fmt.Fprintf(s.err, "Produced %s, %s, to topic %s of %s.\n", plural(records, "line", "lines"), byteSize(size), s.topic, s.broker)
	if s.empty > 0 {
		fmt.Fprintf(s.err, "Passed over %s.\n", plural(s.empty, "empty line", "empty lines"))
	}
	if s.long > 0 {
		fmt.Fprintf(s.err, "Left out %s.\n", plural(s.long, "line that is too long", "lines that are too long"))
	}
}

// file sends the lines of a file; "-" is standard input.
func (s *sending) file(ctx context.Context, name string) error {
	r, done, err := openLines(s.in, name)
	if err != nil {
		return err
	}
	defer done()
	for number := 1; ; number++ {
		line, length, err := nextLine(r, s.to.Largest(s.topic))
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read lines of %s: %w", name, err)
		}
		if length > 0 || err == nil {
			if err := s.line(ctx, fmt.Sprintf("%s:%d", name, number), line, length); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// line sends one line, of length bytes; of one that is too long it has only the beginning.
func (s *sending) line(ctx context.Context, at string, line []byte, length int) error {
	s.read += int64(length) + 1
	if length == 0 {
		s.empty++
		return ctx.Err()
	}
	if limit := s.to.Largest(s.topic); length > limit {
		s.long++
		s.progress.end()
		fmt.Fprintf(s.err, "%s: the line has %d bytes; topic %s takes %d (max.message.bytes)\n", at, length, s.topic, limit)
		return ctx.Err()
	}
	if err := s.pace.wait(ctx, int(s.lines.Load())); err != nil {
		return err
	}
	if err := s.to.Send(ctx, s.topic, nil, line); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	s.lines.Add(1)
	s.progress.show(int(s.lines.Load()), s.read, time.Now())
	return ctx.Err()
}

// A pace keeps lines to a rate.
type pace struct {
	rate  float64 // lines a second; 0: as fast as can be
	began time.Time
}

// wait waits until the nth line, counted from 0, is due.
func (p pace) wait(ctx context.Context, n int) error {
	if p.rate == 0 {
		return nil
	}
	d := time.Until(p.began.Add(time.Duration(float64(n) / p.rate * float64(time.Second))))
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
