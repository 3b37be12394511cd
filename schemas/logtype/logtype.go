// Package logtype is the language of log-type schemas: what a log line of a type looks like.
package logtype

// A Schema is a log type: see Parse.
type Schema struct {
	Name    string
	Version int64 // of the catalogue entry that it was parsed from; 0: built in
}
