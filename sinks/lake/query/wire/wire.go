// Package wire is what the program panther and panther-query, which has DuckDB inside, say to each other over the
// standard input and output of the latter. It imports the standard library only, so that it has little beside DuckDB.
//
// One idea: panther-query knows nothing. It gets a statement, says which tables and which times of them the statement needs, gets
// exactly the files of those, and answers with rows. It opens no catalog, holds no credentials and needs no network.
//
//	panther -> Ask       the statement, and its limits
//	        <- Need      the tables that it reads; or Problem
//	panther -> Tables    their columns and files
//	        <- Rows ...  pieces of one Arrow IPC stream
//	        <- Done      or Problem
package wire

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// A Kind says what a frame holds.
type Kind byte

// The kinds of frames. All but Rows hold JSON.
const (
	Ask     Kind = 'A' // Statement
	Need    Kind = 'N' // Needs
	Tables  Kind = 'T' // []Table
	Rows    Kind = 'R' // bytes of an Arrow IPC stream
	Done    Kind = 'D' // Summary
	Problem Kind = 'P' // Mistake
)

// A Statement is what is asked, and how much it may cost.
type Statement struct {
	SQL     string `json:"sql"`
	Explain bool   `json:"explain,omitempty"` // how it would be done, in place of its rows
	Limits  Limits `json:"limits"`
	Known   []Name `json:"known"` // the tables of the lake
}

// Limits bound one statement.
type Limits struct {
	Rows    int64 `json:"rows"`    // of the answer; 0: no limit
	Bytes   int64 `json:"bytes"`   // of the answer; 0: no limit
	Memory  int64 `json:"memory"`  // bytes that it may use while it works
	Threads int   `json:"threads"` // 0: one a core
	Millis  int64 `json:"millis"`  // until it is ended, from its start
}

// A Name is a table of the lake, as panther_logs and okta_systemlog.
type Name struct {
	Space string `json:"space"`
	Table string `json:"table"`
}

// Needs are the tables that a statement reads.
type Needs struct {
	Tables []NeededTable `json:"tables"`
}

// A NeededTable is a table, and the times outside which none of its rows can matter to the answer.
type NeededTable struct {
	Name
	Bounds []Bound `json:"bounds,omitempty"`
}

// A Bound says that only rows matter whose time in a column is at least, or at most, a moment.
type Bound struct {
	Column string `json:"column"`
	Least  bool   `json:"least"` // else: most
	Micros int64  `json:"micros"`
}

// A Table is a table that a statement may read: what it looks like, and its files.
type Table struct {
	Name
	Columns []Column `json:"columns"`
	Files   []string `json:"files"` // paths on this machine
	ByID    bool     `json:"byID"`  // members of structs have had other names, so that they must be found by their ids
}

// A Column is a column, or the member of a struct, or, without a name, the element of a list.
type Column struct {
	ID     int      `json:"id"`
	Name   string   `json:"name,omitempty"`
	Type   string   `json:"type"`             // as DuckDB writes it; of a struct STRUCT, of a list LIST, of a map MAP
	Inside []Column `json:"inside,omitempty"` // members of a struct; the element of a list; key and value of a map
}

// A Summary ends the rows.
type Summary struct {
	Rows int64  `json:"rows"`
	Cut  string `json:"cut,omitempty"` // the limit, in words, that ended them before their end
}

// A Mistake is why there is no answer, or no more of it.
type Mistake struct {
	Reason   Reason `json:"reason"`
	Text     string `json:"text"`
	Position int    `json:"position"` // the byte of the statement where it is; -1: nowhere in particular
	Hint     string `json:"hint,omitempty"`
}

// A Reason is the sort of a mistake.
type Reason string

// The reasons.
const (
	BadStatement Reason = "statement" // it is not SQL, or names what there is not
	Refused      Reason = "refused"   // it is SQL, and not allowed here
	TooLarge     Reason = "too large" // it needs more memory than it may have
	TooLong      Reason = "too long"  // it was ended at its deadline
	Broken       Reason = "broken"    // anything else
)

// maxFrame bounds a frame: a table may have hundreds of thousands of files.
const maxFrame = 256 << 20

// Write writes a frame. v is []byte for Rows, else anything that JSON can say.
func Write(w io.Writer, kind Kind, v any) error {
	body, ok := v.([]byte)
	if !ok {
		var err error
		if body, err = json.Marshal(v); err != nil {
			return err
		}
	}
	head := make([]byte, 5, 5+len(body))
	head[0] = byte(kind)
	binary.BigEndian.PutUint32(head[1:], uint32(len(body)))
	_, err := w.Write(append(head, body...))
	return err
}

// Read reads a frame; io.EOF between frames is the end.
func Read(r io.Reader) (Kind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes: at most %d", n, maxFrame)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return 0, nil, fmt.Errorf("a frame ends early: %w", err)
	}
	return Kind(head[0]), body, nil
}
