package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"panther/pipeline/kafka"
	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/schemas/strict"
	"panther/stages"
)

const sourcesHelp = `
Usage: panther sources list [-o json]
       panther sources show NAME [-o json]
       panther sources alarm NAME [THRESHOLD|off] [-o json]
       panther sources failures NAME [--since TIME] [--fingerprint KIND] [--limit N] [--after CURSOR] [-o json]

Shows the log sources: what arrived from them, and how their alarms stand. alarm sets for how long a source may be silent
before people are told, and shows who will be; without a threshold it only shows. Thresholds are as 15m, "2 hours", "1 day".
failures shows the lines that matched no schema, the newest first, page by page; they are read from the lake, so --dir,
--warehouse or the configuration says where that is.

  panther sources list
  panther sources alarm "nginx edge" 15m
`

// runSources is `panther sources`.
func runSources(ctx context.Context, p *program, args []string) error {
	f := p.flags("sources", sourcesHelp)
	w, out, lines := placeFlags(f), outputFlag(f), failingFlags(f)
	w.warehouseFlag(f)
	verb, rest, err := parseVerb(f, args)
	if err != nil {
		return err
	}
	switch {
	case verb == "list" && len(rest) == 0:
		return w.listSources(ctx, p, *out)
	case verb == "show" && len(rest) == 1:
		return w.showSource(ctx, p, *out, rest[0])
	case verb == "alarm" && len(rest) > 0:
		return w.alarm(ctx, p, *out, rest[0], strings.Join(rest[1:], " "))
	case verb == "failures" && len(rest) == 1:
		return lines.print(ctx, p, w, *out, rest[0])
	}
	return wantsVerb("sources", verb, "list", "show NAME", "alarm NAME THRESHOLD", "failures NAME")
}

// findSource returns the log source of a label.
func findSource(v *catalogue.View, label string) (catalogue.LogSource, error) {
	var labels []string
	for _, s := range v.Sources() {
		if s.Label == label {
			return s, nil
		}
		labels = append(labels, s.Label)
	}
	if len(labels) == 0 {
		return catalogue.LogSource{}, usageError("there is no log source %q: the catalogue has none; `panther apply -f DIR` adds those of files", label)
	}
	hint := strict.DidYouMean(label, labels)
	if hint == "" {
		hint = fmt.Sprintf("`panther sources list` shows the %d that there are", len(labels))
	}
	return catalogue.LogSource{}, usageError("there is no log source %q; %s", label, hint)
}

// A sourceState is a log source with what the pipeline knows of it.
type sourceState struct {
	catalogue.LogSource
	Threshold  string             `json:"alarm"`                // for machines: as 15m, or off
	State      schemas.AlarmState `json:"alarmState,omitempty"` // empty: no pipeline has looked at it yet
	StateSince time.Time          `json:"alarmStateSince,omitzero"`
	LastEvent  time.Time          `json:"lastEvent,omitzero"`
	LastHour   traffic            `json:"lastHour"`
	LastMinute traffic            `json:"lastMinute"` // the last full minute or, if nothing came in it, the one that is not over
	Minutes    []schemas.Minute   `json:"minutes,omitempty"`
}

// A traffic counts what a source sent.
type traffic struct {
	Events   int64 `json:"events"`
	Failures int64 `json:"failures"`
	Bytes    int64 `json:"bytes"`
}

func (t *traffic) add(m schemas.Minute) {
	t.Events += m.Events
	t.Failures += m.Failures
	t.Bytes += m.Bytes
}

func (t traffic) String() string {
	return fmt.Sprintf("%s, %s, %s", plural(t.Events, "event", "events"), plural(t.Failures, "failure", "failures"), byteSize(t.Bytes))
}

// state looks up what dropoff and meter know of a source.
func (l *look) state(s catalogue.LogSource, now time.Time) sourceState {
	st := sourceState{LogSource: s, Threshold: alarmForMachines(s.Alarm)}
	if row, ok := l.Get(schemas.SourceStatuses, schemas.StatusKey(s.ID, "dropoff")); ok {
		status := row.(schemas.SourceStatus)
		st.State, st.StateSince, st.LastEvent = status.Alarm, status.Since, status.LastEvent
	}
	if row, ok := l.Get(schemas.SourceStatuses, schemas.StatusKey(s.ID, "meter")); ok {
		status := row.(schemas.SourceStatus)
		if status.LastEvent.After(st.LastEvent) {
			st.LastEvent = status.LastEvent
		}
		st.count(status.Minutes, now)
	}
	return st
}

// count sums up the minutes of the last hour. A source that has just begun to send has no full minute: then it is the one that
// is not over, for 0 beside lines that arrive would say that nothing comes.
func (st *sourceState) count(minutes []schemas.Minute, now time.Time) {
	var full, begun traffic
	for _, m := range minutes {
		if now.Sub(m.Start) >= time.Hour {
			continue
		}
		st.Minutes = append(st.Minutes, m)
		st.LastHour.add(m)
		switch minute := now.Truncate(time.Minute); {
		case m.Start.Equal(minute.Add(-time.Minute)):
			full.add(m)
		case m.Start.Equal(minute):
			begun.add(m)
		}
	}
	st.LastMinute = cmp.Or(full, begun)
}

func (w *place) listSources(ctx context.Context, p *program, out output) error {
	l, err := w.look(ctx, p, schemas.SourceStatuses)
	if err != nil {
		return err
	}
	defer l.done()
	now, states := p.time(), []sourceState{}
	for _, s := range l.catalogue.Sources() {
		st := l.state(s, now)
		st.Minutes = nil // those of one source are in show
		states = append(states, st)
	}
	if len(states) == 0 {
		fmt.Fprintln(p.err, "The catalogue holds no log sources. `panther apply -f DIR` adds those of files.")
	}
	if out == forMachines {
		return printJSON(p.out, states)
	}
	if len(states) == 0 {
		return nil
	}
	t := newTable("NAME", "ALARM", "STATE", "LAST EVENT", "#EVENTS/MIN", "#EVENTS/H", "#FAILURES/H", "TOPICS", "LOG TYPES")
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, s := range states {
		t.add(s.Label, catalogue.FormatAlarm(s.Alarm), stateWords(s.State), when(s.LastEvent, now), count(s.LastMinute.Events),
			count(s.LastHour.Events), count(s.LastHour.Failures), strings.Join(s.Topics, ", "), strings.Join(s.LogTypes, ", "))
	}
	return t.print(p.out, "")
}

func stateWords(s schemas.AlarmState) string {
	if s == "" {
		return "not known yet"
	}
	return string(s)
}

// A shownSource is what `sources show` tells of a source.
type shownSource struct {
	sourceState
	OpenAlerts []alertForMachines `json:"openAlerts"`
	Told       []schemas.Route    `json:"alarmRoutes"`
}

func (w *place) showSource(ctx context.Context, p *program, out output, label string) error {
	l, err := w.look(ctx, p, schemas.SourceStatuses, schemas.Alerts)
	if err != nil {
		return err
	}
	defer l.done()
	s, err := findSource(l.catalogue, label)
	if err != nil {
		return err
	}
	now := p.time()
	shown := shownSource{l.state(s, now), []alertForMachines{}, alarmRoutes(l.catalogue, s)}
	for _, a := range l.alerts() {
		if a.Status == schemas.Open && a.Component.ID == s.ID {
			shown.OpenAlerts = append(shown.OpenAlerts, newAlertForMachines(a))
		}
	}
	if out == forMachines {
		return printJSON(p.out, shown)
	}
	return shown.print(p.out, now)
}

func (s shownSource) print(w io.Writer, now time.Time) error {
	state := stateWords(s.State)
	if !s.StateSince.IsZero() {
		state += " since " + when(s.StateSince, now)
	}
	facts := newFacts(s.Label)
	facts.add("id", s.ID)
	facts.add("topics", strings.Join(s.Topics, ", "))
	facts.add("log types", strings.Join(s.LogTypes, ", "))
	facts.add("stream type", catalogue.FormatStream(s.LogSource))
	facts.add("file", orNone(s.Origin))
	facts.add("alarm", catalogue.FormatAlarm(s.Alarm))
	facts.add("state", state)
	facts.add("last event", when(s.LastEvent, now))
	facts.add("last minute", s.LastMinute.String())
	facts.add("last hour", s.LastHour.String())
	if err := facts.print(w); err != nil {
		return err
	}
	if err := s.printMinutes(w); err != nil {
		return err
	}
	for i, a := range s.OpenAlerts {
		if i == 0 {
			fmt.Fprint(w, "\nOpen alerts\n")
		}
		fmt.Fprintf(w, "  %s  %s, %s\n", a.ID[:min(len(a.ID), shortID)], printable(a.Title), when(a.CreatedAt, now))
	}
	fmt.Fprintln(w)
	return printWhoIsTold(w, s.Label, s.Alarm, s.Told)
}

// printMinutes shows the newest minutes in which something arrived.
func (s shownSource) printMinutes(w io.Writer) error {
	const newest = 10
	if len(s.Minutes) == 0 {
		return nil
	}
	t := newTable("MINUTE", "#EVENTS", "#FAILURES", "BYTES")
	for _, m := range s.Minutes[max(0, len(s.Minutes)-newest):] {
		t.add(m.Start.Local().Format("15:04"), strconv.FormatInt(m.Events, 10), strconv.FormatInt(m.Failures, 10), byteSize(m.Bytes))
	}
	fmt.Fprintln(w)
	return t.print(w, "  ")
}

// alarm sets the threshold of a source's alarm, and shows who will be told.
func (w *place) alarm(ctx context.Context, p *program, out output, label, threshold string) error {
	if threshold == "" {
		l, err := w.look(ctx, p)
		if err != nil {
			return err
		}
		defer l.done()
		return showAlarm(p, out, l.catalogue, label)
	}
	d, err := catalogue.ParseAlarm(threshold)
	if err != nil {
		return usageError("set the alarm of log source %q: %v; write off, or a number and a period: 15m, \"2 hours\", \"1 day\"%s", label, err, blanks(label, threshold))
	}
	cfg, done, err := w.connect(ctx, p)
	if err != nil {
		return err
	}
	defer done()
	changes, after, err := setAlarm(ctx, cfg, label, d, p.person())
	if err != nil {
		return err
	}
	if out == forPeople {
		fmt.Fprintln(p.out, changes)
	}
	return showAlarm(p, out, after, label)
}

// blanks reminds of quotes where a name may have been cut at a blank: the first word of what stands behind it is no number.
func blanks(label, threshold string) string {
	first, rest, more := strings.Cut(threshold, " ")
	if !more || first[0] >= '0' && first[0] <= '9' {
		return ""
	}
	return fmt.Sprintf("; a name with blanks in it needs quotes: %q %s", label+" "+first, rest)
}

// setAlarm writes the threshold and returns what that changes, and the catalogue that has it.
func setAlarm(ctx context.Context, cfg kafka.Config, label string, d time.Duration, by string) (changes catalogue.Changes, after *catalogue.View, err error) {
	changes, err = changeCatalogue(ctx, cfg, func(v *catalogue.View) (catalogue.Changes, error) {
		if _, err := findSource(v, label); err != nil {
			return catalogue.Changes{}, err
		}
		c, err := catalogue.SetAlarm(v, label, d, time.Now().UTC(), by)
		after = c.Apply(v)
		return c, err
	})
	return changes, after, err
}

// A shownAlarm is the alarm of a log source for machines: its threshold, and who is told.
type shownAlarm struct {
	Label     string          `json:"label"`
	Threshold string          `json:"alarm"`
	Told      []schemas.Route `json:"alarmRoutes"`
}

func showAlarm(p *program, out output, v *catalogue.View, label string) error {
	s, err := findSource(v, label)
	switch {
	case err != nil:
		return err
	case out == forMachines:
		return printJSON(p.out, shownAlarm{s.Label, alarmForMachines(s.Alarm), append([]schemas.Route{}, alarmRoutes(v, s)...)})
	}
	return printWhoIsTold(p.out, s.Label, s.Alarm, alarmRoutes(v, s))
}

// alarmRoutes are the decisions who would be told of the source's silence.
func alarmRoutes(v *catalogue.View, s catalogue.LogSource) []schemas.Route {
	alert := schemas.Alert{Type: schemas.SystemError, SystemError: schemas.SourceNoData, Severity: schemas.Critical,
		Component: schemas.Component{Kind: schemas.LogSource, ID: s.ID, Label: s.Label}}
	return stages.Route(alert, v.Destinations(), func(string) bool { return false })
}

// printWhoIsTold says in words who will be told.
func printWhoIsTold(w io.Writer, label string, alarm time.Duration, routes []schemas.Route) error {
	if alarm == 0 {
		_, err := fmt.Fprintf(w, "The alarm of %s is off: nobody is told when it falls silent.\n", label)
		return err
	}
	told := 0
	for _, r := range routes {
		if r.Send {
			told++
		}
	}
	if told == 0 {
		fmt.Fprintf(w, "When %s is silent for %s, no destination is told: none takes SYSTEM_ERROR alerts. The alert is only in panther alerts list.\n",
			label, catalogue.FormatAlarm(alarm))
	} else {
		fmt.Fprintf(w, "When %s is silent for %s, %s told:\n", label, catalogue.FormatAlarm(alarm), plural(told, "destination is", "destinations are"))
	}
	if len(routes) == 0 {
		return nil
	}
	return routesTable(routes).print(w, "  ")
}

// routesTable shows decisions by destination, each with its reason.
func routesTable(routes []schemas.Route) *table {
	t := newTable("DESTINATION", "TOLD", "REASON")
	for _, r := range slices.SortedStableFunc(slices.Values(routes), func(a, b schemas.Route) int { return cmp.Compare(a.Label, b.Label) }) {
		t.add(cmp.Or(r.Label, r.Destination), yesNo(r.Send), r.Reason)
	}
	return t
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
