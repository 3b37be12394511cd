package classify_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"panther/schemas/classify"
	"panther/schemas/classify/mimic"
	"panther/schemas/logtype"
)

// A table has columns for the fields of a log type.
type table struct {
	fields  []logtype.Field
	columns []*classify.Column
	filler  *classify.Filler
	rows    int
}

// ownFields are the p_ fields.
func ownFields() (fields []logtype.Field) {
	own := func(name string, v logtype.Value) { fields = append(fields, logtype.Field{Name: name, Value: v}) }
	list := logtype.Value{Type: logtype.Array, Element: &logtype.Value{Type: logtype.String}}
	for _, name := range []string{"p_row_id", "p_log_type", "p_source_id", "p_source_label", "p_source_file"} {
		own(name, logtype.Value{Type: logtype.String})
	}
	own("p_event_time", logtype.Value{Type: logtype.Timestamp})
	own("p_parse_time", logtype.Value{Type: logtype.Timestamp})
	own("p_schema_version", logtype.Value{Type: logtype.BigInt})
	own("p_header", logtype.Value{Type: logtype.JSON})
	own("p_flags", list)
	for _, set := range logtype.IndicatorSets() {
		own(set, list)
	}
	return fields
}

func newTable(s *logtype.Schema) *table { return tableOf(append(ownFields(), s.Fields...)) }

func tableOf(fields []logtype.Field) *table {
	t := &table{fields: fields}
	var aims []classify.Aim
	t.columns, aims = aimsAt(t.fields)
	t.filler = classify.NewFiller(aims)
	return t
}

func aimsAt(fields []logtype.Field) (columns []*classify.Column, aims []classify.Aim) {
	for i := range fields {
		into := intoOf(&fields[i].Value)
		columns = append(columns, into.Column)
		aims = append(aims, classify.Aim{Member: fields[i].Name, Into: []classify.Into{into}})
	}
	return columns, aims
}

func intoOf(v *logtype.Value) classify.Into {
	simple := map[logtype.Type]classify.ColumnKind{logtype.Int: classify.IntColumn, logtype.SmallInt: classify.IntColumn, logtype.BigInt: classify.LongColumn,
		logtype.Float: classify.FloatColumn, logtype.Boolean: classify.BoolColumn, logtype.Timestamp: classify.TimeColumn, logtype.String: classify.TextColumn}
	switch v.Type {
	case logtype.Array:
		element := intoOf(v.Element)
		element.Column = classify.NewColumn(classify.ListColumn, element.Column)
		return element
	case logtype.Object:
		columns, aims := aimsAt(v.Fields)
		return classify.Into{Column: classify.NewColumn(classify.StructColumn, columns...), Within: aims}
	case logtype.JSON:
		return classify.Into{Column: classify.NewColumn(classify.TextColumn), JSON: true}
	}
	return classify.Into{Column: classify.NewColumn(simple[v.Type])}
}

// add takes an event in, and returns what is left over.
func (t *table) add(event []byte) map[string]json.RawMessage {
	left := t.filler.Add(event, t.rows)
	t.rows++
	for _, c := range t.columns {
		c.End(t.rows)
	}
	return left
}

// row shows a row as text.
func (t *table) row(row int) string { return showStruct(t.fields, t.columns, row) }

func showStruct(fields []logtype.Field, columns []*classify.Column, row int) string {
	var all []string
	for i := range fields {
		all = append(all, fields[i].Name+":"+show(&fields[i].Value, columns[i], row))
	}
	return "{" + strings.Join(all, " ") + "}"
}

func show(v *logtype.Value, c *classify.Column, row int) string {
	if c.Nulls > 0 && c.Valid[row>>3]>>(row&7)&1 == 0 {
		return "-"
	}
	offset := func(k int) int { return int(binary.LittleEndian.Uint32(c.Offsets[4*k:])) }
	switch c.Kind {
	case classify.TextColumn:
		return strconv.Quote(string(c.Values[offset(row):offset(row+1)]))
	case classify.IntColumn:
		return strconv.Itoa(int(int32(binary.LittleEndian.Uint32(c.Values[4*row:]))))
	case classify.LongColumn, classify.TimeColumn:
		return strconv.FormatInt(int64(binary.LittleEndian.Uint64(c.Values[8*row:])), 10)
	case classify.FloatColumn:
		return strconv.FormatFloat(math.Float64frombits(binary.LittleEndian.Uint64(c.Values[8*row:])), 'g', -1, 64)
	case classify.BoolColumn:
		return strconv.FormatBool(c.Values[row>>3]>>(row&7)&1 != 0)
	case classify.StructColumn:
		return showStruct(v.Fields, c.Children, row)
	}
	var all []string
	for k := offset(row); k < offset(row+1); k++ {
		all = append(all, show(v.Element, c.Children[0], k))
	}
	return "[" + strings.Join(all, " ") + "]"
}

// wanted shows what a value of a row has to be, from the event.
func wanted(t testing.TB, v *logtype.Value, raw json.RawMessage) string {
	if raw == nil || string(raw) == "null" {
		return "-"
	}
	switch v.Type {
	case logtype.String:
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			t.Fatal(err)
		}
		return strconv.Quote(text)
	case logtype.JSON:
		return strconv.Quote(string(raw))
	case logtype.Float:
		f, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatFloat(f, 'g', -1, 64)
	case logtype.Timestamp:
		at, err := time.Parse(`"`+time.RFC3339Nano+`"`, string(raw))
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(at.UnixMicro(), 10)
	case logtype.Object:
		return wantedStruct(t, v.Fields, raw)
	case logtype.Array:
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, e := range elements {
			all = append(all, wanted(t, v.Element, e))
		}
		return "[" + strings.Join(all, " ") + "]"
	}
	return string(raw)
}

func wantedStruct(t testing.TB, fields []logtype.Field, raw json.RawMessage) string {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range fields {
		all = append(all, fields[i].Name+":"+wanted(t, &fields[i].Value, members[fields[i].Name]))
	}
	return "{" + strings.Join(all, " ") + "}"
}

// check classifies a line, and wants of its event's row what the event says.
func (t *table) check(tb testing.TB, c classify.Checker, l classify.Line) {
	tb.Helper()
	l.RowID, l.SourceID, l.SourceLabel, l.ParseTime = "row", "id", "a \"label\"", time.Unix(1700000000, 120000000)
	v := c.Check(l)
	if v.Event == nil {
		return
	}
	if left := t.add(v.Event); left != nil {
		tb.Fatalf("%s is left of %s", left, v.Event)
	}
	if diff := cmp.Diff(wantedStruct(tb, t.fields, v.Event), t.row(t.rows-1)); diff != "" {
		tb.Fatalf("%s\n%s", v.Event, diff)
	}
}

// compare wants of the columns of a line, which e has matched last, what those of its event say.
func (t *table) compare(tb testing.TB, e *classify.Engine, l classify.Line, event []byte) {
	tb.Helper()
	t.compareAnyhow(tb, e, l, event)
	if !t.filler.FillsFromLines() {
		tb.Errorf("the columns of %v take events only", t.fields)
	}
}

// compareAnyhow is compare for a table that may not have a column for each value.
func (t *table) compareAnyhow(tb testing.TB, e *classify.Engine, l classify.Line, event []byte) {
	tb.Helper()
	for _, c := range t.columns {
		c.Reset()
	}
	t.rows = 0
	want := t.add(event)
	left := t.filler.AddMatched(e, &l, t.rows)
	t.rows++
	for _, c := range t.columns {
		c.End(t.rows)
	}
	if diff := cmp.Diff(t.row(0), t.row(1)); diff != "" {
		tb.Errorf("columns of %.500q:\n%s", l.Bytes, diff)
	}
	if diff := cmp.Diff(want, left); diff != "" {
		tb.Errorf("%.500q: left over:\n%s", l.Bytes, diff)
	}
}

// Columns say what events say: of the samples of all log types that are built in, and of schemas and lines made by chance.
func TestColumnsEqualEvents(t *testing.T) {
	for _, s := range logtype.Builtins() {
		table, c := newTable(s), engineOf(t, s)
		for _, sample := range s.Samples {
			table.check(t, c, classify.Line{Bytes: []byte(sample.Line)})
		}
	}
	for seed := range rounds(600) {
		g := newGenerator(seed)
		all := g.schemas(1, g.schema)
		table, c := newTable(all[0].Schema), engineOf(t, all[0].Schema)
		for _, l := range g.lines(all, 30) {
			table.check(t, c, l)
		}
	}
}

// What no column takes is left over, by its path; what is around a line may be nested deeper than lines.
func TestFillerLeavesOver(t *testing.T) {
	deep := strings.Repeat("[", 150) + strings.Repeat("]", 150)
	s, err := logtype.Parse("a.yml", []byte("schema: My.Type\nfields: [{name: a, type: object, fields: [{name: b, type: array, element: {type: int}}]}, {name: c, type: boolean}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string]string{
		`{"a":{"b":[1,2]},"c":true}`:                        ``,
		`{"a":{"b":[1,"x",null,2.5]},"c":"no"}`:             `a.b[1]="x" a.b[3]=2.5 c="no"`,
		`{"a":{"z\u0041":[{}],"b":7},"y":null,"q":1,"q":2}`: `a.b=7 a.zA=[{}] q=2`,
		`{"a":[],"p_header":` + deep + `}`:                  `a=[]`,
		`[]`:                                                `event="[]"`,
		`{"a":`:                                             `event="{\"a\":"`,
		``:                                                  `event=""`,
	} {
		table := newTable(s)
		var left []string
		found := table.add([]byte(event))
		for _, path := range []string{"a", "a.b", "a.b[1]", "a.b[3]", "a.zA", "c", "event", "q"} {
			if value, ok := found[path]; ok {
				left = append(left, path+"="+string(value))
			}
		}
		if got := strings.Join(left, " "); got != want || len(left) != len(found) {
			t.Errorf("of %.80s is left %s (%d), want %s", event, got, len(found), want)
		}
	}
}

// A table whose columns are not those of the log type takes what it can of a line, and the rest is left over as it is of the event.
func TestLinesLeaveOver(t *testing.T) {
	parse := func(fields string) *logtype.Schema {
		s, err := logtype.Parse("a.yml", []byte("schema: My.Type\nfields: ["+fields+"]\n"))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	const a, b, c, d = "{name: a, type: int}", "{name: b, type: array, element: {type: bigint}}", "{name: c, type: object, fields: [{name: x, type: string, indicators: [ip]}]}",
		"{name: d, type: timestamp, timeFormats: [unix, rfc3339], isEventTime: true}"
	const f, g = "{name: f, type: float}", "{name: g, type: boolean}"
	s := parse(a + "," + b + "," + c + "," + d + "," + f + "," + g)
	e := engineOf(t, s)
	leavesOver := func(name string, table *table) {
		t.Helper()
		for _, line := range []string{`{"a":1,"b":[1,null,"9007199254740993"],"c":{"x":"198.51.100.7"},"d":1700000000,"f":1.5,"g":true}`, `{"a":null,"b":[],"c":{},"d":"2026-03-01T08:00:00Z"}`, `{}`} {
			l := classify.Line{Bytes: []byte(line), RowID: "row", SourceID: "id", ParseTime: time.Unix(1700000000, 0)}
			event := string(e.Check(l).Event)
			table.compareAnyhow(t, e, l, []byte(event))
		}
		if table.filler.FillsFromLines() {
			t.Errorf("columns of %s are filled from lines of another log type", name)
		}
	}
	for _, other := range []string{
		b + "," + c + "," + d + "," + f + "," + g,
		"{name: a, type: string}," + b + "," + c + "," + d + "," + f + "," + g,
		"{name: a, type: boolean}," + b + "," + c + "," + d + "," + f + "," + g,
		a + ",{name: b, type: array, element: {type: int}}," + c + "," + d + "," + f + "," + g,
		a + ",{name: b, type: bigint}," + c + "," + d + "," + f + "," + g,
		a + "," + b + ",{name: c, type: object, fields: [{name: y, type: string}]}," + d + "," + f + "," + g,
		a + "," + b + ",{name: c, type: array, element: {type: string}}," + d + "," + f + "," + g,
		a + "," + b + "," + c + ",{name: d, type: float}," + f + "," + g,
		a + "," + b + "," + c + "," + d + ",{name: f, type: boolean}," + g,
		a + "," + b + "," + c + "," + d + "," + f + ",{name: g, type: int}",
	} {
		leavesOver(other, newTable(parse(other)))
	}
	for i, own := range ownFields() {
		fields := append(ownFields(), s.Fields...)
		fields[i].Type = logtype.Float
		leavesOver(own.Name+" as a number", tableOf(fields))
		leavesOver("all but "+own.Name, tableOf(slices.Delete(append(ownFields(), s.Fields...), i, i+1)))
	}
	other := newTable(parse("{name: a, type: bigint}," + b + ",{name: c, type: json}," + d + "," + f + "," + g))
	l := classify.Line{Bytes: []byte(`{"a":1,"b":[2],"c":{"x":"198.51.100.7","z":1},"d":3}`), RowID: "row", SourceID: "id", ParseTime: time.Unix(1700000000, 0)}
	event := string(e.Check(l).Event)
	other.compare(t, e, l, []byte(event)) // a wider column, and one of text for an object
}

// Neither checking a line nor filling columns allocates memory, once there is enough of it.
func TestNoAllocations(t *testing.T) {
	for _, r := range rungs(t) {
		if r.mayAllocate {
			continue
		}
		for range 60 { // often enough that each table of mixed lines was full once
			for _, line := range r.lines {
				r.check(line)
			}
		}
		i := 0
		if n := testing.AllocsPerRun(min(500, len(r.lines)), func() { r.check(r.lines[i%len(r.lines)]); i++ }); n > 0 {
			t.Errorf("%s allocates %g times a line", r.name, n)
		}
	}
	trail, _ := logtype.Builtin("AWS.CloudTrail")
	e, into := engineOf(t, trail), newTable(trail)
	l := classify.Line{Bytes: mimic.Lines(1, mimic.New(1).CloudTrail)[0], RowID: "row", SourceID: "id", SourceLabel: "label", SourceFile: "s3://bucket/" + strings.Repeat("k", 60), ParseTime: time.Unix(1700000000, 0)}
	fill := func() { e.Match(l); into.filler.AddMatched(e, &l, into.next()) }
	for range 3000 {
		fill()
	}
	if n := testing.AllocsPerRun(500, fill); n > 0 {
		t.Errorf("a line of a file allocates %g times", n)
	}
}

// The name of a host that had percent signs in its URL may be no UTF-8: in events and in columns it is, and each is there once.
func TestColumnsOfHosts(t *testing.T) {
	s := parse(t, "schema: My.Hosts\nfields:\n- {name: a, type: string, indicators: [url]}\n- {name: b, type: string, indicators: [url]}\n")
	e, tt := engineOf(t, s), newTable(s)
	l := classify.Line{Bytes: []byte(`{"a":"http://%e9/","b":"http://%ff/"}`)}
	if event := string(e.Check(l).Event); !strings.Contains(event, `"p_any_domain_names":["\ufffd"]`) && !strings.Contains(event, `"p_any_domain_names":["�"]`) {
		t.Errorf("the event is %s", event)
	}
	if left := tt.filler.AddMatched(e, &l, 0); left != nil {
		t.Errorf("left %v", left)
	}
	for i, f := range tt.fields {
		if f.Name == "p_any_domain_names" {
			if tt.columns[i].End(1); show(&f.Value, tt.columns[i], 0) != `["�"]` {
				t.Errorf("the column has %s", show(&f.Value, tt.columns[i], 0))
			}
		}
	}
}

// Lines of two log types whose columns a header names: it is read once for each of them, however long it is.
func TestHeadersOfTwoTypes(t *testing.T) {
	a := parse(t, "schema: My.First\nparser: {csv: {hasHeader: true}}\nfields: [{name: a, type: string, required: true}]\n")
	b := parse(t, "schema: My.Second\nparser: {csv: {hasHeader: true, delimiter: ';'}}\nfields: [{name: b, type: string, required: true}]\n")
	e := engineOf(t, a, b)
	for header, line := range map[string]string{
		"a,x":                               "1,2",
		"a" + strings.Repeat(",x", 100_000): "1,2",
		"b;x":                               "1;2",
	} {
		l := classify.Line{Bytes: []byte(line), Header: []byte(header)}
		for range 3 {
			e.Match(l)
		}
		if n := testing.AllocsPerRun(100, func() { e.Match(l) }); n > 0 {
			t.Errorf("with a header of %d bytes a line allocates %g times", len(header), n)
		}
	}
}

// A Checker keeps no more headers than there is room for, whoever asked last, and forgets none that it goes by.
func TestHeadersOfManyTypes(t *testing.T) {
	var all []*logtype.Schema
	for i := range classify.MaxHeaders + 6 {
		all = append(all, parse(t, fmt.Sprintf("schema: My.Type%d\nparser: {csv: {hasHeader: true}}\nfields: [{name: f%d, type: string, required: true}]\n", i, i)))
	}
	e := engineOf(t, all...)
	for i := range len(all) {
		want := all[i*7%len(all)]
		v := e.Check(classify.Line{Bytes: []byte("1,2"), Header: []byte("x," + want.Fields[0].Name)})
		if v.Schema != want {
			t.Errorf("a line under the header of %s is %s", want.Name, nameOf(v))
		}
		if n := e.Headers(); n == 0 || n > classify.MaxHeaders {
			t.Fatalf("%d headers are kept", n)
		}
	}
}
