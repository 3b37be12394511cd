package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"panther/schemas"
	"panther/schemas/strict"
)

// print shows an alert to people: the facts, what was seen, who was told, and what to do.
func (a shownAlert) print(w io.Writer, now time.Time) error {
	facts := newFacts(fmt.Sprintf("%s  %s  %s", a.Severity, a.Status, a.Title))
	facts.add("id", a.ID)
	facts.add("type", string(a.SystemError))
	facts.add("about", fmt.Sprintf("%s %s", strings.ToLower(strings.ReplaceAll(string(a.Component.Kind), "_", " ")), a.Component.Label))
	facts.add("opened", when(a.CreatedAt, now))
	facts.add("last seen", when(a.LastSeenAt, now))
	facts.add("count", strconv.FormatInt(a.Count, 10))
	switch {
	case a.Status == schemas.Resolved:
		facts.add("resolved", when(a.ResolvedAt, now)+", by "+a.ResolvedBy)
	case a.WindowEndsAt.IsZero():
		facts.add("ends", "when the trouble is over")
	default:
		facts.add("ends", when(a.WindowEndsAt, now)+", or when it is resolved")
	}
	if d := a.Alert.DropOff; d != nil {
		facts.add("alarm", strict.FormatDuration(d.Threshold))
		facts.add("last event", when(d.LastEvent, now))
		facts.add("silent since", when(d.Since, now))
	}
	var b bytes.Buffer
	for _, part := range []func() error{
		func() error { return facts.print(&b) },
		func() error { return a.printLines(&b, now) },
		func() error { return a.printUndelivered(&b, now) },
		func() error { return a.printRoutes(&b) },
		func() error { return a.printDeliveries(&b, now) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "\nWhat to do\n%s", wrap(printable(withoutStep(a.Runbook, "panther alerts show "+a.ID)), lineWidth, "  "))
	_, err := w.Write(b.Bytes())
	return err
}

// lineWidth is how many letters of a line are shown.
const lineWidth = 96

// printLines shows failing lines by kind, each with the part that fails marked.
func (a shownAlert) printLines(w io.Writer, now time.Time) error {
	if len(a.Fingerprints) == 0 {
		return nil
	}
	fmt.Fprint(w, "\nFailing lines\n")
	for i, f := range a.Fingerprints {
		if i > 0 {
			fmt.Fprintln(w)
		}
		facts := newFacts(fmt.Sprintf("  %s: %s", plural(f.Count, "line", "lines"), f.Code))
		for _, fact := range [][2]string{{"schema", f.Schema}, {"field", f.Field}, {"expected", f.Expected}, {"got", f.Got}, {"fingerprint", f.ID}} {
			facts.add("  "+fact[0], fact[1])
		}
		if err := facts.print(w); err != nil {
			return err
		}
		for _, s := range f.Samples {
			line, marks := mark(s.Payload, s.Span, lineWidth)
			fmt.Fprintf(w, "\n    %s, partition %d, offset %d, %s\n    %s\n", printable(s.Position.Topic), s.Position.Partition, s.Position.Offset, when(s.Arrival, now), line)
			if marks != "" {
				fmt.Fprintf(w, "    %s\n", marks)
			}
		}
	}
	return nil
}

// printUndelivered lists the alerts that an ALERT_DELIVERY alert is about.
func (a shownAlert) printUndelivered(w io.Writer, now time.Time) error {
	if len(a.Deliveries) == 0 {
		return nil
	}
	fmt.Fprint(w, "\nNot delivered\n")
	t := newTable("ALERT", "#ATTEMPTS", "LAST", "TITLE", "ERROR")
	for _, d := range a.Deliveries {
		t.addLong(d.AlertID[:min(len(d.AlertID), shortID)], strconv.Itoa(d.Attempts), when(d.At, now), d.Title, d.Error)
	}
	return t.print(w, "  ")
}

// printRoutes says who was told, and why.
func (a shownAlert) printRoutes(w io.Writer) error {
	if len(a.Routes) == 0 {
		_, err := fmt.Fprint(w, "\nNobody was told: there were no destinations.\n")
		return err
	}
	fmt.Fprint(w, "\nWho is told\n")
	return routesTable(a.Routes).print(w, "  ")
}

// printDeliveries shows how each delivery went, attempt by attempt.
func (a shownAlert) printDeliveries(w io.Writer, now time.Time) error {
	if len(a.Progress) == 0 {
		return nil
	}
	fmt.Fprint(w, "\nDeliveries\n")
	t := newTable("DESTINATION", "STATE", "#ATTEMPT", "OUTCOME", "AT", "ANSWER")
	for _, d := range a.Progress {
		name, state := cmp.Or(d.Label, d.Destination), d.State
		if !d.NextAt.IsZero() {
			state += ", next " + age(d.NextAt, now)
		}
		for _, r := range d.Attempts {
			t.addLong(name, state, strconv.Itoa(r.Number), string(r.Outcome), when(r.At, now), r.Message)
			name, state = "", ""
		}
		if len(d.Attempts) == 0 {
			t.add(name, state, "-", "-", "-", "-")
		}
	}
	return t.print(w, "  ")
}

// withoutStep leaves out the sentence of a runbook that ends with a command: the one by which it is being read.
func withoutStep(runbook, command string) string {
	before, after, found := strings.Cut(runbook, command+".")
	if !found {
		return runbook
	}
	kept := before[:strings.LastIndex(before, ". ")+1]
	return strings.TrimSpace(kept + after)
}

// wrap breaks a text into lines of at most width letters, each behind indent.
func wrap(text string, width int, indent string) string {
	var b strings.Builder
	line := indent
	for word := range strings.FieldsSeq(text) {
		if line != indent && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	return b.String() + line + "\n"
}
