// Package query answers SQL over the tables of a lake. It imports no DuckDB: it plans, and lets the program panther-query do the
// work, one process a statement (package wire says how they speak; panther-query says what a statement may do).
//
// Its one idea: whoever runs a statement of a stranger has nothing but that statement. This package opens the catalog, finds the
// files that the statement needs by the times that it asks about, fetches them if they are not on this machine, and hands over
// their paths. The process has no credentials, no network, no other files; at the deadline it is killed.
//
// Engine.Run is the way in; Find finds panther-query.
package query
