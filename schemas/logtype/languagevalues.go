package logtype

// A TypeDoc says what a type of values takes. The documentation has them as a table.
type TypeDoc struct {
	Type  string
	Takes string
}

// TypeDocs lists the types, in the order of messages.
func TypeDocs() []TypeDoc {
	return []TypeDoc{
		{"string", "text; numbers and booleans as the text that stands in the line"},
		{"int", "whole numbers of 32 bits, also as text"},
		{"smallint", "whole numbers of 16 bits, also as text"},
		{"bigint", "whole numbers of 64 bits, also as text"},
		{"float", "numbers of 64 bits, also as text; never NaN or infinity"},
		{"boolean", "true and false; 1 t T TRUE true True 0 f F FALSE false False as text; 1 and 0"},
		{"timestamp", "a time in one of its formats, of the years 0 to 9999"},
		{"array", "a list, each value of which is what `element` says"},
		{"object", "an object; members that are not in `fields` are left out"},
		{"json", "any JSON, kept as it is"},
		{"ref", "what the definition `target` takes"},
	}
}

// A Conversion is a value in a line, a type, and what becomes of the value in the event. Checkers are held to them by a test.
type Conversion struct {
	Value string   // as JSON
	Types []string // as schemas have them
	Event string   // as JSON; "absent" if the event does not have the field, "fails" if the line is of another type
	Doc   string   // why, or what else is to be known
}

// Conversions lists what is worth knowing before one is surprised.
func Conversions() []Conversion {
	numbers := []string{"int", "bigint", "float"}
	return []Conversion{
		{`5`, []string{"string"}, `"5"`, ""},
		{`true`, []string{"string"}, `"true"`, ""},
		{`{"a":1}`, []string{"string"}, "fails", "a field of any content is of type `json`"},
		{`"12"`, numbers, `12`, ""},
		{`"abc"`, numbers, "fails", ""},
		{`1.5`, []string{"int", "bigint"}, "fails", ""},
		{`1.0`, []string{"int", "bigint"}, "fails", "a number with a point or an exponent is a `float`"},
		{`1e3`, []string{"int", "bigint"}, "fails", ""},
		{`40000`, []string{"smallint"}, "fails", "out of range"},
		{`"1e999"`, []string{"float"}, "fails", "neither NaN nor infinity is a number"},
		{`"true"`, []string{"boolean"}, `true`, ""},
		{`1`, []string{"boolean"}, `true`, ""},
		{`"yes"`, []string{"boolean"}, "fails", ""},
		{`""`, append(numbers, "boolean", "timestamp"), "absent", "as if it were not there"},
		{`""`, []string{"string"}, `""`, "a value like others; so `required` is content with it"},
		{`null`, []string{"string", "int", "object", "array"}, "absent", "a `required` field fails"},
		{`1577836800`, []string{"timestamp rfc3339"}, "fails", "only the formats `unix...` take numbers"},
		{`1577836800`, []string{"timestamp unix"}, `"2020-01-01T00:00:00Z"`, "also as text, and with a fraction"},
		{`"2020-01-01T01:00:00.5+01:00"`, []string{"timestamp rfc3339"}, `"2020-01-01T00:00:00.5Z"`, "events have times in UTC"},
		{`"x"`, []string{"array", "object"}, "fails", ""},
		{`[1,null]`, []string{"array of int"}, `[1,null]`, "null keeps its place in a list"},
		{`{"b": 1.50}`, []string{"json"}, `{"b":1.50}`, "its numbers stand as in the line"},
	}
}

// A Directive is a letter behind a percent sign in a time format, and what it reads.
type Directive struct {
	Letter byte
	Doc    string
}

// Directives lists the directives that time formats know.
func Directives() []Directive {
	return []Directive{
		{'Y', "the year, four digits"}, {'y', "the year, two digits: 69 to 99 are of the twentieth century"},
		{'m', "the month, 1 or 01 to 12"}, {'b', "the month, three letters"}, {'h', "as %b"}, {'B', "the month, its name in English"},
		{'d', "the day of the month, 1 or 01 to 31"}, {'e', "as %d, or with a blank before it"}, {'j', "the day of the year"},
		{'H', "the hour, 0 to 23"}, {'k', "as %H, or with a blank before it"}, {'I', "the hour, 1 to 12"}, {'l', "as %I, or with a blank before it"},
		{'p', "AM or PM"}, {'M', "the minute"}, {'S', "the second"},
		{'f', "a fraction of a second, any number of digits"}, {'L', "as %f"}, {'N', "as %f"},
		{'a', "the day of the week, three letters; not compared with the date"}, {'A', "the same, its name in English"},
		{'u', "the same, one digit"}, {'w', "as %u"},
		{'z', "the zone: Z, +01, +0100 or +01:00"}, {'Z', "the zone: UTC, GMT or Z"}, {'s', "seconds since 1970"},
		{'F', "as %Y-%m-%d"}, {'T', "as %H:%M:%S"}, {'D', "as %m/%d/%y"}, {'R', "as %H:%M"},
		{'r', "as %I:%M:%S %p"}, {'c', "as %a %b %e %H:%M:%S %Y"}, {'x', "as %D"}, {'X', "as %T"}, {'v', "as %e-%b-%Y"},
		{'%', "a percent sign"}, {'t', "a tab"}, {'n', "a line feed"},
	}
}

// An IndicatorDoc says which columns a string with an indicator goes to, and what of it.
type IndicatorDoc struct {
	Indicator Indicator
	Sets      []string // of IndicatorSets
	Doc       string
	Example   string // a text that goes there
}

// IndicatorDocs lists the indicators with what they collect. A text that is none of its kind, as "-", goes nowhere.
func IndicatorDocs() []IndicatorDoc {
	hosts := []string{"p_any_ip_addresses", "p_any_domain_names"}
	return []IndicatorDoc{
		{IP, hosts[:1], "an IP address", "198.51.100.7"},
		{Domain, hosts, "a name; an address goes to the addresses", "www.example.com"},
		{Hostname, hosts, "as `domain`", "www.example.com"},
		{URL, hosts, "the host in it", "https://www.example.com:8443/x"},
		{NetAddr, hosts, "the host before the port", "198.51.100.7:443"},
		{MD5, []string{"p_any_md5_hashes"}, "32 hexadecimal digits", "0123456789abcdef0123456789abcdef"},
		{SHA1, []string{"p_any_sha1_hashes"}, "40 hexadecimal digits", "0123456789abcdef0123456789abcdef01234567"},
		{SHA256, []string{"p_any_sha256_hashes"}, "64 hexadecimal digits", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
		{AWSARN, []string{"p_any_aws_arns", "p_any_aws_account_ids", "p_any_aws_instance_ids"}, "an ARN, with the account and the instance that it names",
			"arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc"},
		{AWSAccountID, []string{"p_any_aws_account_ids"}, "12 digits", "123456789012"},
		{AWSInstanceID, []string{"p_any_aws_instance_ids"}, "an instance of EC2", "i-0123456789abcdef0"},
		{AWSTag, []string{"p_any_aws_tags"}, "anything", "team:blue"},
		{TraceID, []string{"p_any_trace_ids"}, "anything", "9f8a"},
		{Username, []string{"p_any_usernames"}, "anything", "maria"},
		{Email, []string{"p_any_emails"}, "an address of mail", "maria@example.com"},
		{ActorID, []string{"p_any_actor_ids"}, "anything", "u-1"},
	}
}
