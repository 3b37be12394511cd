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
	owed, n, records := 0.0, 0, 0
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
		in := max(s.lines, 1) // lines of a record
		for ; owed >= float64(in); owed -= float64(in) {
			records++
			lines := in
			if s.pack == jsonArray && records%longEvery == 0 {
				lines = longRecord
			}
			p.send(ctx, s, n, lines, rng)
			n += lines
		}
	}
}

// Among the records of a source that packs arrays one in so many is packed further and holds very many lines: what becomes of
// them takes the pipeline long enough that it is likely to die on the way.
const (
	longEvery  = 900
	longRecord = 30_000
)

// send sends a record with lines of s, numbered after those of before.
func (p *producer) send(ctx context.Context, s source, before, lines int, rng *rand.Rand) {
	var all [][]byte
	bad := 0
	for n := before + 1; n <= before+lines; n++ {
		grade := strconv.Itoa(rng.IntN(6))
		if s.failing > 0 && n%s.failing == 0 {
			grade = `"bad"`
			bad++
		}
		text := 0
		if lines < longRecord {
			text = rng.IntN(300)
		}
		all = append(all, fmt.Appendf(nil, `{"source":%q,"n":%d,"time":%q,"grade":%s,"text":%q}`,
			s.name, n, time.Now().UTC().Format(time.RFC3339Nano), grade, strings.Repeat("x", text)))
	}
	r := &kgo.Record{Topic: s.topics[(before+1)%len(s.topics)], Value: s.pack.wrap(all)}
	if s.name == "beta" {
		r.Key = strconv.AppendInt(nil, int64((before+1)%50), 10)
	}
	p.sent.Add(int64(lines))
	p.client.Produce(ctx, r, func(_ *kgo.Record, err error) {
		if err != nil {
			p.failed.Add(int64(lines))
			return
		}
		p.acked.Add(int64(lines))
		p.bad.Add(int64(bad))
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
