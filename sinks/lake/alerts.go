package lake

import (
	"slices"
	"time"

	"panther/schemas"
)

// alertColumns are the columns of AlertsTable, in order: fillAlert fills them by these positions.
func alertColumns() []column {
	return slices.Concat(recordColumns("when the alert changed", "when the newest of its signals was seen"), []column{
		scalar(colSourceID, stringType, "the log source that it is about; else null"),
		scalar("p_source_label", stringType, "the name of the log source"),
		must(scalar("id", stringType, "the alert; the row with the highest offset is how it stands")),
		scalar("type", stringType, "what made it, as SYSTEM_ERROR"),
		scalar("system_error", stringType, "what kind of trouble, as SOURCE_NO_DATA"),
		scalar("component_kind", stringType, "what sort of thing it is about, as LOG_SOURCE"),
		scalar("component_id", stringType, "the thing that it is about"),
		scalar("component_label", stringType, "the name of that thing"),
		scalar("severity", stringType, "as CRITICAL"),
		scalar("status", stringType, "as OPEN or RESOLVED"),
		scalar("title", stringType, ""),
		scalar("description", stringType, "what was seen first"),
		scalar("runbook", stringType, "what to do about it"),
		scalar("count", longType, "lines, deliveries or episodes seen so far"),
		scalar("created_at", timeType, "when it was opened"),
		scalar("window_ends_at", timeType, "when it ends by itself; null: when the trouble does"),
		scalar("resolved_at", timeType, "when it ended; null: it is open"),
		scalar("resolved_by", stringType, "who ended it, or what"),
		group("drop_off", "of a source that fell silent",
			scalar("threshold_seconds", longType, ""), scalar("last_event", timeType, ""), scalar("since", timeType, "")),
		fingerprintColumn("the kinds of failures, the most frequent first"),
		structs("deliveries", "the alerts that did not reach a destination",
			scalar("alert_id", stringType, ""), scalar("title", stringType, ""), scalar("error", stringType, ""),
			scalar("status_code", longType, ""), scalar("attempts", longType, ""), scalar("at", timeType, "")),
		structs("routes", "who was told, and why",
			scalar("destination", stringType, ""), scalar("label", stringType, ""), scalar("send", boolType, ""), scalar("reason", stringType, "")),
	}, positionColumns())
}

func fillAlert(c *cells, r *row) {
	a := r.Message.(schemas.Alert)
	c.startRecord(r, a.LastSeenAt)
	var source schemas.Component
	if a.Component.Kind == schemas.LogSource {
		source = a.Component
	}
	c.text(source.ID)
	c.text(source.Label)
	c.must(a.ID)
	c.text(string(a.Type))
	c.text(string(a.SystemError))
	c.text(string(a.Component.Kind))
	c.text(a.Component.ID)
	c.text(a.Component.Label)
	c.text(string(a.Severity))
	c.text(string(a.Status))
	c.text(a.Title)
	c.text(a.Description)
	c.text(a.Runbook)
	c.long(a.Count)
	c.sane(a.CreatedAt)
	c.sane(a.WindowEndsAt)
	c.sane(a.ResolvedAt)
	c.text(a.ResolvedBy)
	if d := a.DropOff; d != nil {
		c.object(func(c *cells) {
			c.long(int64(d.Threshold / time.Second))
			c.sane(d.LastEvent)
			c.sane(d.Since)
		})
	} else {
		c.null()
	}
	c.fingerprints(a.Fingerprints)
	c.list(len(a.Deliveries), func(i int, c *cells) {
		d := a.Deliveries[i]
		c.text(d.AlertID)
		c.text(d.Title)
		c.text(d.Error)
		c.long(int64(d.StatusCode))
		c.long(int64(d.Attempts))
		c.sane(d.At)
	})
	c.list(len(a.Routes), func(i int, c *cells) {
		route := a.Routes[i]
		c.text(route.Destination)
		c.text(route.Label)
		c.yes(route.Send)
		c.text(route.Reason)
	})
	c.position(placeOf(r))
}
