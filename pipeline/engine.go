package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// An Engine is the pipeline at work in this process: a runner for each node.
type Engine struct {
	Topology  stream.Topology
	Catalogue *kafka.Follower
	Metrics   *kafka.Metrics

	runners []*kafka.Runner
	hanging *kafka.HangingWatch
	cancel  context.CancelFunc
	wait    sync.WaitGroup
	mu      sync.Mutex
	errs    []error
	failed  chan struct{} // closed when a node ended with an error
}

// Topics are all topics of the pipeline, that of the catalogue included.
func Topics() []stream.Topic { return append(Topology(Parts{}).Topics(), schemas.Catalogue) }

// Start reads the catalogue and starts the nodes named, or all. It returns once they run; Stop ends them. The topics must be
// there: see Needs. parts.Catalogue is set here.
func Start(ctx context.Context, cfg kafka.Config, parts Parts, nodes ...string) (*Engine, error) {
	follower, err := kafka.FollowCatalogue(ctx, cfg)
	if err != nil {
		return nil, err
	}
	parts.Catalogue = follower.View
	e := &Engine{Topology: Topology(parts), Catalogue: follower, Metrics: kafka.NewMetrics(), failed: make(chan struct{})}
	if err := e.choose(cfg, nodes); err != nil {
		follower.Close()
		return nil, err
	}
	if e.hanging, err = kafka.NewHangingWatch(cfg, Topics(), e.Metrics); err != nil {
		follower.Close()
		return nil, err
	}
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx))
	e.wait.Go(func() { e.hanging.Run(ctx) })
	for _, r := range e.runners {
		e.wait.Go(func() { e.ended(r.Run(ctx)) })
	}
	if jobs := parts.jobs(e.runs("lake")); len(jobs) > 0 {
		e.wait.Go(func() { e.ended(kafka.NewJobs(cfg, schemas.SourceActivity, e.Metrics, jobs...).Run(ctx)) })
	}
	return e, nil
}

// Needs are what the pipeline wants from Kafka: its topics, groups and state; the producers' topics of sources besides.
func Needs(layout kafka.Layout, sources ...catalogue.LogSource) kafka.Needs {
	topology := Topology(Parts{})
	nodes := make([]*stream.Node, len(topology))
	for i := range topology {
		nodes[i] = &topology[i]
	}
	needs := kafka.NeedsOf(nodes, schemas.Catalogue)
	needs.Layout = layout
	needs.Groups = append(needs.Groups, kafka.JobsGroup)
	for _, s := range sources {
		for _, t := range s.Topics {
			needs.Producers = append(needs.Producers, kafka.ProducersTopic(t))
		}
	}
	return needs
}

func (e *Engine) choose(cfg kafka.Config, names []string) error {
	if len(names) == 0 {
		for _, n := range e.Topology {
			names = append(names, n.Name)
		}
	}
	for _, name := range names {
		node, ok := e.Topology.Node(name)
		if !ok {
			return fmt.Errorf("there is no node %q; `panther topology` lists them", name)
		}
		e.runners = append(e.runners, kafka.NewRunner(cfg, node, e.Catalogue, e.Metrics))
	}
	return nil
}

// runs reports whether a node runs in this process.
func (e *Engine) runs(name string) bool {
	return slices.ContainsFunc(e.runners, func(r *kafka.Runner) bool { return r.Name() == name })
}

func (e *Engine) ended(err error) {
	if err == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.errs) == 0 {
		close(e.failed)
	}
	e.errs = append(e.errs, err)
}

// Failed is closed when a node has ended with an error, which Stop returns.
func (e *Engine) Failed() <-chan struct{} { return e.failed }

// Ready reports which nodes have not joined their groups yet; none: the pipeline is ready.
func (e *Engine) Ready() (waiting []string) {
	for _, r := range e.runners {
		if !r.Ready() {
			waiting = append(waiting, r.Name())
		}
	}
	return waiting
}

// Hanging says which transactions keep readers waiting for ever, in words; none: all is well.
func (e *Engine) Hanging() []string { return e.hanging.Hanging() }

// Idle reports whether every node had read its input to the end at a time not before since. Nodes that had not look for that
// end at once: without being asked they do so every heartbeat.
func (e *Engine) Idle(since time.Time) bool {
	idle := true
	for _, r := range e.runners {
		if r.CaughtUp().Before(since) {
			idle = false
			r.Look()
		}
	}
	return idle
}

// Stop lets every node finish its turn, commit and leave its group, and waits for them.
func (e *Engine) Stop() error {
	e.cancel()
	e.wait.Wait()
	e.Catalogue.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	return errors.Join(e.errs...)
}
