// Package parquetgo reads the lake's files with a library that shares no code with the one that writes them, and that is old:
// github.com/xitongsys/parquet-go, unmaintained since 2021. What it can read, and read right, most readers can. It is a module
// of its own, so that nobody else downloads that library; all of it is a test.
package parquetgo
