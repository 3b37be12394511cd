package kafka

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// catalogueWriter is the transactional id of whoever writes the catalogue. It is one for all, so that a second writer stops
// the first.
const catalogueWriter = "panther-catalogue"

// catalogueTries is how often a writer begins anew when others stop it.
const catalogueTries = 20

var catalogueTopic = schemas.Catalogue.Name

// WriteCatalogue changes the catalogue, as a whole or not at all, and returns the version that it makes. plan gets the
// catalogue as it stands and returns the entries to write, with View.Version()+1 as the version in them; a record without
// Message and Value removes an entry. No records: nothing is written, and the version stays. A record of type
// catalogue.Version, if there is one, says By whom; its number is set here.
//
// Writers anywhere may try at once. The producer's id is taken before the catalogue is read: so whoever read first can not
// commit last. The other way round the slower writer would have the newer id, and overwrite what it never read. A writer that
// was stopped begins anew, and calls plan again. It does so too when the broker could not say whether a write was done: plan
// must find then that nothing is left to do.
func WriteCatalogue(ctx context.Context, cfg Config, plan func(*catalogue.View) ([]stream.Record, error)) (version int64, err error) {
	for try := range catalogueTries {
		if try > 0 {
			if err := pause(ctx, time.Duration(rand.Int64N(int64(min(try, 5))*int64(100*time.Millisecond)))); err != nil {
				return 0, fmt.Errorf("write the catalogue: %w", err)
			}
		}
		version, err = writeCatalogueOnce(ctx, cfg, plan)
		if err == nil {
			return version, nil
		}
		if !fenced(err) {
			return 0, fmt.Errorf("write the catalogue: %w", err)
		}
	}
	return 0, fmt.Errorf("write the catalogue: others wrote it at the same time, %d times in a row: %w", catalogueTries, err)
}

func writeCatalogueOnce(ctx context.Context, cfg Config, plan func(*catalogue.View) ([]stream.Record, error)) (int64, error) {
	cfg = cfg.WithDefaults()
	client, err := cfg.NewClient(kgo.TransactionalID(catalogueWriter), kgo.TransactionTimeout(cfg.TransactionTimeout),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0), kgo.ProducerBatchMaxBytes(MaxMessageBytes-1<<10))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	if err := cfg.Reach(ctx, client); err != nil {
		return 0, err
	}
	idCtx, cancel := context.WithTimeout(ctx, 2*cfg.TransactionTimeout) // a predecessor's transaction is ended first
	_, _, err = client.ProducerID(idCtx)
	cancel()
	if err != nil {
		return 0, fmt.Errorf("take the writers' transactional id: %w", cfg.Explain(err, Access{"Write", "transactional-id", catalogueWriter}))
	}
	view, err := readCatalogue(ctx, cfg)
	if err != nil {
		return 0, err
	}
	records, err := plan(view)
	if err != nil || len(records) == 0 {
		return view.Version(), err
	}
	version := view.Version() + 1
	entries, err := catalogueRecords(records, version)
	if err != nil {
		return 0, err
	}
	if err := commitRecords(ctx, client, entries); err != nil {
		return 0, cfg.Explain(err, Access{"Write", "topic", catalogueTopic}, Access{"Write", "transactional-id", catalogueWriter})
	}
	return version, nil
}

// readCatalogue reads the catalogue to its end.
func readCatalogue(ctx context.Context, cfg Config) (*catalogue.View, error) {
	reader := newCatalogueReader(cfg)
	err := Restore(ctx, cfg, catalogueTopic, []int32{0}, func(r *kgo.Record) error {
		reader.take(r)
		return nil
	})
	return reader.view, err
}

// catalogueRecords encodes records, and puts the version behind them.
func catalogueRecords(records []stream.Record, number int64) ([]*kgo.Record, error) {
	version := catalogue.Version{At: time.Now().UTC()}
	var out []*kgo.Record
	for _, r := range records {
		if v, ok := r.Message.(catalogue.Version); ok {
			version.By = v.By
			continue
		}
		if err := r.Encode(); err != nil {
			return nil, err
		}
		out = append(out, &kgo.Record{Topic: catalogueTopic, Key: r.Key, Value: r.Value})
	}
	version.Version = number
	last := stream.Send(schemas.Catalogue, catalogue.VersionKey, version)
	if err := last.Encode(); err != nil {
		return nil, err
	}
	return append(out, &kgo.Record{Topic: catalogueTopic, Key: last.Key, Value: last.Value}), nil
}

// commitRecords produces records in one transaction. After an error the client is of no use any more, and the transaction is
// ended by the next writer's id, or by its timeout.
func commitRecords(ctx context.Context, client *kgo.Client, records []*kgo.Record) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := client.BeginTransaction(); err != nil {
		return err
	}
	done := make(chan error, len(records))
	for _, r := range records {
		client.Produce(ctx, r, func(_ *kgo.Record, err error) { done <- err })
	}
	for range records {
		select {
		case err := <-done:
			if err != nil {
				return err
			}
		case <-ctx.Done(): // the library waits for a record that it sent until its fate is known
			return ctx.Err()
		}
	}
	return client.EndTransaction(ctx, kgo.TryCommit)
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A catalogueReader makes views of records.
type catalogueReader struct {
	cfg     Config
	builder catalogue.Builder
	view    *catalogue.View
}

func newCatalogueReader(cfg Config) *catalogueReader {
	return &catalogueReader{cfg: cfg.WithDefaults(), view: catalogue.NewView(0, map[string]any{})}
}

// take adds a record, and reports whether it completes a version. An entry that a newer program wrote, and this one cannot
// read, is left out.
func (c *catalogueReader) take(r *kgo.Record) bool {
	view, err := c.builder.Add(string(r.Key), r.Value)
	if err != nil {
		c.cfg.Log.Warn("an entry of the catalogue cannot be read and is left out", "key", string(r.Key), "offset", r.Offset, "err", err)
		return false
	}
	if view == nil {
		return false
	}
	c.view = view
	return true
}

// A Follower knows the catalogue as it stands, and follows its changes.
type Follower struct {
	tail   *tail
	reader *catalogueReader

	// Under the tail's lock, as the reader.
	changed chan struct{}
}

// FollowCatalogue reads the catalogue to its end, and goes on reading until Close.
func FollowCatalogue(ctx context.Context, cfg Config) (*Follower, error) {
	f := &Follower{reader: newCatalogueReader(cfg), changed: make(chan struct{})}
	tail, err := newTail(ctx, cfg, []string{catalogueTopic}, func(r *kgo.Record) {
		if f.reader.take(r) {
			close(f.changed)
			f.changed = make(chan struct{})
		}
	})
	if err != nil {
		return nil, err
	}
	f.tail = tail
	return f, nil
}

// View is the catalogue at the newest version that was read.
func (f *Follower) View() *catalogue.View {
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	return f.reader.view
}

// Changed returns a channel that is closed at the next change. Ask for it before View, else a change between the two goes
// unnoticed until the next.
func (f *Follower) Changed() <-chan struct{} {
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	return f.changed
}

// ReadToEnd returns the catalogue with everything that was committed before the call.
func (f *Follower) ReadToEnd(ctx context.Context) (*catalogue.View, error) {
	if err := f.tail.toEnd(ctx); err != nil {
		return nil, fmt.Errorf("read the catalogue to its end: %w", err)
	}
	return f.View(), nil
}

// WaitFor waits until the catalogue has come to version, and returns it at that version or a newer one.
func (f *Follower) WaitFor(ctx context.Context, version int64) (*catalogue.View, error) {
	err := f.tail.wait(ctx, 0, func() bool { return f.reader.view.Version() >= version })
	if err != nil {
		return nil, fmt.Errorf("wait for version %d of the catalogue: %w", version, err)
	}
	return f.View(), nil
}

// Close ends the reading.
func (f *Follower) Close() { f.tail.close() }
