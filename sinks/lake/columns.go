package lake

import (
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/schemas/logtype"
)

// The spaces (databases) of the lake.
const (
	MonitorSpace = "panther_monitor" // what is known about the logs
	LogsSpace    = "panther_logs"    // the logs: one table per log type
)

// The tables of what is known about the logs.
var (
	FailuresTable = table.Identifier{MonitorSpace, "classification_failures"} // lines that match none of their source's schemas
	ActivityTable = table.Identifier{MonitorSpace, "source_activity"}         // what was counted of a source and log type, by transaction of the classifier
	AlertsTable   = table.Identifier{MonitorSpace, "alerts"}                  // alerts, a row for each change
)

// LogTable returns the table of a log type: lower case, dots as underscores. A name that no schema can have (a header that
// was tampered with) goes to a table of its own, so that no name leads out of the lake.
func LogTable(logType string) table.Identifier {
	name := strings.ReplaceAll(strings.ToLower(logType), ".", "_")
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			name = ""
			break
		}
	}
	if name == "" {
		name = "unnamed_type"
	}
	return table.Identifier{LogsSpace, name}
}

// A column is a column as a schema wants it: not yet with an id of the table.
type column struct {
	name   string // of the column
	member string // of the event that fills it
	typ    iceberg.Type
	doc    string
	must   bool
	json   bool     // strings, in it or in its elements, hold JSON
	sub    []column // of a struct, or of the structs in a list
}

var (
	stringType = iceberg.PrimitiveTypes.String
	longType   = iceberg.PrimitiveTypes.Int64
	intType    = iceberg.PrimitiveTypes.Int32
	boolType   = iceberg.PrimitiveTypes.Bool
	timeType   = iceberg.PrimitiveTypes.TimestampTz
)

func scalar(name string, t iceberg.Type, doc string) column {
	return column{name: name, member: name, typ: t, doc: doc}
}

func must(c column) column {
	c.must = true
	return c
}

func listOf(name string, t iceberg.Type, doc string) column {
	return column{name: name, member: name, typ: &iceberg.ListType{Element: t}, doc: doc}
}

// group makes a column of a struct.
func group(name, doc string, sub ...column) column {
	return column{name: name, member: name, typ: structOf(sub), doc: doc, sub: sub}
}

// structs makes a column of a list of structs.
func structs(name, doc string, sub ...column) column {
	return column{name: name, member: name, typ: &iceberg.ListType{Element: structOf(sub)}, doc: doc, sub: sub}
}

// Names of columns that the code refers to.
const (
	colRowID       = "p_row_id"
	colParseTime   = "p_parse_time"
	colEventTime   = "p_event_time"
	colLogType     = "p_log_type"
	colSourceID    = "p_source_id"
	colHeader      = "p_header"
	colUnconverted = "p_unconverted"
	colPayload     = "payload"
	colTopic       = "topic"
	colTopicID     = "topic_id"
	colPartition   = "partition"
	colOffset      = "offset"
	colLine        = "line"
)

// positionColumns say which line a row is, in the topic of its producer: no two rows of a table have the same.
func positionColumns() []column {
	cols := []column{
		must(scalar(colTopic, stringType, "the producer's topic")),
		must(scalar(colTopicID, stringType, "the id of the topic: a topic that is deleted and made again has another")),
		must(scalar(colPartition, intType, "the partition of the topic")),
		must(scalar(colOffset, longType, "the offset of the record in its partition")),
		must(scalar(colLine, longType, "the line within the record or object, from 0")),
	}
	for i := range cols {
		cols[i].member = "" // from the record, not from the event
	}
	return cols
}

// eventColumns are the columns that every table of events has, beside those of its log type.
func eventColumns() []column {
	cols := []column{
		must(scalar(colRowID, stringType, "the id of the row, made from the position of the line")),
		must(scalar(colParseTime, timeType, "when the line was classified")),
		must(scalar(colEventTime, timeType, "when it happened, as the producer says; else p_parse_time")),
		must(scalar(colLogType, stringType, "the log type")),
		must(scalar(colSourceID, stringType, "the log source")),
		scalar("p_source_label", stringType, "the name of the log source"),
		scalar("p_schema_version", longType, "the version of the schema"),
		scalar("p_source_file", stringType, "the S3 object"),
		{name: colHeader, member: colHeader, typ: stringType, doc: "what was around the line in its record, as a JSON object", json: true},
		listOf("p_flags", stringType, "what is peculiar about the line, as duplicate keys or bytes that are not UTF-8"),
		scalar(colUnconverted, stringType, "values that fit no column, as a JSON object by path; null if all fit"),
	}
	for _, set := range logtype.IndicatorSets() {
		what := strings.ReplaceAll(strings.TrimPrefix(set, "p_any_"), "_", " ")
		cols = append(cols, listOf(set, stringType, "all "+what+" of the event, sorted"))
	}
	return append(cols, positionColumns()...)
}

func structOf(cols []column) *iceberg.StructType {
	fields := make([]iceberg.NestedField, len(cols))
	for i, c := range cols {
		fields[i] = iceberg.NestedField{Name: c.name, Type: c.typ, Doc: c.doc, Required: c.must}
	}
	return &iceberg.StructType{FieldList: fields}
}

// logColumns are the columns of the table of a log type: those that every event has, and those of its fields.
func logColumns(s *logtype.Schema) []column {
	cols := eventColumns()
	if s == nil {
		return cols
	}
	taken := map[string]bool{}
	for _, c := range cols {
		taken[c.name] = true
	}
	return append(cols, fieldColumns(s.Fields, taken)...)
}

// fieldColumns makes columns of fields. A name that another column has, whatever its case (engines differ), gets an
// underscore behind it; dots, which mean nesting, become underscores.
func fieldColumns(fields []logtype.Field, taken map[string]bool) []column {
	cols := make([]column, 0, len(fields))
	for _, f := range fields {
		c := valueColumn(f.Value)
		c.member, c.name, c.doc = f.Name, strings.ReplaceAll(f.Name, ".", "_"), f.Description
		for taken[strings.ToLower(c.name)] {
			c.name += "_"
		}
		taken[strings.ToLower(c.name)] = true
		cols = append(cols, c)
	}
	return cols
}

func valueColumn(v logtype.Value) column {
	switch v.Type {
	case logtype.Int, logtype.SmallInt:
		return column{typ: intType}
	case logtype.BigInt:
		return column{typ: longType}
	case logtype.Float:
		return column{typ: iceberg.PrimitiveTypes.Float64}
	case logtype.Boolean:
		return column{typ: boolType}
	case logtype.Timestamp:
		return column{typ: timeType}
	case logtype.Array:
		if v.Element != nil {
			e := valueColumn(*v.Element)
			return column{typ: &iceberg.ListType{Element: e.typ}, json: e.json, sub: e.sub}
		}
	case logtype.Object:
		if len(v.Fields) > 0 { // Parquet has no empty structs
			sub := fieldColumns(v.Fields, map[string]bool{})
			return column{typ: structOf(sub), sub: sub}
		}
	case logtype.String:
		return column{typ: stringType}
	}
	return column{typ: stringType, json: true}
}

// tableSchema makes the first schema of a table.
func tableSchema(cols []column) *iceberg.Schema {
	id := 0
	fields, _ := merge(nil, structOf(cols).FieldList, func() int { id++; return id }, false)
	var identifiers []int
	for _, f := range fields {
		if f.Name == colRowID {
			identifiers = append(identifiers, f.ID)
		}
	}
	return iceberg.NewSchemaWithIdentifiers(0, identifiers, fields...)
}

// hourly partitions a table by the hour in which lines were classified, not in which they happened: late data would make
// many small files.
func hourly(s *iceberg.Schema) *iceberg.PartitionSpec {
	f, _ := s.FindFieldByName(colParseTime)
	spec := iceberg.NewPartitionSpec(iceberg.PartitionField{SourceIDs: []int{f.ID}, FieldID: 1000, Name: "p_parse_hour", Transform: iceberg.HourTransform{}})
	return &spec
}

// byEventTime sorts by the time of events, by which most questions are bounded; a table without one is not sorted.
func byEventTime(s *iceberg.Schema) (table.SortOrder, error) {
	f, ok := s.FindFieldByName(colEventTime)
	if !ok {
		return table.UnsortedSortOrder, nil
	}
	return table.NewSortOrder(1, []table.SortField{{SourceIDs: []int{f.ID}, Transform: iceberg.IdentityTransform{}, Direction: table.SortASC, NullOrder: table.NullsFirst}})
}

// Properties of the tables, beside those of Iceberg.
const (
	offsetProperty  = "kafka.offset."          // + topic id . partition: the table has every row below this offset
	versionProperty = "panther.schema.version" // of the log type, which made the columns
)

// tableProperties are what a table is created with.
func tableProperties() iceberg.Properties {
	return iceberg.Properties{
		"format-version":                          "2",
		table.ManifestMergeEnabledKey:             "true",
		table.MetadataDeleteAfterCommitEnabledKey: "false", // by age, here: see sweep
		table.CommitNumRetriesKey:                 "0",     // the retry loop is here too: it looks at the offsets first
		table.ParquetCompressionKey:               "zstd",
		table.ParquetCompressionLevelKey:          strconv.Itoa(zstdLevel),
	}
}
