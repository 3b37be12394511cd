// Command audit proves, or disproves, that the pipeline handles each line exactly once whatever dies.
//
// It starts a real Apache Kafka and several worker processes that run the whole pipeline, sends numbered lines, one or many to a
// record, kills workers with SIGKILL, freezes them for longer than their sessions, kills the broker with kill -9; then it lets
// the pipeline come to rest, stops it, reads every topic and every table from the start and counts. Each check is a line of
// output with its numbers; the exit code is 1 if any is wrong.
//
//	go run ./tools/audit -for 60s
//	go run ./tools/audit -for 10m -rate 4000 -protocol classic
//	go run ./tools/audit -mutants            # broken pipelines, each of which the audit must catch
//
// Its one idea: nothing is believed that a process of the pipeline says of itself. What was sent is read from the producers'
// topics, what became of it from topics and tables, and who was told from a web server of its own.
//
// Read run.go for the story, ledger.go for the truth, check_*.go for what is counted, mutants.go for how the audit is audited.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// A setup is what the command line says.
type setup struct {
	duration   time.Duration // of the time in which things die
	workers    int
	rate       int // lines a second
	seed       uint64
	protocol   string
	brokers    string // "" for an Apache Kafka of our own, "fake" for kfake, else host:port
	restart    string // command that kills and restarts brokers that were given
	noKill     bool
	noFreeze   bool
	noBroker   bool
	mutant     string
	keep       bool
	dir        string
	s3         string // address of a server for the lake; "" for a folder
	partitions int
}

func main() {
	var s setup
	worker := flag.String("worker", "", "for the audit's own use: be a worker, as this JSON says")
	mutants := flag.Bool("mutants", false, "run every mutant; each must be caught")
	flag.DurationVar(&s.duration, "for", time.Minute, "how long workers and broker are killed")
	flag.IntVar(&s.workers, "workers", 3, "worker `processes`")
	flag.IntVar(&s.rate, "rate", 1500, "lines a second")
	flag.Uint64Var(&s.seed, "seed", 0, "of everything that is random (default: another each time)")
	flag.StringVar(&s.protocol, "protocol", "auto", "group protocol: auto, classic or consumer")
	flag.StringVar(&s.brokers, "brokers", "", "a broker that runs, `host:port`; fake: one in memory; default: an Apache Kafka of its own")
	flag.StringVar(&s.restart, "restart", "", "shell `command` that kills and restarts the broker of -brokers")
	flag.BoolVar(&s.noKill, "no-kill", false, "kill no workers")
	flag.BoolVar(&s.noFreeze, "no-freeze", false, "freeze no workers")
	flag.BoolVar(&s.noBroker, "no-broker-kill", false, "leave the broker alone")
	flag.StringVar(&s.mutant, "mutant", "", "run workers with a rule broken: "+mutantNames())
	flag.BoolVar(&s.keep, "keep", false, "keep the folder with logs, lake and broker")
	flag.StringVar(&s.dir, "dir", "", "`folder` for logs, lake and broker (default: a temporary one)")
	flag.StringVar(&s.s3, "s3", "", "keep the lake on an S3 server, in a bucket of its own: `http://key:secret@host:port`, as tools/s3/s3.sh url prints it")
	flag.IntVar(&s.partitions, "partitions", 8, "of the topics for events and failures; others have half as many")
	flag.Parse()
	if s.seed == 0 {
		s.seed = rand.Uint64N(1_000_000)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := do(ctx, s, *worker, *mutants); err != nil {
		fmt.Fprintln(os.Stderr, "audit:", err)
		stop()
		os.Exit(1)
	}
}

func do(ctx context.Context, s setup, worker string, mutants bool) error {
	switch {
	case worker != "":
		return runWorker(ctx, worker)
	case mutants:
		return runMutants(ctx, s)
	}
	wrong, err := audit(ctx, s)
	if err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d checks are wrong (seed %d)", wrong, s.seed)
	}
	return nil
}

// errStopped is returned when the audit was broken off.
var errStopped = errors.New("stopped")
