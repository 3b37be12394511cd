package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/kafka"
)

// A pace is how fast sources send.
type pace int32

const (
	full pace = iota // as the rate says
	calm             // a few lines a second: enough not to be silent
	mute             // nothing
)

// calmPause is the time between two lines of a source at calm pace.
const calmPause = 250 * time.Millisecond

// A producer sends the numbered lines of all sources.
type producer struct {
	client *kgo.Client
	rate   int
	pace   atomic.Int32
	silent atomic.Bool // the source that falls silent is
	wait   sync.WaitGroup

	sent, acked, failed atomic.Int64
	bad                 atomic.Int64 // acknowledged, and do not match

	mu      sync.Mutex
	last    map[string]time.Time     // when the newest line of a source was acknowledged
	longest map[string]time.Duration // and the longest time between two
}

func newProducer(cfg kafka.Config, rate int) (*producer, error) {
	client, err := cfg.NewClient(kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(20_000), kgo.RetryBackoffFn(func(int) time.Duration { return 200 * time.Millisecond }))
	return &producer{client: client, rate: rate, last: map[string]time.Time{}, longest: map[string]time.Duration{}}, err
}

// start begins to send; seed makes it repeatable.
func (p *producer) start(ctx context.Context, seed uint64) {
	for i, s := range sources() {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		p.wait.Go(func() { p.run(ctx, s, rng) })
	}
}

// run sends the lines of one source, numbered from 1.
func (p *producer) run(ctx context.Context, s source, rng *rand.Rand) {
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	owed, n := 0.0, 0
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		now := time.Now()
		each := s.pause
		switch pace(p.pace.Load()) {
		case mute:
			return
		case calm:
			each = max(each, calmPause)
		case full:
			if s.share > 0 {
				each = time.Duration(float64(time.Second) / (s.share * float64(p.rate)))
			}
		}
		owed = min(owed+float64(now.Sub(last))/float64(each), 2000) // what a broker that was away delayed is not all sent at once
		last = now
		if s.falls && p.silent.Load() {
			owed = 0
		}
		for ; owed >= 1; owed-- {
			n++
			p.send(ctx, s, n, rng)
		}
	}
}

func (p *producer) send(ctx context.Context, s source, n int, rng *rand.Rand) {
	grade := strconv.Itoa(rng.IntN(6))
	bad := s.failing > 0 && n%s.failing == 0
	if bad {
		grade = `"bad"`
	}
	r := &kgo.Record{Topic: s.topics[n%len(s.topics)], Value: fmt.Appendf(nil, `{"source":%q,"n":%d,"time":%q,"grade":%s,"text":%q}`,
		s.name, n, time.Now().UTC().Format(time.RFC3339Nano), grade, strings.Repeat("x", rng.IntN(300)))}
	if s.name == "beta" {
		r.Key = strconv.AppendInt(nil, int64(n%50), 10)
	}
	p.sent.Add(1)
	p.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
		if err != nil {
			p.failed.Add(1)
			return
		}
		p.acked.Add(1)
		if bad {
			p.bad.Add(1)
		}
		p.heard(s.name)
	})
}

func (p *producer) heard(source string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if last, ok := p.last[source]; ok {
		p.longest[source] = max(p.longest[source], now.Sub(last))
	}
	p.last[source] = now
}

// finish stops sending and waits until every line is acknowledged.
func (p *producer) finish(ctx context.Context) error {
	p.pace.Store(int32(mute))
	p.wait.Wait()
	if err := p.client.Flush(ctx); err != nil {
		return fmt.Errorf("send the last lines: %w", err)
	}
	p.client.Close()
	return nil
}
