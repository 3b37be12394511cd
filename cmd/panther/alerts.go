package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
)

const alertsHelp = `
Usage: panther alerts list [--status OPEN|RESOLVED] [--type TYPE] [-o json]
       panther alerts show ID [-o json]
       panther alerts resolve ID [--by NAME] [-o json]

Shows the alerts of the pipeline. show tells all about one: failing lines with the part that fails marked, who was told and
why, and how each delivery went. resolve ends an alert: the next trouble of its kind is a new alert, and people are told again.
Of an ID the first letters are enough.

  panther alerts list --status OPEN
  panther alerts resolve 3f2a91c0 --by maria
`

// runAlerts is `panther alerts`.
func runAlerts(ctx context.Context, p *program, args []string) error {
	f := p.flags("alerts", alertsHelp)
	w, out := placeFlags(f), outputFlag(f)
	status := f.String("status", "", "of list: only alerts of this `status`: OPEN or RESOLVED")
	kind := f.String("type", "", "of list: only alerts of this `type`, as SOURCE_NO_DATA")
	by := f.String("by", p.person(), "of resolve: `who` does it")
	timeout := f.Duration("timeout", 15*time.Second, "of resolve: how long it waits for the pipeline")
	verb, rest, err := parseVerb(f, args)
	if err != nil {
		return err
	}
	switch {
	case verb == "list" && len(rest) == 0:
		filter, err := newAlertFilter(*status, *kind)
		if err != nil {
			return err
		}
		return w.listAlerts(ctx, p, *out, filter)
	case verb == "show" && len(rest) == 1:
		return w.showAlert(ctx, p, *out, rest[0])
	case verb == "resolve" && len(rest) == 1:
		return w.resolveAlert(ctx, p, *out, rest[0], resolution{cmp.Or(*by, "a person"), *timeout})
	}
	return wantsVerb("alerts", verb, "list", "show ID", "resolve ID")
}

// An alertFilter chooses alerts. Empty parts choose all.
type alertFilter struct {
	status schemas.Status
	kind   schemas.SystemErrorType
}

func newAlertFilter(status, kind string) (alertFilter, error) {
	f := alertFilter{schemas.Status(strings.ToUpper(status)), schemas.SystemErrorType(strings.ToUpper(kind))}
	statuses := []string{string(schemas.Open), string(schemas.Resolved)}
	if status != "" && !slices.Contains(statuses, string(f.status)) {
		return f, unknown("status", status, statuses)
	}
	var types []string
	for _, t := range schemas.SystemErrorTypes() {
		types = append(types, string(t))
	}
	if kind != "" && !slices.Contains(types, string(f.kind)) {
		return f, unknown("alert type", kind, types)
	}
	return f, nil
}

func (f alertFilter) takes(a schemas.Alert) bool {
	return (f.status == "" || a.Status == f.status) && (f.kind == "" || a.SystemError == f.kind)
}

// alerts returns all alerts, the newest first.
func (l *look) alerts() (alerts []schemas.Alert) {
	for _, row := range l.All(schemas.Alerts) {
		alerts = append(alerts, row.(schemas.Alert))
	}
	slices.SortStableFunc(alerts, func(a, b schemas.Alert) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return alerts
}

func (w *place) listAlerts(ctx context.Context, p *program, out output, filter alertFilter) error {
	l, err := w.look(ctx, p, schemas.Alerts)
	if err != nil {
		return err
	}
	defer l.done()
	all := l.alerts()
	alerts := []schemas.Alert{}
	for _, a := range all {
		if filter.takes(a) {
			alerts = append(alerts, a)
		}
	}
	switch {
	case out == forMachines:
		return printJSON(p.out, alertsForMachines(alerts))
	case len(all) == 0:
		fmt.Fprintln(p.err, "There are no alerts.")
		return nil
	case len(alerts) == 0:
		fmt.Fprintf(p.err, "None of the %s is like that.\n", plural(len(all), "alert", "alerts"))
		return nil
	}
	now := p.time()
	t := newTable("ID", "STATUS", "TYPE", "ABOUT", "#COUNT", "OPENED", "LAST SEEN")
	for _, a := range alerts {
		t.add(a.ID[:min(len(a.ID), prefixLength(all))], string(a.Status), string(a.SystemError), a.Component.Label, strconv.FormatInt(a.Count, 10),
			when(a.CreatedAt, now), when(a.LastSeenAt, now))
	}
	return t.print(p.out, "")
}

// shortID is how many letters of an id are shown, where they are enough.
const shortID = 8

// prefixLength is how many letters tell the ids of alerts apart.
func prefixLength(alerts []schemas.Alert) int {
	for n := shortID; ; n++ {
		seen := map[string]bool{}
		for _, a := range alerts {
			seen[a.ID[:min(len(a.ID), n)]] = true
		}
		if len(seen) == len(alerts) {
			return n
		}
	}
}

// alert finds the one alert whose id begins with prefix.
func (l *look) alert(prefix string) (schemas.Alert, error) {
	var found []schemas.Alert
	for _, a := range l.alerts() {
		if a.ID == prefix {
			return a, nil
		}
		if strings.HasPrefix(a.ID, strings.ToLower(prefix)) {
			found = append(found, a)
		}
	}
	switch len(found) {
	case 0:
		return schemas.Alert{}, usageError("there is no alert %q; panther alerts list shows those there are", prefix)
	case 1:
		return found[0], nil
	}
	n := prefixLength(found)
	var ids []string
	for _, a := range found {
		ids = append(ids, a.ID[:min(len(a.ID), n)])
	}
	return schemas.Alert{}, usageError("the ids of %d alerts begin with %q: %s; give more letters", len(found), prefix, strings.Join(ids, ", "))
}

// A shownAlert is all that is known of an alert.
type shownAlert struct {
	alertForMachines
	Progress []schemas.DeliveryStatus `json:"deliveryStatus"`
}

func (w *place) showAlert(ctx context.Context, p *program, out output, id string) error {
	l, err := w.look(ctx, p, schemas.Alerts, schemas.DeliveryStatuses)
	if err != nil {
		return err
	}
	defer l.done()
	a, err := l.alert(id)
	if err != nil {
		return err
	}
	shown := shownAlert{newAlertForMachines(a), []schemas.DeliveryStatus{}}
	for _, row := range l.All(schemas.DeliveryStatuses) {
		if s := row.(schemas.DeliveryStatus); s.AlertID == a.ID {
			shown.Progress = append(shown.Progress, s)
		}
	}
	slices.SortStableFunc(shown.Progress, func(a, b schemas.DeliveryStatus) int { return cmp.Compare(a.Label, b.Label) })
	if out == forMachines {
		return printJSON(p.out, shown)
	}
	return shown.print(p.out, p.time())
}

// A resolution is who ends an alert, and how long they wait for the pipeline to hear it.
type resolution struct {
	by      string
	timeout time.Duration
}

// resolveAlert asks the pipeline to end an alert: only the aggregator writes alerts, so a signal goes to it.
func (w *place) resolveAlert(ctx context.Context, p *program, out output, id string, r resolution) error {
	l, err := w.look(ctx, p, schemas.Alerts)
	if err != nil {
		return err
	}
	defer l.done()
	a, err := l.alert(id)
	if err != nil {
		return err
	}
	if a.Status == schemas.Resolved {
		fmt.Fprintf(p.err, "The alert is resolved already, since %s, by %s.\n", when(a.ResolvedAt, p.time()), printable(a.ResolvedBy))
		if out == forMachines {
			return printJSON(p.out, newAlertForMachines(a))
		}
		return nil
	}
	signal := schemas.Signal{Type: a.SystemError, Component: a.Component, Verb: schemas.Resolve, Cause: "resolved by " + r.by,
		At: time.Now().UTC(), By: r.by, Alert: a.ID}
	if err := send(ctx, l.kafka, stream.Send(schemas.Signals, schemas.SignalKey(a.SystemError, a.Component.ID), signal)); err != nil {
		return fmt.Errorf("resolve alert %s: %w", a.ID, err)
	}
	waiting, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	err = l.WaitUntil(waiting, func(get func(stream.Topic, string) (any, bool)) bool {
		row, ok := get(schemas.Alerts, a.ID)
		if ok {
			a = row.(schemas.Alert)
		}
		return !ok || a.Status == schemas.Resolved
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("resolve alert %s: it is still open after %s, so no pipeline seems to run; your word is kept, and is heard when one does: panther run", a.ID, r.timeout)
	}
	if err != nil {
		return fmt.Errorf("resolve alert %s: %w", a.ID, err)
	}
	if out == forMachines {
		return printJSON(p.out, newAlertForMachines(a))
	}
	fmt.Fprintf(p.out, "Resolved: %s\n", printable(a.Title))
	return nil
}

// send writes one record, and waits until it is there.
func send(ctx context.Context, cfg kafka.Config, r stream.Record) error {
	if err := r.Encode(); err != nil {
		return err
	}
	to, err := kafka.NewProducer(ctx, cfg, r.Topic)
	if err != nil {
		return err
	}
	defer to.Close()
	return errors.Join(to.Send(ctx, r.Topic, r.Key, r.Value), to.Flush(ctx))
}
