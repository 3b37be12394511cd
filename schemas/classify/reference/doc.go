// Package reference is the checker that defines what is right: encoding/json, one schema after the other, a tree for each
// line. It is slow and it is meant to be read. A faster checker has to give the same verdicts and, byte for byte, the same
// events. Start with New and trial.go.
//
// # Lines
//
// A line of a JSON schema is one JSON object as RFC 8259 has it, with white space around it; strings may hold bytes that are
// no UTF-8. Behind it nothing may follow. Objects and arrays are nested at most classify.MaxDepth deep; of a line that is too
// deep and, further on, no JSON, the first trouble counts. A line of text is taken without a line feed, and a carriage return
// before it, at its end.
//
// # Text
//
//   - Lines that begin with skipPrefix, and with hasHeader those that repeat the names of the columns whatever their case, dashes,
//     underscores and spaces, are skipped, unless another schema matches. With hasHeader the first line of a file, which is one that
//     equals Line.Header, is skipped too if it is no event: it may name the columns in its own words.
//   - A csv value that begins with a double quote ends with one, behind which only a delimiter or the end may follow; a doubled
//     quote within is one quote. Any other value goes up to the delimiter, quotes and all. The number of columns has to be right.
//   - Without columns the names are those of the cells of Line.Header, without a byte order mark before them, white space at their
//     ends, and the end of the line; a cell without a name is one that nobody wants. Names that are no field are unknown members,
//     and one that is there twice is a duplicate. A line equal to the header is skipped; one without a header fails.
//   - A value of fastmatch goes up to the first place where the literal behind it stands; the last one up to the literal at the
//     end of the line. A value between two quotes of a kind, the last byte of the literal before and the first of the one behind,
//     does not end at a quote with an odd number of backslashes before it; of these the backslash is taken off quotes of that kind
//     and backslashes. The first pattern that fits counts, whether or not its values convert.
//   - The parts of a regex are put together as they are. It may match anywhere in the line, and the leftmost match counts, as
//     package regexp finds it. A group that takes no part in the match has no value; one that matches nothing has the value "".
//     Values stand in the order of the groups.
//   - trimSpace takes spaces and tabs off both ends of a value, for csv outside of its quotes. Then a value that is one of
//     emptyValues is absent.
//   - A script is given the line without its end. The dict that it returns is a line of JSON; each span is the whole line.
//
// # Names, and fields that are made of others
//
//   - A field with rename is the member of that name; a member of the field's own name is unknown. Reasons have the name of
//     the field.
//   - Fields of expandFields, copy, concat and split are no members of the line, and a member of their name is unknown. Their
//     value is made, and then read by their type as if it stood in the line. They are not known fields.
//   - A path leads through objects, by the names that members have in the line. Of a name on the way that is there twice the
//     last one counts, whatever it is, and the event is flagged. Where there is no such member, or something else than an object on the
//     way, the field is absent.
//   - copy takes the value as it is. concat, split and expandFields take texts: of a number or a boolean, the text that stands in
//     the line; an object or an array is a type mismatch of the field, reported for the first path of which that is so, unless one
//     before it is absent. If one of the texts is absent or null, so is the field.
//   - split cuts at each separator; if there are too few parts, the field is absent. A part may be "".
//   - What a schema makes is at most classify.MaxMade bytes: of a copy as it stands in the line, in a line of text without quotes, of texts as
//     they are put together, and, of these and of others, the part that is taken. The field that would go beyond it is line_too_long, and is not counted.
//   - The span of a reason is that of the value that is copied or split, or from the first to the last byte of those that are put
//     together; nothing in particular if there is none. A made text is shown in quotes.
//   - A text that is made of one that had bytes that are no UTF-8 has U+FFFD for them, and the event is flagged.
//
// # Rules and masks
//
//   - validate looks at the text of a string, of a number or boolean its bytes, before it is masked. What it does not take is
//     not_allowed.
//   - mask replaces the text in the event: by another one, or by the hexadecimal SHA-256 of salt and text. Indicators are not
//     allowed there. A reason about a masked value says its kind and not the value. The exact line of a failure still has it, and so
//     may a reason that shows a piece of a line that cannot be parsed at all.
//
// # What converts
//
//   - null is absent, everywhere but in an array, where it keeps its place, and within json. An absent value is not in the
//     event; a required one fails.
//   - "" is absent for numbers, booleans and timestamps, and so is a string of white space where embedded JSON is wanted.
//     For string and json it is a value.
//   - string takes a string, a number or boolean as the text that stands in the line.
//   - int, smallint, bigint take a number of digits with an optional sign, in the line or in a string: no point, no exponent.
//     In a string also a plus and zeros before. float takes numbers and strings of them as well, with a finite float64.
//   - boolean takes true, false, and 1 t T TRUE true True 0 f F FALSE false False in a string or, of these, a number.
//   - timestamp takes a string in one of its formats or, for unix formats, a number. A result outside of the years 0 to 9999
//     is out of range. What is finer than nanoseconds is cut off.
//   - json takes anything. With isEmbeddedJSON, json, object and array take a string that holds JSON as well as the JSON.
//   - Names are compared with their case, after their escapes are decoded. Of a name that is there twice the last one
//     counts, null or not; all are checked.
//   - A field that is not declared is not in the event, and not looked at beyond being JSON.
//
// # Events
//
//   - Members stand in the order of the line, a name that is there twice where its last occurrence stands; of a line of text, in
//     the order of the columns. Fields that are made of others stand behind, in the order of the schema. Then come the p_ fields:
//     p_log_type p_row_id p_event_time p_parse_time p_source_id p_source_label p_schema_version p_source_file p_header p_flags,
//     then the sets in the order of logtype.IndicatorSets. p_source_file, p_header, p_flags and sets are left out if they are empty. p_header is Line.Envelope, byte for byte. There is
//     no white space.
//   - Strings, names too, are decoded and written anew. Escaped are only the quote, the backslash, \n \r \t, and the other
//     control characters below a space as \u00xx in lower case. A byte that is no UTF-8, and half a surrogate pair, becomes
//     U+FFFD, and the event has a flag: so within json, and anywhere in a string that embeds JSON.
//   - Integers are written in decimal without zeros before; -0 is 0. A float is the shortest decimal that reads back as the
//     same float64, as encoding/json writes it: with an exponent below 1e-6 and from 1e21. Numbers within json stand as in the
//     line.
//   - Times are RFC 3339 in UTC with a Z, and as many digits of a fraction as are needed, up to nine.
//   - Objects within json keep all their members in the order of the line, duplicates too.
//   - Sets of indicators and p_flags are sorted by their bytes, each value once.
//   - The event time is that of the first field in the order of the schema, depth first, that is marked and has a value.
//
// # Choice and reasons
//
// A schema matches if it has no reason against it. Its known fields are the members of objects, at any depth, that are
// present and convert; those within arrays do not count. Most known fields win, then the order of the source; that also makes
// the nearest schema. Reasons stand in the order of the schema's fields, so that the first one does not depend on the order in
// which a producer writes, and then in the order of the line. A span is the value that is wrong, quotes included; of a missing
// member the object around it, unless that is the line; within embedded JSON the string that embeds it.
package reference
