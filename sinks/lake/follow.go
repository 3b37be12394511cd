package lake

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"panther/schemas/logtype"
)

// Follow gives the table of a log type the columns of its schema, as a writer does before it writes rows of it; it makes the
// table if there is none. A column whose type has changed gives its name to a new one only for a schema that is newer than
// the table's: see Lacks.
func (c *Catalog) Follow(ctx context.Context, s *logtype.Schema) (*table.Table, error) {
	return c.follow(ctx, LogTable(s.Name), logColumns(s), s.Version)
}

func (c *Catalog) follow(ctx context.Context, id table.Identifier, cols []column, version int64) (*table.Table, error) {
	t, err := c.LoadTable(ctx, id)
	if errors.Is(err, ErrNoTable) {
		schema, props := tableSchema(cols), tableProperties()
		props[versionProperty] = strconv.FormatInt(version, 10)
		t, err = c.CreateTable(ctx, id, schema, hourly(schema), props)
	}
	if err != nil {
		return nil, err
	}
	return evolve(ctx, c, t, cols, version)
}

// Lacks says, column by column, in what the table of a log type differs from its schema; columns that only the table has are
// no difference, for columns are never taken out.
func Lacks(t *table.Table, s *logtype.Schema) (differences []string) {
	have := map[int]iceberg.NestedField{}
	for _, f := range t.Schema().Fields() {
		have[f.ID] = f
	}
	id := t.Metadata().LastColumnID()
	fields, _ := merge(t.Schema().Fields(), structOf(logColumns(s)).FieldList, func() int { id++; return id }, true)
	for _, f := range fields {
		was, ok := have[f.ID]
		switch i := indexOf(t.Schema().Fields(), f.Name); {
		case !ok && i < 0:
			differences = append(differences, fmt.Sprintf("column %s %s is not there", f.Name, f.Type))
		case !ok || was.Name != f.Name && i >= 0:
			differences = append(differences, fmt.Sprintf("column %s is %s, want %s", f.Name, t.Schema().Fields()[i].Type, f.Type))
		case was.Name == f.Name && !was.Type.Equals(f.Type):
			differences = append(differences, fmt.Sprintf("column %s is %s, want %s", f.Name, was.Type, f.Type))
		}
	}
	return differences
}

// ByHour reports whether a table is partitioned as maintenance and readers expect it: by the hour of p_parse_time alone.
func ByHour(t *table.Table) bool { return byHour(t, t.Spec()) }

// hourlySpec is the partitioning that files are written with: by the hour, also where another engine has given the table
// another one since, for tables hold files of all that they ever had. A file of one hour may not be of one part by that.
func hourlySpec(t *table.Table) iceberg.PartitionSpec {
	if !ByHour(t) {
		for _, spec := range t.Metadata().PartitionSpecs() {
			if byHour(t, spec) {
				return spec
			}
		}
	}
	return t.Spec()
}

func byHour(t *table.Table, spec iceberg.PartitionSpec) bool {
	f, ok := t.Schema().FindFieldByName(colParseTime)
	if !ok || spec.NumFields() != 1 {
		return false
	}
	p := spec.Field(0)
	_, hours := p.Transform.(iceberg.HourTransform)
	return hours && p.FieldID == hourField && len(p.SourceIDs) == 1 && p.SourceIDs[0] == f.ID
}
