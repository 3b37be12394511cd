package reference_test

import "testing"

// What fields become that are renamed, made of others, masked or bound to rules.
func TestTransformations(t *testing.T) {
	const line = `{"id":7,"user":{"name":"maria","pin":"1234","tags":["a"]},"date":"2026-03-01","time":"08:15:30","mail":"maria@example.com","no":null,"Old":"x"}`
	for _, tt := range []struct{ name, fields, line, want string }{ // want: the event, or the first reason in words
		{"rename", `{name: new, type: string, rename: {from: Old}}`, line, `{"new":"x"}`},
		{"rename keeps the place of the member", "{name: new, type: string, rename: {from: Old}}\n- {name: id, type: int}", line, `{"id":7,"new":"x"}`},
		{"rename: the reason has the new name", `{name: new, type: int, rename: {from: Old}}`, line, `My.Type: field new: expected int, got string "x"`},
		{"rename: a member of the new name is nothing", `{name: id, type: string, rename: {from: Old}}`, line, `{"id":"x"}`},
		{"rename within an object", `{name: user, type: object, fields: [{name: login, type: string, rename: {from: name}}]}`, line, `{"user":{"login":"maria"}}`},
		{"copy", `{name: who, type: string, copy: {from: user.name}}`, line, `{"who":"maria"}`},
		{"copy of a renamed field", "{name: new, type: string, rename: {from: Old}}\n- {name: c, type: string, copy: {from: new}}", line, `{"new":"x","c":"x"}`},
		{"copy of an object", `{name: c, type: object, copy: {from: user}, fields: [{name: pin, type: int}]}`, line, `{"c":{"pin":1234}}`},
		{"copy stands behind", "{name: c, type: string, copy: {from: id}}\n- {name: mail, type: string}\n- {name: id, type: int}", line, `{"id":7,"mail":"maria@example.com","c":"7"}`},
		{"copy of nothing", `{name: c, type: string, copy: {from: user.none}}`, line, `{}`},
		{"copy of null", `{name: c, type: string, copy: {from: no}}`, line, `{}`},
		{"copy of nothing that is required", `{name: c, type: string, required: true, copy: {from: user.none}}`, line, `My.Type: required field c is missing`},
		{"copy of null that is required", `{name: c, type: string, required: true, copy: {from: no}}`, line, `My.Type: required field c is null`},
		{"copy that does not convert", `{name: c, type: int, copy: {from: user.name}}`, line, `My.Type: field c: expected int, got string "maria"`},
		{"concat", `{name: at, type: timestamp, timeFormat: "%Y-%m-%dT%H:%M:%S", isEventTime: true, concat: {separator: "T", paths: [date, time]}}`, line, `{"at":"2026-03-01T08:15:30Z"}`},
		{"concat without separator", `{name: c, type: string, concat: {paths: [id, user.name]}}`, line, `{"c":"7maria"}`},
		{"concat of a copy", "{name: who, type: string, copy: {from: user.name}}\n- {name: c, type: string, concat: {separator: \"/\", paths: [id, who]}}", line, `{"who":"maria","c":"7/maria"}`},
		{"concat lacks one", `{name: c, type: string, concat: {separator: "/", paths: [id, none]}}`, line, `{}`},
		{"concat of a list", `{name: c, type: string, concat: {separator: "/", paths: [id, user.tags]}}`, line, `My.Type: field c: expected a text at user.tags, got array`},
		{"split", `{name: host, type: string, indicators: [domain], split: {from: mail, separator: "@", index: 1}}`, line, `{"host":"example.com"}`},
		{"split of a concat", "{name: c, type: string, concat: {separator: \"/\", paths: [id, mail]}}\n- {name: s, type: string, split: {from: c, separator: \"/\", index: 1}}", line, `{"c":"7/maria@example.com","s":"maria@example.com"}`},
		{"split in place", `{name: mail, type: string, split: {from: mail, separator: "@", index: 0}}`, line, `{"mail":"maria"}`},
		{"split has no such part", `{name: s, type: string, split: {from: mail, separator: "@", index: 2}}`, line, `{}`},
		{"redact", `{name: user, type: object, fields: [{name: pin, type: string, mask: {type: redact, to: "***"}}]}`, line, `{"user":{"pin":"***"}}`},
		{"redact without a text", `{name: mail, type: string, mask: {type: redact}}`, line, `{"mail":"REDACTED"}`},
		{"hash", `{name: mail, type: string, mask: {type: hash, salt: s}}`, line, `{"mail":"90c804c5c96b0289d816362af6ddd0a15b439baa01c979fb4df5379f055b1dbf"}`},
		{"validate", `{name: mail, type: string, validate: {allow: ["a", "b"]}}`, line, `My.Type: not allowed: field mail: expected one of "a", "b", got string "maria@example.com"`},
		{"validate a masked field", `{name: mail, type: string, mask: {type: redact}, validate: {ip: any}}`, line, `My.Type: not allowed: field mail: expected an IP address, got string (masked)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := outcome(t, check(tt.line, schemaOf(t, "schema: My.Type\nfields:\n- "+tt.fields+"\n")))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
