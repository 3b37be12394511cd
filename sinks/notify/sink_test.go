package notify

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// A driver plays the runner: it adds attempts and writes down what Flush returns. Destination NAME posts to http://NAME/.
type driver struct {
	*testing.T
	sink   *Sink
	secret string // the reference that destination "secretive" has for its URL
	next   map[int32]int64
	said   strings.Builder
}

func drive(t *testing.T, hosts network, o Options) *driver {
	o.Transport = hosts.start(t)
	d := &driver{T: t, secret: "env:UNSET", next: map[int32]int64{}}
	d.sink = NewSink(func(id string) (catalogue.Destination, bool) {
		entry := catalogue.Destination{ID: id, Label: id, Type: "webhook", Settings: map[string]any{"url": "http://" + id + "/"}}
		switch id {
		case "gone":
			return catalogue.Destination{}, false
		case "secretive":
			entry.Settings = map[string]any{"url": d.secret}
		case "misspelt":
			entry.Type = "wehbook"
		}
		return entry, true
	}, o)
	return d
}

func (d *driver) partition(n int32) stream.Partition {
	return stream.Partition{Topic: schemas.Attempts.Name, Num: n}
}

func (d *driver) assign(n int32) { d.sink.Assign(d.partition(n), d.next[n]) }

// add makes an attempt number 1 for each destination/alert.
func (d *driver) add(n int32, keys ...string) {
	d.Helper()
	for _, key := range keys {
		destination, alert, _ := strings.Cut(key, "/")
		d.record(n, key, schemas.Attempt{Alert: schemas.Alert{ID: alert}, Destination: destination, Number: 1}, nil)
	}
}

func (d *driver) record(n int32, key string, message any, value []byte) {
	d.Helper()
	p := d.partition(n)
	r := stream.Record{Topic: p.Topic, TopicID: p.ID, Partition: n, Offset: d.next[n], Key: []byte(key), Message: message, Value: value}
	d.next[n]++
	if err := d.sink.Add(d.Context(), []stream.Record{r}); err != nil {
		d.Fatal(err)
	}
}

// flush waits until nothing more happens by itself and notes what Flush returns.
func (d *driver) flush(last bool) {
	d.Helper()
	synctest.Wait()
	safe, out, err := d.sink.Flush(d.Context(), last)
	if err != nil {
		d.Fatal(err)
	}
	for n := range int32(4) {
		if offset, ok := safe[d.partition(n)]; ok {
			fmt.Fprintf(&d.said, "safe %d@%d\n", n, offset)
		}
	}
	for _, r := range out {
		receipt := r.Message.(schemas.Delivery).Receipt
		if want := receipt.Destination + "/" + receipt.AlertID; string(r.Key) != want || r.Topic != schemas.Deliveries.Name {
			d.Errorf("the receipt for %s has key %s in %s", want, r.Key, r.Topic)
		}
		fmt.Fprintf(&d.said, "%s %s", r.Key, receipt.Outcome)
		if receipt.After > 0 {
			fmt.Fprintf(&d.said, " after %s", receipt.After)
		}
		if receipt.Message != "" {
			fmt.Fprintf(&d.said, ": %s", receipt.Message)
		}
		d.said.WriteString("\n")
	}
}

// want compares all that was noted since the last call.
func (d *driver) want(lines string) {
	d.Helper()
	trim := func(text string) []string { return strings.Fields(strings.ReplaceAll(text, "\t", "")) }
	if diff := cmp.Diff(trim(lines), trim(d.said.String())); diff != "" {
		d.Errorf("(-want +got):\n%s\ngot\n%s", diff, &d.said)
	}
	d.said.Reset()
}

func TestSinkAnswersEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"up": answers(200, "ok"), "ill": answers(503, "later", "Retry-After", "7"), "strict": answers(400, "no such field")}, Options{})
		d.assign(0)
		d.add(0, "up/a1", "ill/a1", "strict/a1", "refused/a1", "secretive/a1", "misspelt/a1", "gone/a1")
		d.record(0, "gone/a2", schemas.Attempt{Alert: schemas.Alert{ID: "a2"}, Destination: "gone", Number: 2}, nil)
		d.record(0, "up/a3", nil, []byte(`{"number":4,"alert":"nonsense"}`))
		d.record(0, "up/a4", nil, nil)
		d.record(0, "up/a5", nil, []byte(`{"number":1,"destination":"up","alert":{"id":"a5"}}`))
		d.flush(false)
		d.want(`
			safe 0@11
			up/a1 delivered: ok
			ill/a1 retry after 7s: POST to http://ill: answered 503 Service Unavailable: later
			strict/a1 permanent: POST to http://strict: answered 400 Bad Request: no such field
			refused/a1 retry: POST to http://refused: dial tcp: connection refused
			secretive/a1 retry: destination "secretive": secret env:UNSET is not set: set the variable UNSET in the environment of panther and start it again
			misspelt/a1 permanent: destination "misspelt": there is no type "wehbook"; the types are webhook, slack, log
			gone/a1 retry: destination "gone" is gone: the catalogue has no entry with this id
			gone/a2 permanent: destination "gone" is gone: the catalogue has no entry with this id
			up/a3 permanent: the attempt at panther.attempts/0@8 is not legible: decode schemas.Attempt: json: cannot unmarshal string into Go struct field Attempt.alert of type schemas.Alert
			up/a5 delivered: ok
		`)
	})
}

// The number lets the dispatcher match a receipt; an attempt that is not legible has at least that.
func TestSinkNumbersReceipts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{}, Options{})
		d.assign(0)
		d.record(0, "up/a1", nil, []byte(`{"number":4,"alert":"nonsense"}`))
		d.record(0, "up/a2", nil, []byte(`nonsense`))
		d.record(0, "gone/a3", schemas.Attempt{Alert: schemas.Alert{ID: "a3"}, Destination: "gone", Number: 7}, nil)
		synctest.Wait()
		_, out, _ := d.sink.Flush(t.Context(), false)
		var numbers []int
		for _, r := range out {
			receipt := r.Message.(schemas.Delivery).Receipt
			numbers = append(numbers, receipt.Number)
			if receipt.At != time.Now() {
				t.Errorf("the receipt is of %s", receipt.At)
			}
		}
		if diff := cmp.Diff([]int{4, 0, 7}, numbers); diff != "" {
			t.Error(diff)
		}
	})
}

// A dead destination holds back the offset of its partition, for as long as its calls take, and nothing else.
func TestSinkDeadBesideLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"dead": hangs, "live": answers(200, "ok")}, Options{InFlight: 2, Queue: 2})
		d.assign(0)
		d.add(0, "dead/a1", "dead/a2", "live/a1", "dead/a3", "dead/a4", "dead/a5", "live/a2")
		d.flush(false)
		d.want(`
			safe 0@0
			live/a1 delivered: ok
			dead/a5 busy after 5s: not tried: 2 attempts are waiting already
			live/a2 delivered: ok
		`)
		time.Sleep(5 * time.Second)
		d.flush(false)
		d.want(`
			safe 0@0
			dead/a3 busy after 5s: not tried: waited for 5s
			dead/a4 busy after 5s: not tried: waited for 5s
		`)
		time.Sleep(5 * time.Second)
		d.flush(false)
		d.want(`
			safe 0@7
			dead/a1 retry: POST to http://dead: no answer within 10s
			dead/a2 retry: POST to http://dead: no answer within 10s
		`)
	})
}

// A burst at a healthy destination, as when a thousand sources fall silent at once, waits its turn, and no more calls run at once than are allowed.
func TestSinkBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running, most := make(chan int, 1), 0
		running <- 0
		d := drive(t, network{"slow": func(w http.ResponseWriter, r *http.Request) {
			n := <-running + 1
			most = max(most, n)
			running <- n
			time.Sleep(10 * time.Millisecond)
			running <- <-running - 1
		}}, Options{})
		d.assign(0)
		for i := range 1000 {
			d.add(0, fmt.Sprintf("slow/a%d", i))
		}
		time.Sleep(10 * time.Millisecond * 1000 / 4)
		synctest.Wait()
		safe, out, _ := d.sink.Flush(t.Context(), false)
		busy := 0
		for _, r := range out {
			if r.Message.(schemas.Delivery).Receipt.Outcome != schemas.Delivered {
				busy++
			}
		}
		if len(out) != 1000 || busy > 0 || safe[d.partition(0)] != 1000 || most != 4 {
			t.Errorf("%d receipts, %d not delivered, safe %v, %d at once; want 1000, 0, 1000, 4", len(out), busy, safe, most)
		}
	})
}

func TestSinkTimeoutOfTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"dead": hangs}, Options{})
		d.assign(0)
		d.record(0, "dead/a1", schemas.Attempt{Alert: schemas.Alert{ID: "a1"}, Destination: "dead", Number: 1, Timeout: 3 * time.Second}, nil)
		start := time.Now()
		<-d.sink.Ready()
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("the receipt is ready after %s, want 3s", got)
		}
		d.flush(false)
		d.want("safe 0@1 dead/a1 retry: POST to http://dead: no answer within 3s")
	})
}

// Calls under way are waited for; what has not started is left to the next owner, and other partitions go on.
func TestSinkRevoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"slow": func(w http.ResponseWriter, r *http.Request) { time.Sleep(2 * time.Second) }}, Options{InFlight: 1})
		d.assign(0)
		d.assign(1)
		d.add(0, "slow/a1", "slow/a2")
		d.add(1, "slow/a3")
		start := time.Now()
		d.sink.Revoke(t.Context(), []stream.Partition{d.partition(0)})
		if got := time.Since(start); got != 2*time.Second {
			t.Errorf("Revoke took %s, want as long as the call: 2s", got)
		}
		d.flush(false)
		d.want("safe 0@1 safe 1@0 slow/a1 delivered")
		d.add(0, "slow/a4") // of a poll before the revocation: nobody's business any more
		time.Sleep(2 * time.Second)
		d.flush(false)
		d.want("safe 1@1 slow/a3 delivered")
	})
}

// A call that outlasts Revoke is broken off and has no receipt, so that its attempt is made again by the next owner.
func TestSinkRevokeGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var brokenOff time.Time
		d := drive(t, network{"live": answers(200, "ok"), "dead": func(w http.ResponseWriter, r *http.Request) {
			hangs(w, r)
			brokenOff = time.Now()
		}}, Options{})
		d.assign(0)
		d.add(0, "live/a1", "dead/a1", "live/a2")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		d.sink.Revoke(ctx, []stream.Partition{d.partition(0)})
		if got := time.Since(start); got != time.Second {
			t.Errorf("Revoke took %s, want 1s", got)
		}
		d.flush(false)
		if got := brokenOff.Sub(start); got != time.Second {
			t.Errorf("the call was broken off after %s, want 1s", got)
		}
		d.want("safe 0@1 live/a1 delivered: ok live/a2 delivered: ok")

		d.next[0] = 1
		d.assign(0)
		d.flush(false)
		d.want("safe 0@1")
		d.add(0, "live/a3")
		d.flush(false)
		d.want("safe 0@2 live/a3 delivered: ok")
	})
}

// A partition that is assigned anew, without a Revoke, starts empty.
func TestSinkAssignAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"dead": hangs}, Options{InFlight: 1})
		d.assign(0)
		d.add(0, "dead/a1", "dead/a2")
		synctest.Wait()
		d.next[0] = 0
		d.assign(0)
		d.flush(false)
		d.want("safe 0@0")
		d.add(0, "dead/a1")
		time.Sleep(10 * time.Second)
		d.flush(false)
		d.want("safe 0@1 dead/a1 retry: POST to http://dead: no answer within 10s")
	})
}

// What a partition had when it was lost does not mix with what it has when it comes back.
func TestSinkAssignAfterLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"live": answers(200, "ok")}, Options{})
		d.assign(0)
		d.add(0, "live/a1", "live/a2")
		synctest.Wait()
		lost, cancel := context.WithCancel(t.Context())
		cancel()
		d.sink.Revoke(lost, []stream.Partition{d.partition(0)})
		d.next[0] = 1
		d.assign(0)
		d.flush(false)
		d.want("safe 0@1")
		d.add(0, "live/a2")
		d.flush(false)
		d.want("safe 0@2 live/a2 delivered: ok")
	})
}

func TestSinkLastFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"slow": func(w http.ResponseWriter, r *http.Request) { time.Sleep(2 * time.Second) }}, Options{InFlight: 1})
		d.assign(0)
		d.add(0, "slow/a1", "slow/a2")
		d.flush(true)
		d.want("safe 0@1 slow/a1 delivered")
		d.flush(false)
		d.want("")
	})
}

// A defect in one destination ends its attempt, not the process, which would meet the same record again.
func TestSinkPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{}, Options{})
		d.sink.build = func(catalogue.Destination, Options) (Destination, error) { return panics{}, nil }
		d.assign(0)
		d.add(0, "soc/a1")
		d.flush(false)
		d.want("safe 0@1 soc/a1 permanent: deliver alert a1: panic: runtime error: index out of range [1] with length 0; this is a defect of panther, please report it")
	})
}

type panics struct{}

func (panics) Deliver(context.Context, schemas.Alert) (Answer, error) {
	var none []int
	return Answer{StatusCode: none[len(none)+1]}, nil
}

// A secret that is set later is found by the next attempt.
func TestSinkSecretSetLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		address := ""
		d := drive(t, network{"up": answers(200, "ok")}, Options{Env: func(string) string { return address }})
		d.assign(0)
		d.add(0, "secretive/a1")
		d.flush(false)
		address = "http://up/"
		d.add(0, "secretive/a1")
		d.flush(false)
		d.want(`
			safe 0@1
			secretive/a1 retry: destination "secretive": secret env:UNSET is not set: set the variable UNSET in the environment of panther and start it again
			safe 0@2
			secretive/a1 delivered: ok`)
	})
}

// A file that holds a secret may be replaced while panther runs.
func TestSinkSecretReplaced(t *testing.T) {
	file := filepath.Join(t.TempDir(), "url")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("http://ill/\n")
	synctest.Test(t, func(t *testing.T) {
		d := drive(t, network{"up": answers(200, "ok"), "ill": answers(401, "")}, Options{})
		d.secret = "file:" + file
		d.assign(0)
		d.add(0, "secretive/a1")
		d.flush(false)
		write("http://up/\n")
		d.add(0, "secretive/a1")
		d.flush(false)
		d.want(`
			safe 0@1
			secretive/a1 permanent: POST to http://ill: answered 401 Unauthorized
			safe 0@2
			secretive/a1 delivered: ok`)
	})
}
