package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"panther/schemas/envelope"
	"panther/schemas/strict"
)

// What a log source may say.
const (
	DefaultAlarm = 24 * time.Hour
	// MinAlarm is six heartbeats of 10 s: below that, silence cannot be told from the time between two looks.
	MinAlarm = time.Minute

	FromEarliest = "earliest"
	FromLatest   = "latest"
)

// maxLabel is the longest label, in letters.
const maxLabel = 32

var (
	label     = regexp.MustCompile(`^[0-9a-zA-Z- ]+$`)
	topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)
)

// readSource takes a document of kind LogSource.
func (f *Files) readSource(root strict.Node, origin string) {
	s := LogSource{Origin: origin}
	var at place
	root.Mapping(func(m *strict.Mapping) {
		m.Required("kind")
		at.name = m.Required("name")
		s.Label = readLabel(at.name)
		logTypes := m.Optional("logTypes")
		if !m.Has("prefixes") { // of an S3 source: they have log types of their own
			logTypes = m.Required("logTypes")
		}
		at.logTypes = items(logTypes)
		at.topics = readInput(m)
		s.Topics = readList(at.topics, checkTopic)
		s.LogTypes = readList(at.logTypes, nil)
		readStream(m, &s)
		s.Alarm = readAlarm(m.Optional("alarm"))
		s.From = FromEarliest
		if from := m.Optional("from"); from.Present() {
			s.From = from.OneOf(FromEarliest, FromLatest)
		}
	})
	f.users = append(f.users, at)
	if s.Label != "" && f.add(KindSource, s.Label, at) {
		f.Sources = append(f.Sources, s)
	}
}

// readLabel reads the name of a source or destination; empty if it is none.
func readLabel(n strict.Node) string {
	text := n.Text()
	if n.IsText() {
		if err := CheckLabel(text); err != nil {
			n.Problem("name: "+err.Error(), "letters, digits, blanks and hyphens, 32 at most")
			return ""
		}
	}
	return text
}

// CheckLabel tells what is wrong with the label of a log source or destination.
func CheckLabel(text string) error {
	switch {
	case text == "":
		return fmt.Errorf("the name is empty")
	case len(text) > maxLabel:
		return fmt.Errorf("%q has %d letters", text, len(text))
	case !label.MatchString(text):
		return fmt.Errorf("%q has a letter that is not allowed", text)
	case strings.TrimSpace(text) != text:
		return fmt.Errorf("%q begins or ends with a blank", text)
	}
	return nil
}

// readInput returns the topics of a source, which are its input: exactly one of topics, s3, sqs and http, of which this
// version has topics only.
func readInput(m *strict.Mapping) []strict.Node {
	inputs := slices.DeleteFunc(m.Keys(), func(key string) bool {
		return !slices.Contains([]string{"topics", "s3", "sqs", "http"}, key)
	})
	if len(inputs) > 1 {
		m.Problem(fmt.Sprintf("a log source has one input, not %d: %s", len(inputs), strings.Join(inputs, ", ")),
			"make a log source of each")
	}
	for _, key := range inputs {
		if key != "topics" {
			m.Refuse(key, fmt.Sprintf("the input %s is not supported by this version", key), "let a producer write to a topic, and name it: topics: [NAME]")
			m.Drop("prefixes")
		}
	}
	if len(inputs) == 0 {
		return items(m.Required("topics"))
	}
	return items(m.Optional("topics"))
}

// items returns the items of a list that must not be empty.
func items(n strict.Node) []strict.Node {
	list := n.List()
	if n.IsList() && len(list) == 0 {
		n.Problem("the list is empty", "name at least one")
	}
	return list
}

// readList reads texts, each once. check, if there is one, tells what is wrong with one.
func readList(nodes []strict.Node, check func(string) error) []string {
	var texts []string
	for _, n := range nodes {
		text := n.Text()
		switch {
		case !n.IsText():
		case slices.Contains(texts, text):
			n.Problem(fmt.Sprintf("%q is in this list already", text), "leave it out")
		default:
			if check != nil {
				if err := check(text); err != nil {
					n.Problem(err.Error(), "")
				}
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func checkTopic(name string) error {
	switch {
	case !topicName.MatchString(name) || name == "." || name == "..":
		return fmt.Errorf("%q is no name of a topic: letters, digits, dots, hyphens and underscores, 249 at most", name)
	case strings.HasPrefix(name, "panther."):
		return fmt.Errorf("topic %q: names that begin with panther. are for topics of this program", name)
	case strings.HasPrefix(name, "__"):
		return fmt.Errorf("topic %q: names that begin with __ are for topics of Kafka", name)
	}
	return nil
}

// readStream reads how the records of a source hold lines.
func readStream(m *strict.Mapping, s *LogSource) {
	for was, now := range map[string]string{"logStreamType": "streamType", "logStreamTypeOptions": "streamTypeOptions"} {
		m.Refuse(was, fmt.Sprintf("unknown key %q", was), "it is "+now+" here")
	}
	streamType := m.Optional("streamType")
	s.StreamType = readStreamType(streamType)
	m.Optional("streamTypeOptions").Mapping(func(o *strict.Mapping) {
		o.Refuse("xmlRootElement", "xmlRootElement: XML is not supported by this version", "leave it out")
		field, retain := o.Optional("jsonArrayEnvelopeField"), o.Optional("retainEnvelopeFields")
		s.JSONArrayEnvelopeField, s.RetainEnvelopeFields = field.Text(), retain.Bool()
		switch {
		case field.IsText() && field.Text() == "":
			field.Problem("jsonArrayEnvelopeField is empty", "name the member that has the array, as Records")
		case field.Present() && s.StreamType != "" && envelope.Type(s.StreamType) != envelope.JSONArray:
			field.Problem("jsonArrayEnvelopeField has no meaning for the stream type "+s.StreamType, "it is for streamType: JsonArray")
		case retain.Present() && !field.Present() && s.StreamType != "":
			retain.Problem("retainEnvelopeFields without jsonArrayEnvelopeField", "it keeps what is beside the member that has the array; of CloudWatch Logs everything is kept")
		}
	})
}

func readStreamType(n strict.Node) string {
	if !n.Present() {
		return string(envelope.Auto)
	}
	var supported []string
	for _, t := range envelope.Types() {
		supported = append(supported, string(t))
	}
	if n.Text() == "XML" {
		n.Problem("streamType: XML is not supported by this version",
			"let the sender write JSON, or a line of text for each event; supported are "+strings.Join(supported, ", "))
		return ""
	}
	return n.OneOf(supported...)
}

// Stream says how the records of the source hold lines.
func (s LogSource) Stream() envelope.Stream {
	return envelope.Stream{Type: envelope.Type(s.StreamType), ArrayField: s.JSONArrayEnvelopeField, Retain: s.RetainEnvelopeFields}
}

func readAlarm(n strict.Node) time.Duration {
	if !n.Present() {
		return DefaultAlarm
	}
	if !n.IsText() {
		n.Problem("alarm: want off or a duration", alarmHint)
		return 0
	}
	alarm, err := ParseAlarm(n.Text())
	if err != nil {
		n.Problem("alarm: "+err.Error(), alarmHint)
	}
	return alarm
}

const alarmHint = "write off, or a number and a period: 15 minutes, 2 hours, 1 day, 15m"

// ParseAlarm reads the threshold of a drop-off alarm: off, which gives 0, or a duration of a minute or more.
func ParseAlarm(text string) (time.Duration, error) {
	if text == "off" {
		return 0, nil
	}
	alarm, err := strict.ParseDuration(text)
	if err != nil {
		return 0, err
	}
	if alarm < MinAlarm {
		return 0, fmt.Errorf("%s is too short: the shortest threshold is %s", strict.FormatDuration(alarm), strict.FormatDuration(MinAlarm))
	}
	return alarm, nil
}

// FormatAlarm writes a threshold as people do: off, or 15 minutes.
func FormatAlarm(alarm time.Duration) string {
	if alarm == 0 {
		return "off"
	}
	return strict.FormatDuration(alarm)
}
