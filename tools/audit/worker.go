package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/sinks/lake"
	"panther/sinks/lake/catalogs"
	"panther/sinks/notify"
	"panther/stages"
)

// A job is what a worker is told.
type job struct {
	Broker   string
	Protocol string
	Lake     catalogs.Options
}

// runWorker runs the whole pipeline until it gets a signal, or until its standard input ends, for then the audit is gone.
func runWorker(ctx context.Context, text string) error {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return fmt.Errorf("read the job of a worker: %w", err)
	}
	ctx, orphaned := context.WithCancel(ctx)
	defer orphaned()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		orphaned()
	}()
	cfg := config(j.Broker, j.Protocol)
	cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo})).With("pid", os.Getpid())
	catalog, err := catalogs.Open(ctx, j.Lake)
	if err != nil {
		return err
	}
	parts := pipeline.Parts{
		Lake:       catalog,
		Tables:     lake.Options{Interval: lakeInterval, Idle: time.Second},
		Notify:     notify.Options{Env: os.Getenv},
		Dispatcher: stages.Dispatcher{Backoff: 500 * time.Millisecond, Most: 5 * time.Second},
	}
	engine, err := start(ctx, cfg, parts)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-engine.Failed():
	}
	return engine.Stop()
}

// start starts the pipeline, and tries again while the broker is away.
func start(ctx context.Context, cfg kafka.Config, parts pipeline.Parts) (*pipeline.Engine, error) {
	for {
		began, cancel := context.WithTimeout(ctx, 30*time.Second)
		engine, err := pipeline.Start(began, cfg, parts)
		cancel()
		if err == nil || ctx.Err() != nil {
			return engine, err
		}
		cfg.Log.Warn("the pipeline does not start; trying again", "err", err)
		time.Sleep(500 * time.Millisecond)
	}
}
