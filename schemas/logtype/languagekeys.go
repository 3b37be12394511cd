package logtype

import "slices"

// Language lists every key of the language, by place.
func Language() []Key {
	return slices.Concat(schemaKeys(), fieldKeys(), valueKeys(), parserKeys(), textKeys(), transformationKeys(), sampleKeys())
}

func schemaKeys() []Key {
	in := []Place{InSchema}
	return []Key{
		{In: in, Name: "schema", Kind: KindText, Needed: true, Pattern: schemaName.String(), Example: "Shop.Order",
			Doc: "Its name: " + NameRule + ". Events carry it as `p_log_type`"},
		{In: in, Name: "description", Kind: KindText, Example: "One line for each order.", Doc: "For people"},
		{In: in, Name: "referenceURL", Kind: KindText, Example: `"https://shop.example/docs/log"`, Doc: "Where the vendor describes the format"},
		{In: in, Name: "parser", Kind: KindMapping, Into: InParser, Example: "{csv: {columns: [time, door]}}",
			Doc: "How a line of text becomes fields. Left out: a line is one JSON object"},
		{In: in, Name: "fields", Kind: KindList, Into: InField, Needed: true, Nonempty: true, Example: "[{name: id, type: string}]",
			Doc: "The fields of a line, in the order in which events have them"},
		{In: in, Name: "definitions", Kind: KindNamed, Into: InDefinition, Example: "{account: {type: object, fields: [{name: id, type: string}]}}",
			Doc: "Values that fields of type `ref` refer to by name"},
		{In: in, Name: "samples", Kind: KindList, Into: InSample, Example: "[{name: an order, line: '{}'}]", Doc: "Lines with what becomes of them"},
		{In: in, Name: "version", Kind: KindNumber, Choices: []string{"0"}, Example: "0", Doc: "The version of the language: 0. Schemas written for Panther have it"},
		{In: in, Name: "fieldDiscoveryEnabled", Kind: KindFlag, Choices: []string{"false"}, Example: "false",
			Doc: "Only `false`: fields that the schema does not name are never kept"},
	}
}

func fieldKeys() []Key {
	in := []Place{InField}
	return []Key{
		{In: in, Name: "name", Kind: KindText, Needed: true, Nonempty: true, Example: "user",
			Doc: "The member of the line, and of the event. Case counts. At the top of a schema it does not begin with `p_`"},
		{In: in, Name: "required", Kind: KindFlag, Example: "true",
			Doc: "A line without it, or with null there, is of another type. Within an object it counts where the object is there"},
		{In: in, Name: "rename", Kind: KindMapping, Into: InRename, Group: "made", Example: `{from: "@user"}`, Doc: "It has another name in the line"},
		{In: in, Name: "copy", Kind: KindMapping, Into: InCopy, Group: "made", Example: "{from: actor.name}", Doc: "It has the value of another. Only at the top of a schema, as `concat` and `split`"},
		{In: in, Name: "concat", Kind: KindMapping, Into: InConcat, Group: "made", Example: `{separator: ":", paths: [host, port]}`, Doc: "It is put together of others"},
		{In: in, Name: "split", Kind: KindMapping, Into: InSplit, Group: "made", Example: `{from: email, separator: "@", index: 1}`, Doc: "It is a part of another"},
	}
}

// valueKeys are the keys that say what a value looks like, wherever it stands.
func valueKeys() []Key {
	in := []Place{InField, InElement, InDefinition}
	timestamp := []Type{Timestamp}
	return []Key{
		{In: in, Name: "type", Kind: KindChoice, Choices: types, Needed: true, Example: "string", Doc: "What the value is: see the types below"},
		{In: in, Name: "description", Kind: KindText, Example: "who ordered", Doc: "For people. Columns of the lake carry it"},
		{In: in, Name: "fields", Kind: KindList, Into: InField, Types: []Type{Object}, Needed: true, Nonempty: true, Example: "[{name: id, type: string}]", Doc: "The members of the object"},
		{In: in, Name: "element", Kind: KindMapping, Into: InElement, Types: []Type{Array}, Needed: true, Example: "{type: string}", Doc: "What each value of the array is"},
		{In: in, Name: "target", Kind: KindText, Types: []Type{"ref"}, Needed: true, Nonempty: true, Example: "account", Doc: "The name of the definition"},
		{In: in, Name: "timeFormat", Kind: KindText, Types: timestamp, Needed: true, Group: "time", Nonempty: true, Example: "rfc3339", Doc: "How the time is written"},
		{In: in, Name: "timeFormats", Kind: KindTexts, Types: timestamp, Needed: true, Group: "time", Nonempty: true, Example: `[rfc3339, unix_ms]`, Doc: "The same, several of them: they are tried in order"},
		{In: in, Name: "isEventTime", Kind: KindFlag, Types: timestamp, Example: "true",
			Doc: "It is the time of the event, `p_event_time`. Of several the first that has a value; without any it is the time of arrival"},
		{In: in, Name: "isEmbeddedJSON", Kind: KindFlag, Types: []Type{JSON, Object, Array}, Example: "true", Doc: "A string that holds JSON is taken as well"},
		{In: in, Name: "indicators", Kind: KindTexts, Choices: texts(Indicators()), Types: []Type{String}, Example: "[ip]",
			Doc: "What the string means to an analyst: its values are collected in the columns `p_any_...`"},
		{In: in, Name: "validate", Kind: KindMapping, Into: InValidate, Types: []Type{String}, Nonempty: true, Example: "{allow: [GET, PUT]}", Doc: "What the string may be"},
		{In: in, Name: "mask", Kind: KindMapping, Into: InMask, Types: []Type{String}, Example: "{type: hash, salt: pepper}", Doc: "Events do not show the value. Not together with `indicators`"},
		{In: []Place{InValidate}, Name: "allow", Kind: KindTexts, Nonempty: true, Example: "[GET, PUT]", Doc: "It is one of these. Case counts"},
		{In: []Place{InValidate}, Name: "deny", Kind: KindTexts, Nonempty: true, Example: "[unknown]", Doc: "It is none of these"},
		{In: []Place{InValidate}, Name: "ip", Kind: KindChoice, Choices: texts(families()), Group: "address", Example: "any", Doc: "It is an IP address"},
		{In: []Place{InValidate}, Name: "cidr", Kind: KindChoice, Choices: texts(families()), Group: "address", Example: "ipv4", Doc: "It is a block of addresses, as 10.0.0.0/8"},
		{In: []Place{InMask}, Name: "type", Kind: KindChoice, Choices: []string{"redact", "hash"}, Needed: true, Example: "redact",
			Doc: "`redact` puts a fixed text in its place; `hash` the SHA-256 of salt and text, which is the same for the same text"},
		{In: []Place{InMask}, Name: "to", Kind: KindText, Group: "mask", Example: "hidden", Doc: "The text of `redact`; left out: " + Masked},
		{In: []Place{InMask}, Name: "salt", Kind: KindText, Group: "mask", Example: "pepper", Doc: "Of `hash`: stands before the text, so that nobody finds it by hashing guesses"},
	}
}

func parserKeys() []Key {
	in := []Place{InParser}
	return []Key{
		{In: in, Name: "csv", Kind: KindMapping, Into: InCSV, Needed: true, Group: "parser", Example: "{columns: [time, door]}", Doc: "Values between delimiters"},
		{In: in, Name: "fastmatch", Kind: KindMapping, Into: InFastMatch, Needed: true, Group: "parser", Example: `{match: ["%{time} %{door}"]}`, Doc: "Values between literals"},
		{In: in, Name: "regex", Kind: KindMapping, Into: InRegex, Needed: true, Group: "parser", Example: `{match: ["^%{NOTSPACE:time} %{INT:door}"]}`, Doc: "Values that a regular expression matches"},
		{In: in, Name: "script", Kind: KindMapping, Into: InScript, Needed: true, Group: "parser", Example: `{function: "def parse(log): return {'time': log}"}`, Doc: "An object that a program makes"},
		{In: []Place{InCSV}, Name: "columns", Kind: KindTexts, Nonempty: true, Example: "[time, door, _]",
			Doc: "The field of each column. Left out: the first line of the record or file names them, which `hasHeader` has to say"},
		{In: []Place{InCSV}, Name: "hasHeader", Kind: KindFlag, Example: "true", Doc: "A line that repeats the names of the columns is no event, and neither is the first line of a record or file of several lines if it does not match"},
		{In: []Place{InCSV}, Name: "delimiter", Kind: KindText, Pattern: `^[^"\r\n]$`, Example: `";"`, Doc: "One ASCII character. Left out: a comma"},
		{In: []Place{InFastMatch}, Name: "match", Kind: KindTexts, Needed: true, Nonempty: true, Example: `["%{time} till=%{till} %{message}", "%{time} %{message}"]`,
			Doc: "Patterns of `%{field}` with text between them, tried in order"},
		{In: []Place{InRegex}, Name: "match", Kind: KindTexts, Needed: true, Nonempty: true, Example: `["^%{IP:client} ", "(?P<door>\\d+)$"]`,
			Doc: "One regular expression, of RE2, in parts that are put together as they are. `%{PATTERN:field}` and `(?P<field>...)` are fields"},
		{In: []Place{InRegex}, Name: "patternDefinitions", Kind: KindNames, Example: `{DOOR: "door-[0-9]+"}`, Doc: "Patterns of your own, by name"},
		{In: []Place{InScript}, Name: "function", Kind: KindText, Needed: true, Nonempty: true, Example: `"def parse(log): return json.decode(log)"`,
			Doc: "Defines `parse(log)`, which gets the line as a text and returns a dict"},
	}
}

// textKeys are those of the parsers that cut a line into texts.
func textKeys() []Key {
	in := []Place{InCSV, InFastMatch, InRegex}
	return []Key{
		{In: in, Name: "skipPrefix", Kind: KindText, Example: `"#"`, Doc: "Lines that begin with it are comments: neither events nor failures"},
		{In: in, Name: "emptyValues", Kind: KindTexts, Nonempty: true, Example: `["-"]`, Doc: "Texts that stand for no value"},
		{In: in, Name: "trimSpace", Kind: KindFlag, Example: "true", Doc: "White space around a value does not belong to it"},
		{In: in, Name: "expandFields", Kind: KindNames, Example: `{time: "%{day} %{clock}"}`, Doc: "Fields that are put together of what the parser finds"},
	}
}

func transformationKeys() []Key {
	const path = "A field, or a member of the line that is none; names joined by dots lead into objects"
	return []Key{
		{In: []Place{InRename}, Name: "from", Kind: KindText, Needed: true, Nonempty: true, Example: `"@user"`, Doc: "The name that it has in the line"},
		{In: []Place{InCopy}, Name: "from", Kind: KindText, Needed: true, Nonempty: true, Example: "actor.name", Doc: path},
		{In: []Place{InConcat}, Name: "paths", Kind: KindTexts, Needed: true, Nonempty: true, Example: "[host, port]", Doc: "Two or more. " + path},
		{In: []Place{InConcat}, Name: "separator", Kind: KindText, Example: `":"`, Doc: "What stands between them. Left out: nothing"},
		{In: []Place{InSplit}, Name: "from", Kind: KindText, Needed: true, Nonempty: true, Example: "email", Doc: path},
		{In: []Place{InSplit}, Name: "separator", Kind: KindText, Needed: true, Nonempty: true, Example: `"@"`, Doc: "Where the text is cut"},
		{In: []Place{InSplit}, Name: "index", Kind: KindNumber, Needed: true, Example: "1", Doc: "Which part, from 0"},
	}
}

func sampleKeys() []Key {
	in := []Place{InSample}
	return []Key{
		{In: in, Name: "name", Kind: KindText, Needed: true, Example: "a door with a name", Doc: "What it shows"},
		{In: in, Name: "line", Kind: KindText, Needed: true, Example: `'{"door": "front"}'`, Doc: "The line; a line feed at its end is cut off"},
		{In: in, Name: "header", Kind: KindText, Nonempty: true, Example: `"door,opened"`, Doc: "Of `csv` with `hasHeader`: the first line of the file that it stands in. Left out: the line comes alone"},
		{In: in, Name: "event", Kind: KindMembers, Nonempty: true, Group: "outcome", Example: "{door: 12}", Doc: "Members that the event has; null is one that it does not have"},
		{In: in, Name: "fails", Kind: KindChoice, Choices: sampleCodes(), Group: "outcome", Example: "type_mismatch", Doc: "The code with which it fails. Left out: it is of this type"},
		{In: in, Name: "field", Kind: KindText, Example: "items[0].count", Doc: "Beside `fails`: the field where it does, if it is not the whole line"},
	}
}
