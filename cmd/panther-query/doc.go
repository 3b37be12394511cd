// Command panther-query answers one SQL statement over the tables of a lake. `panther query` starts it and speaks with it over
// its standard input and output, as package wire says; nobody else should.
//
// It is a program of its own, in a module of its own, because of what is in it: DuckDB, 72 MB of C++. So nothing else pays
// for building it; and a statement that makes DuckDB crash, hang or eat memory takes down a process that had nothing but that
// statement.
//
// A statement passes four fences, each of which would do alone for most of what was tried against them (attacks_test.go):
//
//   - the gate (gate.go): parsed, never run; exactly one SELECT; tables of the lake and a short list of functions that make
//     tables, nothing else;
//   - the sandbox (sandbox.go): DuckDB may open the files of the tables that the statement names, and no others, and no network;
//   - the process (confine_linux.go): the kernel refuses it to write, to connect, to start programs; its memory is bounded;
//   - the deadline: the statement is interrupted, and panther kills the process a moment later.
//
// Build it with cgo and the tag duckdb_arrow: `make build`.
package main
