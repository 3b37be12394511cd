package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"panther/cmd/panther/samples"
	"panther/pipeline/kafka"
	"panther/schemas"
	"panther/sinks/lake"
)

// The story: what goes wrong in the demo, and when, from the moment at which the pipeline is ready.
const (
	tellChange = 4 * time.Second  // the vendor of okta changes a field
	tellSilent = 6 * time.Second  // nginx edge falls silent; its alarm comes a threshold later
	tellMended = 24 * time.Second // the vendor takes the change back; the webhook's server is up again
	tellSpeaks = 34 * time.Second // nginx edge speaks again
	tellEnd    = 42 * time.Second
)

// A feed sends the lines of one source.
type feed struct {
	samples.Source
	perSecond int
	changed   atomic.Bool
	silent    atomic.Bool
}

// tell sends lines and lets things go wrong until ctx ends, or the time that was set is over, and says what becomes of it.
func (d *demo) tell(ctx context.Context) error {
	if !d.ready(ctx) {
		return nil
	}
	if d.runFor > 0 { // counted from here: how long the start takes says nothing of the story
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.runFor)
		defer cancel()
	}
	var topics []string
	for _, s := range samples.Sources() {
		topics = append(topics, s.Topic)
	}
	producer, err := kafka.NewProducer(context.WithoutCancel(ctx), d.service.kafka, topics...)
	if err != nil {
		return err
	}
	defer producer.Close()
	feeds := map[string]*feed{}
	var wait sync.WaitGroup
	for _, s := range samples.Sources() {
		f := &feed{Source: s, perSecond: max(1, d.rate/len(samples.Sources()))}
		feeds[s.Name] = f
		wait.Go(func() { f.run(ctx, producer) })
	}
	wait.Go(func() { d.watch(ctx) })
	wait.Go(func() { d.rates(ctx, producer) })
	if d.told {
		d.webhook.up.Store(true)
		d.say.line("this directory has seen the story: lines go on where they were. For the story again give another --dir")
	} else {
		d.happen(ctx, feeds)
	}
	<-ctx.Done()
	wait.Wait()
	flush, cancel := context.WithTimeout(context.Background(), demoDrain)
	defer cancel()
	err = producer.Flush(flush)
	sent, _ := producer.Sent()
	d.lines += sent
	return errors.Join(err, d.saveCount(d.lines))
}

// ready waits until every node has joined its group.
func (d *demo) ready(ctx context.Context) bool {
	for len(d.service.engine.Ready()) > 0 {
		if !sleep(ctx, 50*time.Millisecond) {
			return false
		}
	}
	d.say.line("every node is ready: %d lines a second of four sources begin", d.rate)
	d.say.more("alarms go off after %s of silence here; a minute is the least in real life", demoSilence)
	return true
}

// happen is the story itself.
func (d *demo) happen(ctx context.Context, feeds map[string]*feed) {
	began := time.Now()
	at := func(when time.Duration, what func()) {
		if sleep(ctx, time.Until(began.Add(when))) {
			what()
		}
	}
	d.say.line("soc webhook: its server is down from the start")
	at(tellChange, func() {
		d.say.line("okta: the vendor makes field %s an object; its lines do not match the schema any more", feeds["okta"].Change)
		feeds["okta"].changed.Store(true)
	})
	at(tellSilent, func() {
		d.say.line("nginx edge: falls silent")
		feeds["nginx edge"].silent.Store(true)
	})
	at(tellMended, func() {
		d.say.line("okta: the vendor takes the change back. soc webhook: its server is up again")
		feeds["okta"].changed.Store(false)
		d.webhook.up.Store(true)
	})
	at(tellSpeaks, func() {
		d.say.line("nginx edge: speaks again")
		feeds["nginx edge"].silent.Store(false)
	})
	at(tellEnd, func() { d.say.line("this is the story; lines go on until Ctrl-C") })
}

// run sends lines, ten times a second, until ctx ends.
func (f *feed) run(ctx context.Context, p *kafka.Producer) {
	rng := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	began, due := time.Now(), int64(0)
	for sleep(ctx, 100*time.Millisecond) {
		want := int64(time.Since(began).Seconds() * float64(f.perSecond))
		for ; due < want; due++ {
			if f.silent.Load() {
				continue
			}
			line := f.Line
			if f.changed.Load() {
				line = f.Changed
			}
			if p.Send(context.WithoutCancel(ctx), f.Topic, nil, line(rng, time.Now())) != nil {
				return // Flush tells why
			}
		}
	}
}

// rates says now and then how much flows.
func (d *demo) rates(ctx context.Context, p *kafka.Producer) {
	for last, at, n := int64(0), time.Now(), 1; sleep(ctx, time.Second); n++ {
		sent, _ := p.Sent()
		d.saveCount(d.lines + sent) // for a start after a crash; the last one counts
		if n%5 != 0 {
			continue
		}
		now := time.Now()
		var rows int64
		tables, err := d.service.lake.Tables(ctx)
		if err != nil {
			continue
		}
		tables = slices.DeleteFunc(tables, func(t lake.TableInfo) bool { return !lake.HoldsEvents(t.Name) && !lake.HoldsFailures(t.Name) })
		for _, t := range tables {
			rows += t.Rows
		}
		d.say.line("%d lines sent, %.0f a second; %d rows in %d tables", d.lines+sent, float64(sent-last)/now.Sub(at).Seconds(), rows, len(tables))
		last, at = sent, now
	}
}

// watch says what the pipeline makes of it: alerts that open and end, deliveries that fail and succeed.
func (d *demo) watch(ctx context.Context) {
	seen := map[string]string{}
	news := func(key, state string) bool {
		old := seen[key]
		seen[key] = state
		return old != state
	}
	for _, a := range d.views.All(schemas.Alerts) { // those of an earlier start are no news
		news(a.(schemas.Alert).ID, string(a.(schemas.Alert).Status))
	}
	for key, s := range d.views.All(schemas.DeliveryStatuses) {
		news(key, deliveryState(s.(schemas.DeliveryStatus)))
	}
	for sleep(ctx, 100*time.Millisecond) {
		for _, row := range d.views.All(schemas.Alerts) {
			if a := row.(schemas.Alert); news(a.ID, string(a.Status)) {
				d.sayAlert(a)
			}
		}
		for key, row := range d.views.All(schemas.DeliveryStatuses) {
			if s := row.(schemas.DeliveryStatus); news(key, deliveryState(s)) && len(s.Attempts) > 0 {
				d.sayDelivery(s)
			}
		}
	}
}

func (d *demo) sayAlert(a schemas.Alert) {
	switch {
	case a.Status == schemas.Open:
		d.say.line("ALERT %s: %s", a.SystemError, a.Title)
	case a.ResolvedBy == "":
		d.say.line("RESOLVED %s: %s", a.SystemError, a.Title)
	default:
		d.say.line("RESOLVED %s: %s (%s)", a.SystemError, a.Title, a.ResolvedBy)
	}
}

func deliveryState(s schemas.DeliveryStatus) string { return fmt.Sprint(s.State, len(s.Attempts)) }

func (d *demo) sayDelivery(s schemas.DeliveryStatus) {
	last := s.Attempts[len(s.Attempts)-1]
	switch {
	case s.State == "delivered":
		d.say.line("%s: alert %.8s delivered, attempt %d", s.Label, s.AlertID, last.Number)
	case s.NextAt.IsZero():
		d.say.line("%s: alert %.8s not delivered, attempt %d: %s", s.Label, s.AlertID, last.Number, last.Message)
	default:
		d.say.line("%s: alert %.8s not delivered, attempt %d: %s; again in %s", s.Label, s.AlertID, last.Number, last.Message,
			time.Until(s.NextAt).Round(100*time.Millisecond))
	}
}

// sleep waits for d; false: ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A webhookServer is somebody's server that alerts are posted to. At first it is down: it answers 503.
type webhookServer struct {
	up     atomic.Bool
	server *http.Server
	addr   string
}

func startWebhook() (*webhookServer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the demo's webhook: %w", err)
	}
	w := &webhookServer{addr: listener.Addr().String()}
	w.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !w.up.Load() {
			http.Error(rw, "down for maintenance", http.StatusServiceUnavailable)
			return
		}
		io.Copy(io.Discard, r.Body)
		fmt.Fprintln(rw, "thank you")
	})}
	go w.server.Serve(listener)
	return w, nil
}

func (w *webhookServer) url() string { return "http://" + w.addr + "/alerts" }
func (w *webhookServer) close()      { w.server.Close() }
