package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
)

// A packing is how several lines are one record.
type packing int

const (
	oneLine    packing = iota // a line is a record
	jsonArray                 // a JSON array, packed by gzip if it is long
	cloudWatch                // the envelope of CloudWatch Logs, packed by gzip
)

// An envelope is what a subscription of CloudWatch Logs sends.
type envelope struct {
	MessageType string   `json:"messageType"`
	Owner       string   `json:"owner"`
	LogGroup    string   `json:"logGroup"`
	LogStream   string   `json:"logStream"`
	Filters     []string `json:"subscriptionFilters"`
	Events      []event  `json:"logEvents"`
}

type event struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"`
	Message   string `json:"message"`
}

// wrap makes a record of lines.
func (p packing) wrap(lines [][]byte) []byte {
	switch p {
	case jsonArray:
		b := append(append([]byte{'['}, bytes.Join(lines, []byte(","))...), ']')
		if len(lines) < longRecord {
			return b
		}
		return zip(b)
	case cloudWatch:
		e := envelope{MessageType: "DATA_MESSAGE", Owner: "1", LogGroup: "audit", LogStream: "lines", Filters: []string{"all"}}
		for i, l := range lines {
			e.Events = append(e.Events, event{ID: fmt.Sprint(i), Timestamp: 1, Message: string(l)})
		}
		b, _ := json.Marshal(e) // strings and numbers
		return zip(b)
	}
	return lines[0]
}

func zip(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b) // a buffer takes everything
	w.Close()
	return out.Bytes()
}

// unwrap finds the lines of a record again. It is not the pipeline's own way, which is what is on trial.
func unwrap(record []byte) (lines [][]byte, err error) {
	if bytes.HasPrefix(record, []byte{0x1f, 0x8b}) {
		r, err := gzip.NewReader(bytes.NewReader(record))
		if err != nil {
			return nil, err
		}
		if record, err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	if bytes.HasPrefix(record, []byte{'['}) {
		var all []json.RawMessage
		err := json.Unmarshal(record, &all)
		for _, l := range all {
			lines = append(lines, l)
		}
		return lines, err
	}
	var e envelope
	if err := json.Unmarshal(record, &e); err != nil {
		return nil, err
	}
	if e.MessageType == "" {
		return [][]byte{record}, nil
	}
	for _, x := range e.Events {
		lines = append(lines, []byte(x.Message))
	}
	return lines, nil
}
