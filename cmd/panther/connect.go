package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/schemas/catalogue"
	"panther/sinks/lake/bucket"
)

// place is where a command finds the pipeline: flags that most commands share.
type place struct {
	config    string
	brokers   string
	dir       string
	warehouse string
	verbose   bool

	found string // by connect: the brokers, or whose embedded one it is, in words
}

// placeFlags adds the shared flags to f.
func placeFlags(f *flag.FlagSet) *place {
	w := &place{}
	f.StringVar(&w.config, "config", "", "configuration `file`; every key is also a PANTHER_* variable")
	f.StringVar(&w.brokers, "brokers", "", "Kafka brokers, `host:port,...`")
	f.StringVar(&w.dir, "dir", "", "data `directory` of the embedded broker and its lake (default "+pipeline.DefaultDir+")")
	f.BoolVar(&w.verbose, "v", false, "log everything to stderr")
	return w
}

// load reads the configuration; flags win over it.
func (w *place) load(p *program) (pipeline.Config, error) {
	c, err := pipeline.Load(w.config, w.variables(p.env))
	if p.environ != nil {
		err = errors.Join(pipeline.Misspelt(p.environ()), err)
	}
	if err != nil {
		return c, &exitError{exitUsage, err.Error()}
	}
	if w.brokers != "" {
		c.Embedded = nil
		if c.Brokers, err = pipeline.ParseBrokers(w.brokers); err != nil {
			return c, usageError("--brokers: %v; write host:port, with commas between several", err)
		}
	}
	if w.dir != "" {
		c.Lake.Warehouse = lakeOf(w.dir)
		if w.brokers == "" {
			c.Brokers, c.Embedded = nil, embeddedIn(w.dir, c.Embedded)
		}
	}
	if w.warehouse != "" {
		c.Lake.Warehouse = w.warehouse
	}
	return c, nil
}

// variables are those of the configuration. An address that a flag brings is one of them: whether a catalog goes with its
// warehouse can only be said of both together.
func (w *place) variables(env func(name string) string) func(name string) string {
	if _, _, err := bucket.Parse(w.warehouse); err != nil {
		return env
	}
	return func(name string) string {
		if name == "PANTHER_LAKE_WAREHOUSE" {
			return w.warehouse
		}
		return env(name)
	}
}

// embeddedIn is the embedded broker of a data directory; its port is the configured one.
func embeddedIn(dir string, configured *pipeline.Embedded) *pipeline.Embedded {
	port := pipeline.DefaultPort
	if configured != nil {
		port = configured.Port
	}
	return &pipeline.Embedded{Dir: dir, Port: port}
}

// log is where the parts of the program log to: stderr, warnings only unless -v was given.
func (w *place) log(p *program) *slog.Logger {
	level := slog.LevelWarn
	if w.verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: level}))
}

// kafkaConfig is how the client library reaches the brokers of c.
func kafkaConfig(p *program, c pipeline.Config, log *slog.Logger) (kafka.Config, error) {
	k := kafka.Config{Brokers: c.Brokers, Protocol: c.Protocol, Instance: c.Instance, Heartbeat: c.Heartbeat, CommitInterval: c.CommitInterval, Log: log}
	if t := c.Security.TLS; t != nil {
		tls, err := t.Load()
		if err != nil {
			return k, &exitError{exitUsage, err.Error()}
		}
		k.TLS = tls
	}
	if s := c.Security.SASL; s.Mechanism != "" {
		password, err := catalogue.Resolve(s.Password, p.env)
		if err != nil {
			return k, &exitError{exitUsage, err.Error()}
		}
		k.SASL = kafka.SASL{Mechanism: s.Mechanism, User: s.User, Password: password}
	}
	return k, nil
}

// connect finds the brokers for a command that looks at a pipeline or changes it: those that are named; else the embedded
// broker that a running process has in the data directory; else that directory's broker, started for as long as the command
// takes. done must be called.
func (w *place) connect(ctx context.Context, p *program) (k kafka.Config, done func(), err error) {
	c, err := w.load(p)
	if err != nil {
		return k, nil, err
	}
	k, err = kafkaConfig(p, c, w.log(p))
	w.found = strings.Join(c.Brokers, ",")
	if err != nil || len(c.Brokers) > 0 {
		return k, func() {}, err
	}
	dir := pipeline.DefaultDir
	if c.Embedded != nil {
		dir = c.Embedded.Dir
	}
	w.found = "the embedded broker in " + dir
	if addr := runningBroker(dir); addr != "" {
		k.Brokers = []string{addr}
		return k, func() {}, nil
	}
	if _, err := os.Stat(filepath.Join(dir, "broker")); errors.Is(err, fs.ErrNotExist) {
		return k, nil, usageError("no broker is named, and %s holds none: give --brokers host:port, or --dir of an embedded broker", dir)
	}
	e, err := kafka.StartEmbedded(ctx, kafka.EmbeddedConfig{Dir: filepath.Join(dir, "broker"), Log: w.log(p)})
	if err != nil {
		return k, nil, err
	}
	k.Brokers = []string{e.Addr()}
	return k, func() { e.Close() }, nil
}

// addressFile names the file in which a process tells where its embedded broker listens.
const addressFile = "address"

// runningBroker returns where the embedded broker of a data directory listens, or "" if none runs there.
func runningBroker(dir string) string {
	b, err := os.ReadFile(filepath.Join(dir, addressFile))
	if err != nil {
		return ""
	}
	addr := strings.TrimSpace(string(b))
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "" // its process died without a word
	}
	conn.Close()
	return addr
}

// startBroker starts the embedded broker of a data directory and tells other commands where it listens.
func startBroker(ctx context.Context, dir string, port int, log *slog.Logger) (e *kafka.Embedded, done func() error, err error) {
	e, err = kafka.StartEmbedded(ctx, kafka.EmbeddedConfig{Dir: filepath.Join(dir, "broker"), Port: port, Log: log})
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(dir, addressFile)
	if err := os.WriteFile(file, []byte(e.Addr()+"\n"), 0o644); err != nil {
		e.Close()
		return nil, nil, fmt.Errorf("tell where the broker listens: %w", err)
	}
	return e, func() error {
		os.Remove(file)
		return e.Close()
	}, nil
}
