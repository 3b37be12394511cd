//go:build !cgo || noduckdb || !duckdb_arrow

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "panther-query was built without DuckDB: install a C compiler and run `make build`, or build it with CGO_ENABLED=1 go build -tags duckdb_arrow, without the tag noduckdb")
	os.Exit(1)
}
