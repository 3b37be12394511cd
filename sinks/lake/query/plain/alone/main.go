// Command alone asks DuckDB, with nothing but its defaults, one statement over files: both come as JSON on its input. It is the
// measure for what `panther query` adds, and has nothing else in it.
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	rows, err := ask()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(rows, "rows")
}

func ask() (n int, err error) {
	var order struct {
		Files []string
		SQL   string // with TABLE in place of the files
	}
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return 0, err
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	rows, err := db.Query(strings.Replace(order.SQL, "TABLE", "read_parquet(['"+strings.Join(order.Files, "','")+"'])", 1))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}
