package lake

import (
	"context"
	"testing"
	"time"

	"panther/pipeline/stream"
	"panther/schemas/logtype"

	"github.com/google/go-cmp/cmp"
)

var ctx = context.Background()

// A clock that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func TestFailuresAndEventsOnDisk(t *testing.T) {
	folder, err := OpenFolder(t.TempDir() + "/lake")
	must0(t, err)
	types := library{"Edge.Log": {schemaOf("Edge.Log", 3,
		field("host", logtype.String), field("port", logtype.Int), field("took", logtype.Float), field("ok", logtype.Boolean),
		field("at", logtype.Timestamp), field("extra", logtype.JSON), field("offset", logtype.String),
		logtype.Field{Name: "user", Value: logtype.Value{Type: logtype.Object, Fields: []logtype.Field{field("name", logtype.String), field("id", logtype.BigInt)}}},
		logtype.Field{Name: "tags", Value: logtype.Value{Type: logtype.Array, Element: &logtype.Value{Type: logtype.String}}},
	)}}
	c := NewCatalog(folder)
	s := NewSink(c, types.lookup, Options{})
	s.Assign(failuresTopic, 0)
	s.Assign(eventsTopic, 5)
	must0(t, s.Add(ctx, []stream.Record{failure(failuresTopic, 0, `{"port":"x"}`), failure(failuresTopic, 1, "a\xffb")}))
	must0(t, s.Add(ctx, []stream.Record{
		event(eventsTopic, 5, "Edge.Log", 3, `{"host":"a","port":"80","took":1.5,"ok":true,"at":"2026-01-02T03:04:05.678Z","extra":{"b": [1, "x"]},"offset":"o","user":{"name":"ann","id":12},"tags":["x",null,"y"],"p_log_type":"Edge.Log","p_row_id":"r5","p_event_time":"2026-01-02T03:04:05.678Z","p_parse_time":"2026-11-01T10:30:00Z","p_source_id":"src-1","p_any_ip_addresses":["1.2.3.4"]}`),
		event(eventsTopic, 6, "Edge.Log", 3, `{"host":7,"port":"eighty","user":{"name":"bob","id":"many"},"tags":"none","unheard":{"of":1}}`),
	}))
	safe, _, err := s.Flush(ctx, true)
	must0(t, err)
	if diff := cmp.Diff(map[stream.Partition]int64{failuresTopic: 2, eventsTopic: 7}, safe); diff != "" {
		t.Error(diff)
	}
	failures := rowsIn(t, c, "panther_monitor.classification_failures")
	want := []map[string]string{
		{"error": "port: want int, got \"x\"", "id": "Edge.Log", "payload": `{"port":"x"}`, "code": "type_mismatch"},
		{"payload": "a\uFFFDb", "payload_raw": "Yf9i"},
	}
	for i, w := range want {
		for k, v := range w {
			if failures[i][k] != v {
				t.Errorf("failure %d: %s is %q, want %q", i, k, failures[i][k], v)
			}
		}
	}
	events := rowsIn(t, c, "panther_logs.edge_log")
	for _, e := range events {
		t.Log(e)
	}
	proofs, err := c.Verify(ctx)
	must0(t, err)
	t.Log(proofs)
	infos, err := c.Tables(ctx)
	must0(t, err)
	t.Log(infos)
}
