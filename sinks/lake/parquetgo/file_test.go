package parquetgo

import (
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/xitongsys/parquet-go/parquet"
	"github.com/xitongsys/parquet-go/reader"
	"github.com/xitongsys/parquet-go/source"
)

// disk is a file as the library wants to open it.
type disk struct {
	*os.File
	name string
}

func (d disk) Open(name string) (source.ParquetFile, error) {
	if name == "" {
		name = d.name // once for each column
	}
	f, err := os.Open(name)
	return disk{f, name}, err
}

func (d disk) Create(string) (source.ParquetFile, error) { return nil, os.ErrPermission }

// A node is a part of a file's schema.
type node struct {
	*parquet.SchemaElement
	member   string // of the struct that the library makes of a row
	children []*node
}

// A file is one that is being read. Its columns are known by their ids: names may have changed since it was written.
type file struct {
	*testing.T
	name   string
	fields map[int32]iceberg.NestedField // of the table, as they are now
}

// rows returns the rows, by the names that columns have now; what is null is left out.
func (f file) rows() (rows []map[string]any) {
	f.Helper()
	opened, err := disk{name: f.name}.Open(f.name)
	f.must(err)
	defer opened.Close()
	r, err := reader.NewParquetReader(opened, nil, 1)
	f.must(err)
	defer r.ReadStop()
	i := 0
	var tree func() *node
	tree = func() *node {
		n := &node{SchemaElement: r.Footer.Schema[i], member: r.SchemaHandler.Infos[i].InName}
		i++
		for range n.GetNumChildren() {
			n.children = append(n.children, tree())
		}
		return n
	}
	root := tree()
	read, err := r.ReadByNumber(int(r.GetNumRows()))
	f.must(err)
	for _, row := range read {
		rows = append(rows, f.group(root, reflect.ValueOf(row)))
	}
	return rows
}

func (f file) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("%s: %v", f.name, err)
	}
}

// group makes a row, or a struct in one.
func (f file) group(n *node, v reflect.Value) map[string]any {
	out := map[string]any{}
	for _, c := range n.children {
		field, ok := f.fields[c.GetFieldID()]
		if !ok {
			f.Fatalf("%s: column %s has id %d, which the table does not know", f.name, c.member, c.GetFieldID())
		}
		if value := f.value(c, v.FieldByName(c.member), field.Type); value != nil {
			out[field.Name] = value
		}
	}
	return out
}

func (f file) value(n *node, v reflect.Value, t iceberg.Type) any {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch t := t.(type) {
	case *iceberg.StructType:
		return f.group(n, v)
	case *iceberg.ListType:
		if v.Kind() != reflect.Slice || n.GetConvertedType() != parquet.ConvertedType_LIST {
			f.Fatalf("%s: column %s is %s, want a list", f.name, n.member, v.Type())
		}
		if v.IsNil() {
			return nil
		}
		list, element := []any{}, n.children[0].children[0]
		for i := range v.Len() {
			list = append(list, f.value(element, v.Index(i), t.Element))
		}
		return list
	}
	if got := kindOf(n); got != t.Type() && !(got == "int" && t.Type() == "long") { // int was widened since
		f.Fatalf("%s: column %s is %s, want %s", f.name, n.member, got, t)
	}
	return v.Interface()
}

// kindOf names the type of a column as Iceberg does.
func kindOf(n *node) string {
	logical := n.GetLogicalType()
	switch physical := n.GetType(); {
	case physical == parquet.Type_BOOLEAN:
		return "boolean"
	case physical == parquet.Type_INT32:
		return "int"
	case physical == parquet.Type_INT64 && logical != nil && logical.TIMESTAMP != nil && logical.TIMESTAMP.IsAdjustedToUTC && logical.TIMESTAMP.Unit.MICROS != nil:
		return "timestamptz"
	case physical == parquet.Type_INT64 && (logical == nil || logical.TIMESTAMP == nil):
		return "long"
	case physical == parquet.Type_DOUBLE:
		return "double"
	case physical == parquet.Type_BYTE_ARRAY && logical != nil && logical.STRING != nil:
		return "string"
	case physical == parquet.Type_BYTE_ARRAY:
		return "binary"
	}
	return fmt.Sprint(n.GetType())
}
