package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
)

func TestMark(t *testing.T) {
	for _, tt := range []struct {
		name, payload string
		start, end    int
		line, marks   string
	}{
		{"in a short line", `{"port": "x"}`, 9, 12, `{"port": "x"}`, `         ^^^`},
		{"nothing in particular", "short", 0, 0, "short", ""},
		{"the whole line", "short", 0, 5, "short", "^^^^^"},
		{"behind letters of several bytes", "größe=x", 8, 9, "größe=x", "      ^"},
		{"behind bytes that a terminal must not see", "\x1b[31m=\tx", 7, 8, `\x1b[31m=\tx`, `           ^`},
		{"bytes that are no text", "a\xff\xfeb", 1, 3, `a\xff\xfeb`, ` ^^^^^^^^`},
		{"at the end of a long line", strings.Repeat("a", 50) + "X", 50, 51, "..." + strings.Repeat("a", 19) + "X", strings.Repeat(" ", 22) + "^"},
		{"at the start of a long line", "X" + strings.Repeat("a", 50), 0, 1, "X" + strings.Repeat("a", 19) + "...", "^"},
		{"in the middle", strings.Repeat("a", 50) + "X" + strings.Repeat("b", 50), 50, 51,
			"..." + strings.Repeat("a", 10) + "X" + strings.Repeat("b", 9) + "...", strings.Repeat(" ", 13) + "^"},
		{"longer than the window", strings.Repeat("a", 50), 5, 45, "..." + strings.Repeat("a", 20) + "...", "   " + strings.Repeat("^", 20)},
		{"a span that is not within the line", "abc", 7, 9, "abc", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			line, marks := mark([]byte(tt.payload), schemas.Span{Start: tt.start, End: tt.end}, 20)
			if line != tt.line || marks != tt.marks {
				t.Errorf("\n%s\n%s\nwant\n%s\n%s", line, marks, tt.line, tt.marks)
			}
		})
	}
}

// write puts messages into topics of the pipeline, as its nodes do.
func (s *session) write(t *testing.T, records ...stream.Record) {
	t.Helper()
	cfg := s.broker.Config()
	if err := ensure(t.Context(), cfg, pipeline.Topics(), kafka.Layout{Embedded: true}); err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := send(t.Context(), cfg, r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAlertsForMachines(t *testing.T) {
	s := newSession(t, nil)
	now := time.Now().UTC()
	silent := schemas.Alert{ID: "aaaaaaaa1" + strings.Repeat("0", 23), Type: schemas.SystemError, SystemError: schemas.SourceNoData, Severity: schemas.Critical,
		Status: schemas.Open, Title: "Source [flow] has not processed any event for 15 minutes", CreatedAt: now, LastSeenAt: now, Count: 1,
		Component: schemas.Component{Kind: schemas.LogSource, ID: "1", Label: "flow"},
		DropOff:   &schemas.DropOff{Threshold: 15 * time.Minute, LastEvent: now.Add(-16 * time.Minute), Since: now.Add(-16 * time.Minute)}}
	older := silent
	older.ID, older.Status, older.CreatedAt = "aaaaaaaa2"+strings.Repeat("0", 23), schemas.Resolved, now.Add(-time.Hour)
	older.ResolvedAt, older.ResolvedBy = now.Add(-30*time.Minute), "\x1b[2J"
	s.write(t, stream.Send(schemas.Alerts, silent.ID, silent), stream.Send(schemas.Alerts, older.ID, older),
		stream.Send(schemas.DeliveryStatuses, "d/"+silent.ID, schemas.DeliveryStatus{AlertID: silent.ID, Destination: "d", Label: "chat", State: "pending"}),
		stream.Send(schemas.DeliveryStatuses, "d/"+older.ID, schemas.DeliveryStatus{AlertID: older.ID, Destination: "d", Label: "chat", State: "failed"}))

	var list []struct {
		ID      string
		DropOff struct{ Threshold string }
	}
	decode(t, &list, first(s.run(t, "", 0, "alerts", "list", "-o", "json")))
	if len(list) != 2 || list[0].ID != silent.ID || list[1].ID != older.ID || list[0].DropOff.Threshold != "15m" {
		t.Errorf("the list, newest first: %+v", list)
	}
	decode(t, &list, first(s.run(t, "", 0, "alerts", "list", "--status", "RESOLVED", "-o", "json")))
	if len(list) != 1 || list[0].ID != older.ID {
		t.Errorf("those resolved: %+v", list)
	}
	if out, _ := s.run(t, "", 0, "alerts", "list", "--type", "ALERT_DELIVERY", "-o", "json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("none: %s", out)
	}
	var shown struct {
		ID       string                   `json:"id"`
		Progress []schemas.DeliveryStatus `json:"deliveryStatus"`
	}
	decode(t, &shown, first(s.run(t, "", 0, "alerts", "show", "AAAAAAAA1", "-o", "json")))
	if shown.ID != silent.ID || len(shown.Progress) != 1 || shown.Progress[0].State != "pending" {
		t.Errorf("one alert: %+v", shown)
	}

	// Resolving prints the alert as it stands then, of one that is resolved already too.
	var resolved struct{ ID, Status string }
	decode(t, &resolved, first(s.run(t, "", 0, "alerts", "resolve", "aaaaaaaa2", "-o", "json")))
	if resolved.ID != older.ID || resolved.Status != "RESOLVED" {
		t.Errorf("resolved: %+v", resolved)
	}

	// For people: enough of each id, nothing that a terminal obeys, and what the silence was.
	out, _ := s.run(t, "", 0, "alerts", "list")
	if !strings.Contains(out, "\naaaaaaaa1  OPEN") || !strings.Contains(out, "\naaaaaaaa2  RESOLVED") {
		t.Errorf("ids that are alike:\n%s", out)
	}
	if _, talk := s.run(t, "", exitUsage, "alerts", "show", "aaaa"); !strings.Contains(talk, "aaaaaaaa1, aaaaaaaa2; give more letters") {
		t.Errorf("an id that two alerts share: %s", talk)
	}
	if out, _ := s.run(t, "", 0, "alerts", "show", "aaaaaaaa2"); !strings.Contains(out, `by \x1b[2J`) || !strings.Contains(out, "last event") || !strings.Contains(out, "alarm         15 minutes") {
		t.Errorf("a silence:\n%s", out)
	}
}

func TestSourcesForMachines(t *testing.T) {
	s := newSession(t, nil)
	s.write(t)
	if out, _ := s.run(t, "", 0, "sources", "list", "-o", "json"); strings.TrimSpace(out) != "[]" {
		t.Errorf("no sources: %s", out)
	}
	apply := writeFile(t, "a.yml", "kind: LogSource\nname: flow\ntopics: [vpc-flow]\nlogTypes: [AWS.VPCFlow]\n---\nkind: Destination\nname: soc\ntype: slack\nslack: {url: \"https://hooks.example/s3cret\"}\n")
	var plan struct {
		Changes []struct{ Action, Kind, Name string }
	}
	decode(t, &plan, first(s.run(t, "", 0, "apply", "-f", apply, "-o", "json")))
	if len(plan.Changes) != 2 || plan.Changes[0].Action != "added" {
		t.Errorf("the plan: %+v", plan)
	}
	var sources []struct{ ID, Label, Alarm string }
	decode(t, &sources, first(s.run(t, "", 0, "get", "sources", "-o", "json")))
	if len(sources) != 1 || sources[0].Label != "flow" || sources[0].Alarm != "24h" {
		t.Fatalf("sources: %+v", sources)
	}
	out, _ := s.run(t, "", 0, "get", "destinations", "soc", "-o", "json")
	for _, want := range []string{`"https://hooks.example/..."`, `"attemptTimeout": "10s"`, `"maxAge": "72h"`, `"logTypes": []`} {
		if strings.Contains(out, "s3cret") || !strings.Contains(out, want) {
			t.Errorf("a destination without %s: %s", want, out)
		}
	}
	var alarm struct {
		Label, Alarm string
		AlarmRoutes  []schemas.Route
	}
	decode(t, &alarm, first(s.run(t, "", 0, "sources", "alarm", "flow", "90m", "-o", "json")))
	if alarm.Label != "flow" || alarm.Alarm != "1h30m" || len(alarm.AlarmRoutes) != 1 {
		t.Errorf("the alarm: %+v", alarm)
	}
	decode(t, &alarm, first(s.run(t, "", 0, "sources", "alarm", "flow", "off", "-o", "json")))
	if alarm.Alarm != "off" {
		t.Errorf("no alarm: %+v", alarm)
	}
	var types []struct {
		Name    string
		Sources []string
	}
	decode(t, &types, first(s.run(t, "", 0, "get", "schemas", "-o", "json")))
	if i := slices.IndexFunc(types, func(x struct {
		Name    string
		Sources []string
	}) bool {
		return x.Name == "AWS.VPCFlow"
	}); i < 0 || !slices.Equal(types[i].Sources, []string{"flow"}) {
		t.Errorf("log types: %+v", types)
	}

	now := time.Now().UTC()
	minute := now.Truncate(time.Minute)
	s.write(t, stream.Send(schemas.SourceStatuses, schemas.StatusKey(sources[0].ID, "dropoff"), schemas.SourceStatus{Alarm: schemas.AlarmFiring, Since: now, LastEvent: now.Add(-time.Hour)}),
		stream.Send(schemas.SourceStatuses, schemas.StatusKey(sources[0].ID, "meter"), schemas.SourceStatus{LastEvent: now, Minutes: []schemas.Minute{
			{Start: minute.Add(-2 * time.Hour), Events: 1000}, {Start: minute.Add(-time.Minute), Events: 5, Failures: 1, Bytes: 9}, {Start: minute, Events: 7}}}))
	var shown sourceState
	decode(t, &shown, first(s.run(t, "", 0, "sources", "show", "flow", "-o", "json")))
	if shown.State != schemas.AlarmFiring || !shown.LastEvent.Equal(now) || shown.LastHour != (traffic{12, 1, 9}) || len(shown.Minutes) != 2 {
		t.Errorf("the state: %+v", shown)
	}
}

// Counts are of full minutes and of the hour that ends now, whatever is older.
func TestCount(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 30, 30, 0, time.UTC)
	at := func(minutes int) time.Time {
		return now.Truncate(time.Minute).Add(time.Duration(minutes) * time.Minute)
	}
	var st sourceState
	st.count([]schemas.Minute{{Start: at(-60), Events: 1}, {Start: at(-59), Events: 10}, {Start: at(-1), Events: 100, Failures: 2}, {Start: at(0), Events: 1000}}, now)
	if st.LastHour != (traffic{1110, 2, 0}) || st.LastMinute != (traffic{100, 2, 0}) || len(st.Minutes) != 3 {
		t.Errorf("%+v", st)
	}
	for _, tt := range []struct {
		name    string
		minutes []schemas.Minute
		want    traffic
	}{
		{"it has just begun to send", []schemas.Minute{{Start: at(0), Events: 7}}, traffic{7, 0, 0}},
		{"it has stopped", []schemas.Minute{{Start: at(-2), Events: 7}}, traffic{}},
	} {
		var st sourceState
		if st.count(tt.minutes, now); st.LastMinute != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, st.LastMinute, tt.want)
		}
	}
}

func first(out, _ string) string { return out }

func decode(t *testing.T, into any, text string) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
