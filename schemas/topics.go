package schemas

import (
	"time"

	"panther/pipeline/stream"
)

const day = 24 * time.Hour

// The topics between the nodes. Producers own their topics; a log source of the catalogue names them.
var (
	Events = stream.Topic{Name: "panther.events", Key: "as the raw record", Holds: "event JSON; headers: log type, source, schema version",
		Partitions: stream.Bulk, Keep: 3 * day}
	ClassificationFailures = stream.Topic{Name: "panther.classification-failures", Key: "as the raw record", Holds: "a line that matches no schema, with the reasons",
		Partitions: stream.Bulk, Keep: 7 * day, Decode: stream.JSON[Failure]}
	SourceActivity = stream.Topic{Name: "panther.source-activity", Key: "source", Holds: "per transaction, source and log type: counts, bytes, arrivals, fingerprints; and clocks",
		Partitions: stream.Control, Keep: 7 * day, Decode: stream.JSON[Activity]}
	SourceStatuses = stream.Topic{Name: "panther.source-status", Key: "source/stage", Holds: "what the stage knows of the source",
		Partitions: stream.Control, Compact: true, Decode: stream.JSON[SourceStatus]}
	Signals = stream.Topic{Name: "panther.signals", Key: "type/component; for ALERT_DELIVERY the type alone: see SignalKey", Holds: "a trouble seen, or gone; a person's word about an alert",
		Partitions: stream.Control, Keep: 7 * day, Decode: stream.JSON[Signal]}
	Alerts = stream.Topic{Name: "panther.alerts", Key: "alert id", Holds: "the alert as it stands",
		Partitions: stream.Control, Compact: true, History: 7 * day, // every change is a row of the lake, which may be away
		Decode: stream.JSON[Alert]}
	Deliveries = stream.Topic{Name: "panther.deliveries", Key: "destination/alert", Holds: "a delivery wanted, or a receipt",
		Partitions: stream.Control, Keep: 7 * day, Decode: stream.JSON[Delivery]}
	Attempts = stream.Topic{Name: "panther.attempts", Key: "destination/alert", Holds: "one attempt to make",
		Partitions: stream.Control, Keep: 7 * day, Decode: stream.JSON[Attempt]}
	DeliveryStatuses = stream.Topic{Name: "panther.delivery-status", Key: "destination/alert", Holds: "attempts and their results",
		Partitions: stream.Control, Compact: true, Keep: 90 * day, Decode: stream.JSON[DeliveryStatus]}
	Catalogue = stream.Topic{Name: "panther.catalogue", Key: "kind/id", Holds: "log sources, schemas, destinations, and the version that they make",
		Partitions: stream.One, Compact: true}
)

// Headers of records in Events.
const (
	HeaderLogType       = "log-type"
	HeaderSource        = "source"
	HeaderSchemaVersion = "schema-version"
	HeaderParseTime     = "parse-time" // RFC 3339 with nanoseconds
	HeaderPosition      = "position"   // a Position as JSON
)
