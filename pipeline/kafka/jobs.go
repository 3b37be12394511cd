package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
)

// A Job is work that one process of the fleet does at a time, again and again. That is the aim, not a promise: a process that
// is cut off goes on for as long as a session lasts, so two at once must be harmless, and so must a death in the middle.
type Job struct {
	Name string                                            // its key: the partition of the key has the owner who runs it
	Next func(now time.Time) time.Time                     // when the next run is due, later than now
	Run  func(ctx context.Context) (map[string]int, error) // what it did, in numbers; ctx ends when another process is to run it
}

// JobsGroup is the consumer group that exists for election only: who owns the partition of a job's key runs the job. Nobody
// reads the records, and no offset is committed.
const JobsGroup = "panther.jobs"

// Jobs are the jobs of the fleet, as this process sees them: it is a member of JobsGroup, and runs those that fall to it.
type Jobs struct {
	cfg     Config
	topic   stream.Topic
	jobs    []Job
	metrics *Metrics
	log     *slog.Logger
	said    repeats

	mu      sync.Mutex
	owned   map[int32]bool
	changed chan struct{} // closed when owned changes; then there is a new one
}

// NewJobs makes jobs whose owners are those of a topic's partitions: any topic does, for none of it is read.
func NewJobs(cfg Config, topic stream.Topic, metrics *Metrics, jobs ...Job) *Jobs {
	cfg = cfg.WithDefaults()
	return &Jobs{cfg: cfg, topic: topic, jobs: jobs, metrics: metrics, log: cfg.Log, owned: map[int32]bool{}, changed: make(chan struct{})}
}

// Run takes part in the election, and runs the jobs that fall to this process, until ctx ends. It waits for a job under way,
// whose context has ended, too.
func (j *Jobs) Run(ctx context.Context) error {
	opts := append(j.cfg.GroupOpts(), kgo.ConsumerGroup(JobsGroup), kgo.ConsumeTopics(j.topic.Name), kgo.DisableAutoCommit(),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtEnd()),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { j.own(parts, true) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { j.own(parts, false) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) { j.own(parts, false) }))
	client, err := j.cfg.NewClient(opts...)
	if err != nil {
		return fmt.Errorf("take part in the election of jobs: %w", err)
	}
	defer client.Close()
	client.PauseFetchTopics(j.topic.Name)
	var counts partitionCounts
	for counts.load(ctx, client, []string{j.topic.Name}) != nil {
		if pause(ctx, j.cfg.Heartbeat) != nil { // the broker is away
			return nil
		}
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	for _, job := range j.jobs {
		wait.Go(func() { j.look(ctx, job, PartitionFor([]byte(job.Name), int(counts.of(j.topic.Name)))) })
	}
	for ctx.Err() == nil { // nothing is fetched; errors of the group come this way
		for _, e := range client.PollFetches(ctx).Errors() {
			if ctx.Err() == nil {
				j.said.warn(j.log, "the election of jobs is troubled", "err", j.cfg.Explain(e.Err, Access{"Read", "group", JobsGroup}))
			}
		}
		_ = pause(ctx, j.cfg.Heartbeat)
	}
	return nil
}

func (j *Jobs) own(parts map[string][]int32, mine bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, ps := range parts {
		for _, p := range ps {
			j.owned[p] = mine
		}
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

// await waits until a partition is ours, or is not.
func (j *Jobs) await(ctx context.Context, p int32, mine bool) error {
	for {
		j.mu.Lock()
		is, changed := j.owned[p], j.changed
		j.mu.Unlock()
		if is == mine {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// look runs a job while its partition is ours.
func (j *Jobs) look(ctx context.Context, job Job, p int32) {
	for j.await(ctx, p, true) == nil {
		ours, end := context.WithCancel(ctx)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_ = j.await(ours, p, false)
			end()
		}()
		j.log.Info("this process runs the job", "job", job.Name)
		for {
			if pause(ours, time.Until(job.Next(time.Now()))) != nil || ours.Err() != nil { // both may be due
				break
			}
			j.run(ours, job)
		}
		end()
		<-gone
	}
}

// run runs a job once.
func (j *Jobs) run(ctx context.Context, job Job) {
	began := time.Now()
	done, err := job.Run(ctx)
	attrs := []any{"job", job.Name, "took", time.Since(began).Round(time.Millisecond)}
	for what, n := range done {
		j.metrics.jobItems.WithLabelValues(job.Name, what).Add(float64(n))
		attrs = append(attrs, what, n)
	}
	outcome := "done"
	switch {
	case ctx.Err() != nil:
		outcome = "stopped"
	case err != nil:
		outcome = "failed"
		j.log.Warn("a job went wrong; the next run takes up what is left", append(attrs, "err", err)...)
	default:
		j.metrics.jobDone.WithLabelValues(job.Name).SetToCurrentTime()
		j.log.Info("a job is done", attrs...)
	}
	j.metrics.jobRuns.WithLabelValues(job.Name, outcome).Inc()
}
