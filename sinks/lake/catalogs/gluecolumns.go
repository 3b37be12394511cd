package catalogs

import (
	"fmt"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
)

// glueColumns are the columns as Glue's own pages and permissions show them. Engines read those of the metadata.
func glueColumns(s *iceberg.Schema) (out []types.Column) {
	for _, f := range s.Fields() {
		c := types.Column{Name: aws.String(f.Name), Type: aws.String(glueType(f.Type))}
		if f.Doc != "" {
			c.Comment = aws.String(cut(f.Doc, mostComment))
		}
		out = append(out, c)
	}
	return out
}

const mostComment = 255 // bytes that Glue takes

// cut shortens a text to at most n bytes, between two letters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// glueType names a type as Hive does.
func glueType(t iceberg.Type) string {
	switch t := t.(type) {
	case iceberg.BooleanType:
		return "boolean"
	case iceberg.Int32Type:
		return "int"
	case iceberg.Int64Type:
		return "bigint"
	case iceberg.Float32Type:
		return "float"
	case iceberg.Float64Type:
		return "double"
	case iceberg.DateType:
		return "date"
	case iceberg.TimestampType, iceberg.TimestampTzType:
		return "timestamp"
	case iceberg.BinaryType, iceberg.FixedType:
		return "binary"
	case iceberg.DecimalType:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision(), t.Scale())
	case *iceberg.ListType:
		return "array<" + glueType(t.ElementField().Type) + ">"
	case *iceberg.MapType:
		return "map<" + glueType(t.KeyField().Type) + "," + glueType(t.ValueField().Type) + ">"
	case *iceberg.StructType:
		var fields []string
		for _, f := range t.Fields() {
			fields = append(fields, f.Name+":"+glueType(f.Type))
		}
		return "struct<" + strings.Join(fields, ",") + ">"
	}
	return "string" // UUID and time among them
}
