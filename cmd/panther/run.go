package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/schemas/catalogue"
	"panther/sinks/lake"
	"panther/sinks/lake/endpoint"
	"panther/sinks/notify"
	"panther/stages"
)

const runHelp = `
Usage: panther run [-f DIR] [--embedded | --brokers HOST:PORT,...] [flags]

Runs the pipeline until Ctrl-C. It first checks everything that it needs and prints all that is wrong at once. With -f it
applies the files of a catalogue before; without, it watches what the catalogue holds already.

  panther run -f examples/ --embedded
  panther run -f sources/ --brokers 10.0.0.5:9092,10.0.0.6:9092 --config panther.yml`

func runRun(ctx context.Context, p *program, args []string) error {
	f := p.flags("run", runHelp)
	at := placeFlags(f)
	at.warehouseFlag(f)
	files := f.String("f", "", "`folder` of catalogue files to apply first")
	embedded := f.Bool("embedded", false, "bring a broker along, in the data directory")
	nodes := f.String("nodes", "", "run only these `names`, separated by commas")
	if rest, err := parse(f, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError("run takes no arguments, got %q", rest)
	}
	if *embedded && at.brokers != "" {
		return usageError("--embedded brings a broker along and --brokers names others: leave one out")
	}
	only := fields(*nodes)
	if err := checkNodes(only); err != nil {
		return err
	}
	c, err := at.load(p)
	if err != nil {
		return err
	}
	if *embedded && c.Embedded == nil {
		c.Brokers, c.Embedded = nil, embeddedIn(pipeline.DefaultDir, nil)
	}
	if !*embedded && at.brokers == "" && at.dir != "" || len(c.Brokers) == 0 && c.Embedded == nil {
		return usageError("no broker is named: give --brokers host:port, or --embedded to bring one along")
	}
	ctx, stop := interruptible(ctx, p)
	defer stop()
	s := &service{program: p, config: c, log: at.log(p), nodes: only, files: *files}
	return s.run(ctx)
}

// interruptible ends the context at the first Ctrl-C, and the program at the second.
func interruptible(ctx context.Context, p *program) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(p.err, "\nstopping: what is under way is finished; press Ctrl-C again to stop at once")
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(130)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}

// checkNodes tells a name that no node has.
func checkNodes(names []string) error {
	var known []string
	for _, n := range pipeline.Topology(pipeline.Parts{}) {
		known = append(known, n.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return unknown("node", name, known)
		}
	}
	return nil
}

func fields(list string) (names []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// A service is the pipeline in this process, with all that is around it.
type service struct {
	*program
	config pipeline.Config
	log    *slog.Logger
	nodes  []string
	files  string // folder of catalogue files to apply first; may be empty

	kafka  kafka.Config
	engine *pipeline.Engine
	lake   *lake.Catalog

	lakeShown map[string]string // what other engines are told of it
}

func (s *service) run(ctx context.Context) (err error) {
	var files *catalogue.Files
	if s.files != "" {
		if files, err = catalogue.Parse(s.files); err != nil {
			return usageError("nothing is started:\n%v", err)
		}
	}
	closeBroker, err := s.broker(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeBroker()) }()
	if err := s.prepare(ctx, files); err != nil {
		return err
	}
	if err := s.start(ctx, stages.Dispatcher{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.engine.Stop()) }()
	closeHTTP, err := s.serve(ctx)
	if err != nil {
		return err
	}
	defer closeHTTP()
	fmt.Fprintf(s.err, "running: brokers %s, lake %s, health and metrics http://%s/metrics; Ctrl-C stops\n",
		strings.Join(s.kafka.Brokers, ","), s.config.Lake.Warehouse, s.config.HTTP.Listen)
	select {
	case <-ctx.Done():
	case <-s.engine.Failed():
	}
	return nil
}

// broker finds the brokers, or starts the embedded one.
func (s *service) broker(ctx context.Context) (done func() error, err error) {
	if s.kafka, err = kafkaConfig(s.program, s.config, s.log); err != nil {
		return nil, err
	}
	if s.config.Embedded == nil {
		return func() error { return nil }, nil
	}
	e, done, err := startBroker(ctx, s.config.Embedded.Dir, s.config.Embedded.Port, s.log)
	if err != nil {
		return nil, err
	}
	s.kafka.Brokers = []string{e.Addr()}
	return done, nil
}

func (s *service) layout() kafka.Layout { return kafka.Layout{Embedded: s.config.Embedded != nil} }

// prepare checks all that the pipeline needs, makes topics, and applies files.
func (s *service) prepare(ctx context.Context, files *catalogue.Files) error {
	var sources []catalogue.LogSource
	if files != nil {
		sources = files.Sources
	}
	needs := pipeline.Needs(s.layout(), sources...)
	needs.MakeProducers = s.config.Embedded != nil || s.config.CreateTopics
	problems := kafka.Preflight(ctx, s.kafka, needs)
	err := s.openLake(ctx)
	if err != nil {
		problems = append(problems, &kafka.Problem{What: "open the lake", Err: err})
	} else if err := s.checkLake(ctx); err != nil {
		problems = append(problems, &kafka.Problem{What: "use the lake at " + s.lake.Root(), Err: err, Minor: true,
			Mend: "until that is mended only the lake node waits: nothing is lost, and it goes on by itself"})
	}
	if len(problems) > 0 {
		fmt.Fprintf(s.err, "before the start:\n%s", problems.Text())
	}
	for _, problem := range problems {
		if !problem.Minor {
			return &exitError{code: exitUsage}
		}
	}
	if files != nil {
		if _, err = changeCatalogue(ctx, s.kafka, func(v *catalogue.View) (catalogue.Changes, error) {
			return catalogue.Plan(v, files, catalogue.Options{}, time.Now(), "panther run")
		}); err != nil {
			return err
		}
	}
	minor, err := s.lookAtCatalogue(ctx)
	if len(minor) > 0 {
		fmt.Fprintf(s.err, "of the catalogue:\n%s", minor.Text())
	}
	return err
}

// openLake opens the lake of the configuration. An error is one of the settings.
func (s *service) openLake(ctx context.Context) error {
	o, err := lakeOptions(s.config, s.env)
	if err != nil {
		return err
	}
	s.lakeShown = o.Properties()
	s.lake, err = openLake(ctx, o)
	return err
}

// checkLake tries whether the lake can be used. One that does not answer must not hold up the start.
func (s *service) checkLake(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	return s.lake.Check(ctx)
}

// start starts the nodes.
func (s *service) start(ctx context.Context, dispatcher stages.Dispatcher) (err error) {
	parts := pipeline.Parts{Lake: s.lake, Tables: lake.Options{Interval: s.config.Lake.Interval}, Dispatcher: dispatcher,
		Notify: notify.Options{Console: s.config.Console.URL, Env: s.env, Out: s.out}}
	if s.config.Lake.Upkeep {
		parts.Upkeep = &lake.Upkeep{Keep: lake.KeepBy(s.config.Lake.Retention)}
	}
	s.engine, err = pipeline.Start(ctx, s.kafka, parts, s.nodes...)
	return err
}

// serve answers /healthz (the process works; what it waits for), /readyz (every node has joined its group) and /metrics, and
// shows the lake to other engines.
func (s *service) serve(ctx context.Context) (done func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.HTTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for health and metrics: %w; choose another address with http.listen or PANTHER_HTTP_LISTEN", err)
	}
	s.config.HTTP.Listen = listener.Addr().String() // where it was port 0, the real one
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.engine.Metrics.Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-s.engine.Failed():
			http.Error(w, "a node has ended with an error; the log has it", http.StatusServiceUnavailable)
		default:
			fmt.Fprintln(w, "ok")
			for _, line := range s.engine.Hanging() { // no restart mends it
				fmt.Fprintln(w, "waiting: "+line)
			}
		}
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if waiting := s.engine.Ready(); len(waiting) > 0 {
			http.Error(w, "not ready: "+strings.Join(waiting, ", "), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.Handle(endpoint.Path+"/", endpoint.New(s.lake, s.lakeShown))
	return serve(listener, mux), nil
}
