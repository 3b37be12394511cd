package notify

import (
	"context"
	"fmt"
	"io"
	"strings"

	"panther/schemas"
)

// A log destination prints alerts for people who watch a terminal or a service's journal. It has no settings.
type logDestination struct {
	out     io.Writer
	console string
}

func newLog(s *settings, o Options) Destination {
	out := o.Out
	if out == nil {
		out = io.Discard
	}
	return &logDestination{out: out, console: o.Console}
}

// Deliver writes the alert in one Write, so that alerts printed at once do not mix.
func (l *logDestination) Deliver(ctx context.Context, a schemas.Alert) (Answer, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", a.Severity, printable(a.Title))
	for _, fact := range facts(a) {
		fmt.Fprintf(&b, "  %s\n", printable(fact))
	}
	for i, line := range lines(a.Runbook) {
		if i == 0 {
			line = "What to do: " + line
		}
		fmt.Fprintf(&b, "  %s\n", printable(line))
	}
	fmt.Fprintf(&b, "  Alert %s", printable(a.ID))
	if address := link(a, l.console); address != "" {
		fmt.Fprintf(&b, ": %s", address)
	}
	b.WriteString("\n")
	if _, err := io.WriteString(l.out, b.String()); err != nil {
		return Answer{}, fmt.Errorf("print alert %s: %w", a.ID, err)
	}
	return Answer{Message: "printed"}, nil
}
