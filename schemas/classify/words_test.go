package classify_test

import (
	"testing"

	"panther/schemas"
	"panther/schemas/classify"
)

func TestSummary(t *testing.T) {
	reason := func(code schemas.Code, field, expected, got string) schemas.Reason {
		return schemas.Reason{Code: code, Field: field, Expected: expected, Got: got}
	}
	for _, tt := range []struct {
		reasons []schemas.Reason
		want    string
	}{
		{[]schemas.Reason{reason(schemas.TypeMismatch, "eventVersion", "string", "object")}, "AWS.CloudTrail: field eventVersion: expected string, got object"},
		{[]schemas.Reason{reason(schemas.TypeMismatch, "a", "int", "array"), reason(schemas.TypeMismatch, "b", "int", "array")},
			"AWS.CloudTrail: field a: expected int, got array (and 1 more reason)"},
		{[]schemas.Reason{reason(schemas.RequiredMissing, "eventTime", "timestamp", ""), {}, {}}, "AWS.CloudTrail: required field eventTime is missing (and 2 more reasons)"},
		{[]schemas.Reason{reason(schemas.RequiredMissing, "eventTime", "timestamp", "null")}, "AWS.CloudTrail: required field eventTime is null"},
		{[]schemas.Reason{reason(schemas.OutOfRange, "port", "int from 0 to 9", "number 10")}, "AWS.CloudTrail: out of range: field port: expected int from 0 to 9, got number 10"},
		{[]schemas.Reason{reason(schemas.NotJSON, "", "a JSON object", "hello")}, "AWS.CloudTrail: not JSON: expected a JSON object, got hello"},
		{nil, "no schema is configured for this source; give it log types"},
	} {
		if got := classify.Summary(schemas.Candidate{Schema: "AWS.CloudTrail", Reasons: tt.reasons}); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	failing := func(schema string, version int64, code schemas.Code, field, got string) schemas.Candidate {
		return schemas.Candidate{Schema: schema, Version: version, Reasons: []schemas.Reason{{Code: code, Field: field, Got: got}}}
	}
	first := failing("My.Type", 1, schemas.TypeMismatch, "target[0].id", "object")
	base := classify.Fingerprint("s1", first)
	if len(base) != 16 {
		t.Errorf("%q", base)
	}
	if same := classify.Fingerprint("s1", failing("My.Type", 2, schemas.TypeMismatch, "target[17].id", "array")); same != base {
		t.Error("what was got, the version of the schema and the place in an array make another fingerprint")
	}
	for name, other := range map[string]string{
		"source": classify.Fingerprint("s2", first),
		"schema": classify.Fingerprint("s1", failing("My.Other", 1, schemas.TypeMismatch, "target[0].id", "object")),
		"code":   classify.Fingerprint("s1", failing("My.Type", 1, schemas.OutOfRange, "target[0].id", "object")),
		"field":  classify.Fingerprint("s1", failing("My.Type", 1, schemas.TypeMismatch, "target[0].name", "object")),
		"none":   classify.Fingerprint("s1", schemas.Candidate{}),
	} {
		if other == base {
			t.Errorf("another %s makes no other fingerprint", name)
		}
	}
}

func TestAdvice(t *testing.T) {
	const want = "the line is a wrapper: its records are in member Records; give the source streamType: JsonArray, and streamTypeOptions: {jsonArrayEnvelopeField: Records}"
	for line, want := range map[string]string{
		`{"Records":[{"eventVersion":"1.08"}]}`:          want,
		" {\t\"Records\" : [ {\"eventVersion\":\"1.08\"": want,
		`{"eventVersion":"1.08","Records":[{"a":1}]}`:    "",
		`{"Records":["a"]}`:                              "",
		`{"Records":[]}`:                                 "",
		`plain`:                                          "",
		``:                                               "",
	} {
		if got := classify.Advice([]byte(line)); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}
