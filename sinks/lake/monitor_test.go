package lake

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/pipeline/stream"
	"panther/schemas"
)

// What was counted of a source becomes rows, and every change of an alert one; clocks, which travel in the same topic, and
// alerts dropped from theirs do not.
func TestActivityAndAlerts(t *testing.T) {
	activity := stream.Partition{Topic: schemas.SourceActivity.Name, ID: stream.ID{3}}
	alerts := stream.Partition{Topic: schemas.Alerts.Name, ID: stream.ID{4}}
	record := func(p stream.Partition, offset int64, message any) stream.Record {
		return stream.Record{Topic: p.Topic, TopicID: p.ID, Partition: p.Num, Offset: offset, Time: start, Message: message}
	}
	fingerprint := schemas.Fingerprint{ID: "f1", Schema: "Edge.Log", Code: schemas.TypeMismatch, Field: "port", Expected: "int", Got: `"x"`, Count: 2}
	open := schemas.Alert{ID: "a1", Type: schemas.SystemError, SystemError: schemas.SourceNoData, Severity: schemas.Critical, Status: schemas.Open, Count: 1,
		Component: schemas.Component{Kind: schemas.LogSource, ID: "src-1", Label: "edge"}, Title: "silent", CreatedAt: start, LastSeenAt: start,
		DropOff: &schemas.DropOff{Threshold: 15 * time.Minute, Since: start.Add(-15 * time.Minute)},
		Routes:  []schemas.Route{{Destination: "d1", Label: "soc", Send: true, Reason: "takes SYSTEM_ERROR alerts"}}}
	resolved := open
	resolved.Status, resolved.ResolvedAt, resolved.ResolvedBy = schemas.Resolved, start.Add(time.Minute), "recovered"
	other := schemas.Alert{ID: "a2", Type: schemas.SystemError, SystemError: schemas.AlertDelivery, Status: schemas.Open,
		Component:  schemas.Component{Kind: schemas.Destination, ID: "d1", Label: "soc"},
		Deliveries: []schemas.FailedDelivery{{AlertID: "a1", Title: "silent", Error: "answered 500", StatusCode: 500, Attempts: 3, At: start}}}

	store := newMemory()
	c := NewCatalog(store)
	s := NewSink(c, library{}.lookup, Options{Now: func() time.Time { return start }})
	s.Assign(activity, 0)
	s.Assign(alerts, 0)
	must0(t, s.Add(ctx, []stream.Record{
		record(activity, 0, schemas.Activity{Source: "src-1", Label: "edge", LogType: "Edge.Log", Events: 7, Bytes: 700, FirstArrival: start, LastArrival: start.Add(time.Second), MaxEventTime: start}),
		record(activity, 1, nil), // a clock
		record(activity, 2, schemas.Activity{Source: "src-1", Label: "edge", Failures: 2, Bytes: 20, FirstArrival: start, LastArrival: start, Fingerprints: []schemas.Fingerprint{fingerprint}}),
		record(alerts, 0, open), record(alerts, 1, other), record(alerts, 2, resolved), record(alerts, 3, nil),
	}))
	safe, _, err := s.Flush(ctx, true)
	must0(t, err)
	if diff := cmp.Diff(map[stream.Partition]int64{activity: 3, alerts: 4}, safe); diff != "" {
		t.Error(diff)
	}

	at := func(d time.Duration) string { return start.Add(d).Format(time.RFC3339) }
	counted := map[string]string{"p_source_id": "src-1", "p_source_label": "edge", "p_parse_time": at(0), "p_event_time": at(0), "first_arrival": at(0),
		"topic": activity.Topic, "topic_id": activity.ID.String(), "partition": "0", "line": "0"}
	if diff := cmp.Diff([]map[string]string{
		with(counted, "p_row_id", activity.ID.String()+"-0-0-0", "offset", "0", "p_log_type", "Edge.Log", "events", "7", "failures", "0", "bytes", "700",
			"last_arrival", at(time.Second), "fingerprints", "[]"),
		with(counted, "p_row_id", activity.ID.String()+"-0-2-0", "offset", "2", "events", "0", "failures", "2", "bytes", "20", "last_arrival", at(0),
			"fingerprints", `[{"code":"type_mismatch","count":2,"expected":"int","field":"port","fingerprint":"f1","got":"\"x\"","schema":"Edge.Log"}]`),
	}, rowsIn(t, c, "panther_monitor.source_activity")); diff != "" {
		t.Error(diff)
	}

	alert := map[string]string{"type": "SYSTEM_ERROR", "p_parse_time": at(0), "p_event_time": at(0), "topic": alerts.Topic, "topic_id": alerts.ID.String(),
		"partition": "0", "line": "0", "fingerprints": "[]"}
	silent := with(alert, "id", "a1", "system_error", "SOURCE_NO_DATA", "severity", "CRITICAL", "title", "silent", "count", "1", "created_at", at(0), "component_kind", "LOG_SOURCE",
		"component_id", "src-1", "component_label", "edge", "p_source_id", "src-1", "p_source_label", "edge", "deliveries", "[]",
		"drop_off", `{"last_event":null,"since":"2026-11-01T10:15:00Z","threshold_seconds":900}`,
		"routes", `[{"destination":"d1","label":"soc","reason":"takes SYSTEM_ERROR alerts","send":true}]`)
	if diff := cmp.Diff([]map[string]string{
		with(silent, "p_row_id", alerts.ID.String()+"-0-0-0", "offset", "0", "status", "OPEN"),
		with(alert, "p_row_id", alerts.ID.String()+"-0-1-0", "offset", "1", "status", "OPEN", "id", "a2", "system_error", "ALERT_DELIVERY", "count", "0",
			"component_kind", "DESTINATION", "component_id", "d1", "component_label", "soc", "routes", "[]",
			"deliveries", `[{"alert_id":"a1","at":"2026-11-01T10:30:00Z","attempts":3,"error":"answered 500","status_code":500,"title":"silent"}]`),
		with(silent, "p_row_id", alerts.ID.String()+"-0-2-0", "offset", "2", "status", "RESOLVED", "resolved_at", at(time.Minute), "resolved_by", "recovered"),
	}, rowsIn(t, c, "panther_monitor.alerts")); diff != "" {
		t.Error(diff)
	}
}

// with is a copy of a row with more cells.
func with(row map[string]string, cells ...string) map[string]string {
	out := map[string]string{}
	for k, v := range row {
		out[k] = v
	}
	for i := 0; i < len(cells); i += 2 {
		out[cells[i]] = cells[i+1]
	}
	return out
}
