// Package envelope finds the lines in a record: what producers wrap around log lines is taken off here, and nowhere else.
//
// Its one idea: every byte of a record ends up in a line, in a broken part that will be a failure with the reason, around the
// lines as their envelope, or is a separator. Nothing is lost, and nothing is an error. A Stream says how a source's records
// hold their lines; Lines yields them in order, and their bytes are parts of the record, not copies, wherever that is possible.
//
// # What a record may be
//
//   - Lines: text. A line ends with a line feed, with or without a carriage return before it, or with the record. Empty lines
//     are separators.
//   - JSON: JSON objects with white space, or nothing, between them. An object may go over several lines of text. One that is
//     broken ends before the next line that begins with a brace, so that a torn line does not take its neighbours along.
//   - JsonArray: a JSON array of objects, each of which is a line; several arrays may follow each other. With an array field it
//     is an object with the array as a member, as the Records of CloudTrail; its other members, if they are kept, are the
//     envelope of each line.
//   - CloudWatchLogs: objects as a subscription of CloudWatch Logs sends them. The message of each log event is a line, with the
//     line end cut off; everything else is the envelope, the other members of the log event as its member logEvent. An object
//     of messageType CONTROL_MESSAGE holds no line: its log events are skipped.
//   - Auto: whichever of these the bytes look like. What begins with a brace is JSON objects, and one with messageType,
//     logGroup, logStream and a list logEvents is of CloudWatch Logs. What begins with a bracket and then a brace is an array,
//     if its first element is an object. Anything else, and what stands between objects, is lines of text.
//     Text whose lines begin with a brace, or a record that is to be taken as it is, needs a stream type that says so.
//
// A record that begins as gzip does is unpacked first, whatever the stream type: CloudWatch Logs sends it so.
//
// # What is broken
//
// A line carries a reason if it is none: an array that ends before its bracket, an element that is no object, an envelope
// without its list, a record that is not what the stream type says, a line that is too long. What is too long is cut into parts
// of classify.MaxLine bytes, so that each is a failure that a message can hold. A JSON object that is broken in itself is
// left to the checker, which says better where.
package envelope
