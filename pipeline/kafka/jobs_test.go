package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"panther/pipeline/stream"
)

// A shift is what the processes of a fleet did of their jobs.
type shift struct {
	mu      sync.Mutex
	running map[string]string // job: process
	runs    map[string]int    // process job: how often
	both    []string          // two processes at once
}

func (s *shift) job(process, name string, err error) Job {
	return Job{Name: name, Next: func(now time.Time) time.Time { return now.Add(time.Millisecond) }, Run: func(ctx context.Context) (map[string]int, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if other := s.running[name]; other != "" && other != process {
			s.both = append(s.both, fmt.Sprintf("%s: %s and %s", name, process, other))
		}
		s.running[name] = process
		s.runs[process+" "+name]++
		return map[string]int{"things": 2}, err
	}}
}

// owners returns who runs which job, and whether each is run.
func (s *shift) owners(jobs int) (map[string]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.running), len(s.running) == jobs
}

func (s *shift) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.both = map[string]string{}, nil
}

// Each job is run by one process of the fleet, again and again; when that process ends, or dies, another one takes it over.
func TestJobsHaveOneOwner(t *testing.T) {
	const jobs = 8
	cfg := embedded(t, EmbeddedConfig{Dir: t.TempDir()}).Config()
	cfg.Heartbeat = 20 * time.Millisecond
	topic := stream.Topic{Name: newTopic(t, cfg, 2, nil)}
	s := &shift{running: map[string]string{}, runs: map[string]int{}}
	metrics := NewMetrics()
	start := func(process string) (stop func()) {
		var all []Job
		for i := range jobs {
			all = append(all, s.job(process, fmt.Sprint("job-", i), map[bool]error{true: errors.New("broken")}[i == 0]))
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			if err := NewJobs(cfg, topic, metrics, all...).Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		stop = func() { cancel(); <-done }
		t.Cleanup(stop)
		return stop
	}
	await := func(what string, ok func(map[string]string) bool) {
		t.Helper()
		for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
			if owners, all := s.owners(jobs); all && ok(owners) {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("%s: %v", what, owners)
			}
		}
	}
	only := func(process string) func(map[string]string) bool {
		return func(owners map[string]string) bool {
			for _, by := range owners {
				if by != process {
					return false
				}
			}
			return true
		}
	}
	stopA := start("a")
	await("one process runs all", only("a"))
	start("b")
	await("they share", func(owners map[string]string) bool {
		n := map[string]int{}
		for _, by := range owners {
			n[by]++
		}
		return n["a"] > 0 && n["b"] > 0
	})
	s.forget() // while the first gave some away it may have been at work on them
	await("each has an owner", func(map[string]string) bool { return true })
	s.mu.Lock()
	if len(s.both) > 0 {
		t.Errorf("two at once: %v", s.both)
	}
	s.mu.Unlock()
	stopA()
	s.forget()
	await("the other one takes over", only("b"))
	if n := metrics.value(t, "panther_job_runs_total", "job-0", "failed"); n < 2 {
		t.Errorf("job-0 failed %v times", n)
	}
	if n, items := metrics.value(t, "panther_job_runs_total", "job-1", "done"), metrics.value(t, "panther_job_items_total", "job-1", "things"); n < 2 || items < 2*n {
		t.Errorf("job-1 was done %v times, with %v things", n, items)
	}
}

// A job whose partition goes to another process is told to stop.
func TestJobIsToldToStop(t *testing.T) {
	j := NewJobs(Config{Brokers: []string{"none:1"}}, stream.Topic{Name: "t"}, NewMetrics())
	began, stopped := make(chan struct{}), make(chan struct{})
	job := Job{Name: "long", Next: func(now time.Time) time.Time { return now }, Run: func(ctx context.Context) (map[string]int, error) {
		close(began)
		<-ctx.Done()
		close(stopped)
		return nil, ctx.Err()
	}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		j.look(ctx, job, 3)
	}()
	j.own(map[string][]int32{"t": {3}}, true)
	<-began
	j.own(map[string][]int32{"t": {3}}, false)
	<-stopped
	cancel()
	<-ended
	if n := j.metrics.value(t, "panther_job_runs_total", "long", "stopped"); n != 1 {
		t.Errorf("stopped %v times", n)
	}
}
