// Package plain asks DuckDB itself what `panther query` asks it, over the same files, and compares: what do the catalog, the
// sandbox and the conversation with a process of its own cost? It is a module of its own, so that nobody else links DuckDB;
// all of it is a benchmark.
package plain
