package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"panther/cmd/panther/samples"
	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/pipeline/views"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/sinks/lake"
	"panther/stages"
)

const demoHelp = `
Usage: panther demo [flags]

Shows the pipeline at work on this machine alone: an embedded broker, a lake in a folder, four sources that send sample lines,
two destinations. A vendor changes a field, a source falls silent, a destination is down: see what Panther Monitor makes of it.
It runs on until Ctrl-C. Started again on the same directory it goes on where it was.

  panther demo
  panther demo --for 90s --dir /tmp/demo -o json`

func runDemo(ctx context.Context, p *program, args []string) error {
	f := p.flags("demo", demoHelp)
	d := &demo{began: time.Now()}
	f.StringVar(&d.dir, "dir", pipeline.DefaultDir, "data `directory`; it may be deleted afterwards")
	f.StringVar(&d.warehouse, "warehouse", "", "where the lake is, in place of the data directory: a folder, or s3://bucket/prefix as `URI`; PANTHER_AWS_ENDPOINT and the like count")
	f.DurationVar(&d.runFor, "for", 0, "stop by itself so long after the first line; 0: at Ctrl-C")
	f.IntVar(&d.rate, "rate", 400, "lines a second, all sources together")
	output := f.String("o", "text", "text, or json: one JSON object as the last line of stdout, all else on stderr")
	verbose := f.Bool("v", false, "log everything to stderr")
	if rest, err := parse(f, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError("demo takes no arguments, got %q", rest)
	}
	switch {
	case *output != "text" && *output != "json":
		return usageError("-o %s: want text or json", *output)
	case d.rate < 4:
		return usageError("--rate %d: want at least 4, one for each source", d.rate)
	case d.runFor < 0:
		return usageError("--for %s: want a time like 90s", d.runFor)
	}
	at := &place{verbose: *verbose}
	d.say = &narrator{out: p.out, began: d.began}
	if *output == "json" {
		d.say.out = p.err
	}
	ctx, stop := interruptible(ctx, p)
	defer stop()
	result, err := d.run(ctx, p, at.log(p))
	if err != nil {
		return err
	}
	if *output == "json" {
		return json.NewEncoder(p.out).Encode(result)
	}
	return nil
}

// Times of the demo. Alarms of the real thing begin at a minute; nobody wants to watch that.
const (
	demoHeartbeat = time.Second
	demoSilence   = 20 * time.Second
	demoBackoff   = time.Second
	demoCommit    = 2 * time.Second // of the lake
	demoDrain     = time.Minute     // how long the end may take
)

// demo is one run of the demo.
type demo struct {
	dir       string
	warehouse string // empty: in dir
	runFor    time.Duration
	rate      int
	began     time.Time

	say     *narrator
	service *service
	views   *views.Views
	webhook *webhookServer
	told    bool  // the story was told in this directory before
	lines   int64 // sent since the directory was made
}

// demoResult is what the demo says at its end, of everything that the directory holds.
type demoResult struct {
	Lines      int64            `json:"lines"`
	Events     int64            `json:"events"`
	Failures   int64            `json:"failures"`
	Tables     map[string]int64 `json:"tables"`     // rows
	Alerts     map[string]int64 `json:"alerts"`     // opened, by type
	Deliveries map[string]int64 `json:"deliveries"` // attempts, by outcome
	Dir        string           `json:"dir"`
}

func (d *demo) run(ctx context.Context, p *program, log *slog.Logger) (result *demoResult, err error) {
	d.say.line("Panther Monitor: the whole pipeline in this process. Ctrl-C stops it.")
	if d.webhook, err = startWebhook(); err != nil {
		return nil, err
	}
	defer d.webhook.close()
	closeBroker, err := d.start(ctx, p, log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeBroker()) }()
	d.views, err = views.Open(ctx, d.service.kafka, schemas.Alerts, schemas.DeliveryStatuses, schemas.SourceStatuses)
	if err != nil {
		return nil, err
	}
	defer d.views.Close()
	if err := d.service.start(ctx, stages.Dispatcher{Backoff: demoBackoff}); err != nil {
		return nil, err
	}
	running := true
	defer func() {
		if running {
			err = errors.Join(err, d.service.engine.Stop())
		}
	}()
	closeHTTP, err := d.service.serve(ctx)
	if errors.Is(err, syscall.EADDRINUSE) {
		d.service.config.HTTP.Listen = "127.0.0.1:0"
		closeHTTP, err = d.service.serve(ctx)
	}
	if err != nil {
		return nil, err
	}
	defer closeHTTP()
	broker := strings.Join(d.service.kafka.Brokers, ",")
	if d.service.config.Embedded.Port == 0 {
		d.say.line("port %d is taken by another program, so this demo's broker has a port of its own", pipeline.DefaultPort)
	}
	d.say.line("broker %s (any Kafka client may send to it), lake %s, metrics http://%s/metrics", broker,
		d.service.config.Lake.Warehouse, d.service.config.HTTP.Listen)

	if err := d.tell(ctx); err != nil {
		return nil, err
	}
	d.say.line("stopping: the last lines go through the pipeline")
	d.drain()
	running = false
	if err := d.service.engine.Stop(); err != nil {
		return nil, err
	}
	return d.result()
}

// start brings up the broker and the catalogue.
func (d *demo) start(ctx context.Context, p *program, log *slog.Logger) (done func() error, err error) {
	c, err := pipeline.Load("", func(name string) string { // all else that is set is for another pipeline
		if strings.HasPrefix(name, "PANTHER_AWS_") {
			return p.env(name)
		}
		return ""
	})
	if err != nil {
		return nil, err
	}
	c.Embedded = &pipeline.Embedded{Dir: d.dir, Port: pipeline.DefaultPort}
	c.Lake.Warehouse, c.Lake.Interval, c.Heartbeat = lakeOf(d.dir), demoCommit, demoHeartbeat
	if d.warehouse != "" {
		c.Lake.Warehouse = d.warehouse
	}
	quiet := *p
	quiet.out = d.say // the destination of type log prints in between
	d.service = &service{program: &quiet, config: c, log: log}
	done, err = d.service.broker(ctx)
	if errors.Is(err, syscall.EADDRINUSE) {
		c.Embedded.Port = 0 // any that is free
		done, err = d.service.broker(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(d.loadCount(), d.prepare(ctx)); err != nil {
		return nil, errors.Join(err, done())
	}
	return done, nil
}

func (d *demo) prepare(ctx context.Context) error {
	var sources []catalogue.LogSource
	for _, s := range samples.Sources() {
		sources = append(sources, catalogue.LogSource{ID: "demo-" + strings.ReplaceAll(s.Name, " ", "-"), Label: s.Name, Topics: []string{s.Topic},
			LogTypes: []string{s.LogType}, StreamType: "Auto", Alarm: demoSilence, From: "earliest", Origin: "demo"})
	}
	needs := pipeline.Needs(d.service.layout(), sources...)
	needs.MakeProducers = true
	if problems := kafka.Preflight(ctx, d.service.kafka, needs); len(problems) > 0 {
		return problems
	}
	if err := d.service.openLake(ctx); err != nil {
		return err
	}
	if err := d.service.checkLake(ctx); err != nil {
		return err
	}
	_, err := kafka.WriteCatalogue(ctx, d.service.kafka, func(v *catalogue.View) (out []stream.Record, err error) {
		d.told = v.Version() > 0
		version, now := v.Version()+1, time.Now().UTC()
		if !d.told {
			for _, s := range sources {
				s.Created, s.InputsVersion, s.Version = now, version, version
				out = append(out, stream.Send(schemas.Catalogue, catalogue.Key(s), s))
			}
		}
		for _, dest := range d.destinations() { // the webhook has another port each time
			dest.Version = version
			out = append(out, stream.Send(schemas.Catalogue, catalogue.Key(dest), dest))
		}
		return out, nil
	})
	return err
}

func (d *demo) destinations() []catalogue.Destination {
	all := schemas.Severities()
	policy := catalogue.DefaultDelivery()
	policy.FailureThreshold = 3
	return []catalogue.Destination{
		{ID: "demo-terminal", Label: "terminal", Type: "log", Settings: map[string]any{}, Severities: all,
			AlertTypes: []schemas.AlertType{schemas.SystemError}, Delivery: catalogue.DefaultDelivery(), Origin: "demo"},
		{ID: "demo-webhook", Label: "soc webhook", Type: "webhook", Settings: map[string]any{"url": d.webhook.url()}, Severities: all,
			AlertTypes: []schemas.AlertType{schemas.SystemError}, Delivery: policy, Origin: "demo"},
	}
}

// drain waits until every line has gone all the way: each node hands on to the next, so all must be idle several times.
func (d *demo) drain() {
	deadline := time.Now().Add(demoDrain)
	for range 4 {
		since := time.Now()
		for !d.service.engine.Idle(since) {
			if time.Now().After(deadline) {
				d.say.line("not everything went through in %s; it stays in the topics and goes on with the next start", demoDrain)
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// countFile remembers how many lines were sent: the topics forget them after a while.
const countFile = "lines-sent"

func (d *demo) loadCount() error {
	b, err := os.ReadFile(filepath.Join(d.dir, countFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		d.lines, err = strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	}
	if err != nil {
		return fmt.Errorf("read how many lines were sent before: %w", err)
	}
	return nil
}

func (d *demo) saveCount(sent int64) error {
	return os.WriteFile(filepath.Join(d.dir, countFile), fmt.Appendln(nil, sent), 0o644)
}

// result counts what the directory holds and says where everything is.
func (d *demo) result() (*demoResult, error) {
	ctx, cancel := context.WithTimeout(context.Background(), demoDrain)
	defer cancel()
	r := &demoResult{Tables: map[string]int64{}, Alerts: map[string]int64{}, Deliveries: map[string]int64{}}
	r.Dir, _ = filepath.Abs(d.dir)
	r.Lines = d.lines
	proofs, err := d.service.lake.Verify(ctx)
	if err != nil {
		return nil, err
	}
	for name, proof := range proofs {
		r.Tables[name] = proof.Rows
		switch {
		case lake.HoldsEvents(name):
			r.Events += proof.Rows
		case lake.HoldsFailures(name):
			r.Failures += proof.Rows
		}
	}
	if err := d.views.ToEnd(ctx); err != nil {
		return nil, err
	}
	for _, a := range d.views.All(schemas.Alerts) {
		r.Alerts[string(a.(schemas.Alert).SystemError)]++
	}
	for _, s := range d.views.All(schemas.DeliveryStatuses) {
		for _, receipt := range s.(schemas.DeliveryStatus).Attempts {
			r.Deliveries[string(receipt.Outcome)]++
		}
	}
	d.farewell(r)
	return r, nil
}

func (d *demo) farewell(r *demoResult) {
	others := ""
	if n := r.Events + r.Failures - r.Lines; n > 0 { // any Kafka client may send to the broker
		others = fmt.Sprintf(" and %d that others sent", n)
	}
	d.say.line("done: %d lines%s became %d events and %d failures, each once, in %s", r.Lines, others, r.Events, r.Failures, d.service.lake.Root())
	for _, name := range slices.Sorted(maps.Keys(r.Tables)) {
		d.say.more("%-46s %9d rows", name, r.Tables[name])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Alerts)) {
		d.say.more("%-46s %9d opened", name, r.Alerts[name])
	}
	for _, name := range slices.Sorted(maps.Keys(r.Deliveries)) {
		d.say.more("delivery attempts: %-27s %9d", name, r.Deliveries[name])
	}
	dir := ""
	if d.dir != pipeline.DefaultDir {
		dir = " --dir " + d.dir
	}
	lake, again := dir, dir
	if d.warehouse != "" {
		lake, again = " --warehouse "+d.warehouse, dir+" --warehouse "+d.warehouse
	}
	d.say.line("look around, also while it runs:")
	for _, c := range []string{"alerts list" + dir, "sources list" + dir, "lake tables" + lake, "demo" + again} {
		d.say.more("%s %s", self(os.Args[0]), c)
	}
}

// self is how a person runs this program again, who has run it as called.
func self(called string) string {
	if strings.Contains(called, "go-build") {
		return "go run ./cmd/panther"
	}
	return called
}
