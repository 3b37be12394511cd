package stages

import (
	"fmt"
	"strings"
	"time"

	"panther/schemas"
	"panther/schemas/strict"
)

// title is what a person reads first: what is wrong, with what.
func title(a schemas.Alert) string {
	name := a.Component.Label
	switch a.SystemError {
	case schemas.SourceNoData:
		if a.DropOff != nil && a.DropOff.LastEvent.IsZero() {
			return fmt.Sprintf("Source [%s] has not processed its first event within %s", name, threshold(a))
		}
		return fmt.Sprintf("Source [%s] has not processed any event for %s", name, threshold(a))
	case schemas.SourceClassificationFailures:
		return fmt.Sprintf("Source [%s] received events that we were unable to classify in the last 24 hours", name)
	case schemas.AlertDelivery:
		return fmt.Sprintf("Alerts could not be delivered to destination [%s]", name)
	case schemas.SourcePermissionsChecks:
		return fmt.Sprintf("Source [%s] has turned unhealthy", name)
	case schemas.SourceLogProcessingErrors:
		return fmt.Sprintf("Source [%s] has objects that could not be read in the last 24 hours", name)
	case schemas.SourceScanningErrors:
		return fmt.Sprintf("Source [%s] has scanning errors", name)
	case schemas.DetectionAlertLimitExceeded:
		return fmt.Sprintf("Detection [%s] exceeded its alert limit", name)
	}
	return fmt.Sprintf("%s [%s]", a.SystemError, name)
}

func threshold(a schemas.Alert) string {
	if a.DropOff == nil {
		return "the time set for it"
	}
	return strict.FormatDuration(a.DropOff.Threshold)
}

// description says what was seen first: what the signal saw that opened the alert.
func description(a schemas.Alert, sig schemas.Signal) string {
	switch {
	case a.SystemError == schemas.SourceNoData && a.DropOff != nil:
		if a.DropOff.LastEvent.IsZero() {
			return fmt.Sprintf("No event has ever arrived from source [%s]. It has been listened to since %s; its alarm is set to %s.",
				a.Component.Label, clock(a.DropOff.Since), threshold(a))
		}
		return fmt.Sprintf("Source [%s] has not processed any event for %s. Its last event arrived at %s.",
			a.Component.Label, threshold(a), clock(a.DropOff.LastEvent))
	case len(sig.Fingerprints) > 0:
		return firstFailingLine(sig.Fingerprints[0])
	case len(sig.Deliveries) > 0:
		d := sig.Deliveries[0]
		return fmt.Sprintf("The alert %q (%s) has not reached destination [%s] in %s: %s",
			d.Title, d.AlertID, a.Component.Label, times(d.Attempts), d.Error)
	}
	return title(a) + "."
}

func firstFailingLine(f schemas.Fingerprint) string {
	var b strings.Builder
	if len(f.Samples) > 0 {
		s := f.Samples[0]
		fmt.Fprintf(&b, "%s\n\nFirst failing line (topic %s, partition %d, offset %d", s.Error, s.Position.Topic, s.Position.Partition, s.Position.Offset)
		if s.Position.Line > 0 {
			fmt.Fprintf(&b, ", line %d of its record", s.Position.Line+1)
		}
		switch line := s.Excerpt(); {
		case s.Span.End > s.Span.Start:
			b.WriteString(", >>> <<< around the part that fails")
		case len(line) < len(s.Payload) || s.Cut:
			b.WriteString(", its beginning")
		}
		fmt.Fprintf(&b, "):\n%s\n\n", strings.ToValidUTF8(s.Excerpt(), "\uFFFD"))
	}
	fmt.Fprintf(&b, "Reason: %s", f.Code)
	for _, x := range []struct{ name, value string }{
		{"schema", f.Schema}, {"field", f.Field}, {"expected", f.Expected}, {"got", f.Got}} {
		if x.value != "" {
			fmt.Fprintf(&b, "\n%s: %s", strings.ToUpper(x.name[:1])+x.name[1:], x.value)
		}
	}
	return b.String()
}

// runbook says what to do.
func runbook(a schemas.Alert) string {
	switch a.SystemError {
	case schemas.SourceNoData:
		return "Check that the sender still runs, that its credentials are valid and that it writes to the topics of this source " +
			"(panther sources show). If the silence is normal for it, set a longer alarm: panther sources alarm NAME \"1 day\". " +
			"The alert resolves by itself when the next event arrives."
	case schemas.SourceClassificationFailures:
		return "Look at the failing lines: panther alerts show " + a.ID + ". Known causes: a required field is missing, a field has " +
			"another type, a timestamp has another format. If the format of the logs has changed, change the schema and apply it " +
			"(panther apply); it applies to its sources by itself. Then mark the alert resolved (panther alerts resolve " + a.ID +
			"), so that the next failure is a new alert. Further failures until then are added to this one without a message."
	case schemas.AlertDelivery:
		return "Check that the destination is reachable from here, and that its address and secret are still valid. The alerts " +
			"listed here are in panther alerts list. Then mark this alert resolved: panther alerts resolve " + a.ID + "."
	}
	return "Look at what was seen: panther alerts show " + a.ID + ". When the cause is mended, mark it resolved: panther alerts resolve " + a.ID + "."
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func times(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
