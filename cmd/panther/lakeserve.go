package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"panther/sinks/lake/endpoint"
)

const lakeServeHelp = `
Usage: panther lake serve [--listen HOST:PORT] [--dir DIR | --warehouse URI | --config FILE]

Shows the lake to other engines: a read-only catalog of Iceberg's REST protocol, by which Spark, Trino, DuckDB and PyIceberg
open the tables by name. They read the files themselves, so these must be where they say, and of a bucket the engines need
credentials of their own. ` + "`panther run`" + ` serves the same beside its metrics. Ctrl-C stops it.

  panther lake serve
  panther lake serve --warehouse s3://logs/panther --listen :8181`

// defaultServe is where other catalogs of this protocol listen.
const defaultServe = "127.0.0.1:8181"

func runLakeServe(ctx context.Context, p *program, args []string) error {
	f := p.flags("lake serve", lakeServeHelp)
	at := lakeFlags(f)
	listen := f.String("listen", defaultServe, "`address` to listen on")
	if rest, err := parse(f, args); err != nil {
		return err
	} else if len(rest) > 0 {
		return usageError("lake serve takes no arguments, got %q", rest)
	}
	options, err := at.lakeOptions(p)
	if err != nil {
		return err
	}
	c, err := openLake(ctx, options)
	if err != nil {
		return err
	}
	if _, err := c.ListTables(ctx); err != nil {
		return err
	}
	ctx, stop := interruptible(ctx, p)
	defer stop()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *listen)
	if err != nil {
		return fmt.Errorf("listen: %w; choose another address with --listen", err)
	}
	mux := http.NewServeMux()
	mux.Handle(endpoint.Path+"/", endpoint.New(c, options.Properties()))
	done := serve(listener, mux)
	defer done()
	fmt.Fprintf(p.err, "serving %s; engines attach http://%s%s; Ctrl-C stops\n", c.Root(), listener.Addr(), endpoint.Path)
	<-ctx.Done()
	return nil
}

// serve answers what comes to a listener until done is called.
func serve(listener net.Listener, h http.Handler) (done func()) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(listener)
	}()
	return func() {
		server.Close()
		<-ended
	}
}
