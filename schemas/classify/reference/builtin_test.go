package reference_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"panther/schemas/classify"
	"panther/schemas/logtype"
)

// Pairs of log types that cannot always be told apart, with a line that truly is of both. More than a few of them, and
// types would be lax.
var ambiguousPairs = []struct{ a, b, line string }{
	// FDREvent takes all events of the sensors, whatever their kind; DNSRequest is one of the kinds.
	{"Crowdstrike.DNSRequest", "Crowdstrike.FDREvent", `{"event_simpleName":"DnsRequest","name":"DnsRequestV4","id":"1","cid":"2","aid":"3","timestamp":"1772352990000","DomainName":"example.org"}`},
	// A request that failed is written to both logs, and the line of the one has all that the other asks for.
	{"GitLab.API", "GitLab.Exceptions", `{"time":"2026-03-01T08:17:30.5Z","severity":"ERROR","duration_s":1,"status":500,"method":"POST","path":"/api/v4/groups","host":"gitlab.example.com","route":"/api/:version/groups","exception.class":"NoMethodError","exception.message":"undefined method"}`},
	// So do integrations with what they could not do.
	{"GitLab.Exceptions", "GitLab.Integrations", `{"severity":"ERROR","time":"2026-03-01T08:20:30Z","integration_class":"Integrations::Jira","message":"Error sending message","exception.class":"E","exception.message":"refused"}`},
	// The log of a group holds the entries of its organisations, in the same form.
	{"Snyk.GroupAudit", "Snyk.OrgAudit", `{"groupId":"a06","orgId":"a07","userId":"a08","event":"org.user.invite","created":"2026-03-01T08:15:30.123Z"}`},
	// nginx took over the format of Apache, name and all.
	{"Apache.AccessCombined", "Nginx.Access", `198.51.100.7 - - [01/Mar/2026:08:15:30 +0000] "GET / HTTP/1.1" 200 5316 "-" "curl/8.9.1"`},
}

// Log types whose lines need not say when they were written, and why.
var timeless = map[string]string{
	"Syslog.RFC3164": "a time without a year is none: the year would be a guess",
	"Syslog.RFC5424": "the sender may write a dash for the time",
}

func isAmbiguous(a, b string) bool {
	for _, p := range ambiguousPairs {
		if p.a == a && p.b == b || p.a == b && p.b == a {
			return true
		}
	}
	return false
}

// Every sample of every log type that is built in: alone with its schema, and with all of them to choose from.
func TestSamplesOfBuiltins(t *testing.T) {
	for _, s := range logtype.Builtins() {
		good, bad := 0, 0
		for _, sample := range s.Samples {
			t.Run(s.Name+"/"+sample.Name, func(t *testing.T) { testSample(t, s, sample) })
			if sample.Fails == "" {
				good++
			} else {
				bad++
			}
		}
		if good < 3 || bad < 1 {
			t.Errorf("%s has %d samples of its type and %d that fail; want three and one", s.Name, good, bad)
		}
	}
}

func testSample(t *testing.T, s *logtype.Schema, sample logtype.Sample) {
	v := checkSample(sample, s)
	all := checkSample(sample, logtype.Builtins()...)
	if sample.Fails == "" {
		switch {
		case v.Schema == nil:
			t.Fatal(classify.Summary(v.Candidates[0]))
		case v.EventTime.IsZero() && timeless[s.Name] == "":
			t.Error("no event time")
		case all.Schema != s && !isAmbiguous(s.Name, all.Schema.Name):
			t.Errorf("with all types to choose from it is of type %s", all.Schema.Name)
		}
		own(t, v)
		for _, d := range sample.Differences(v.Event) {
			t.Error(d)
		}
		return
	}
	if v.Schema != nil {
		t.Fatalf("it matches: %s", v.Event)
	}
	if r := v.Candidates[0].Reasons[0]; r.Code != sample.Fails || r.Field != sample.Field {
		t.Errorf("got %s at %q (%s), want %s at %q", r.Code, r.Field, classify.Summary(v.Candidates[0]), sample.Fails, sample.Field)
	}
	if all.Schema != nil {
		t.Errorf("with all types to choose from it is of type %s", all.Schema.Name)
	}
}

// A line of New Year's Eve that is read on New Year's Day is not of a year from now: without a year a time stays the text that it
// is, and the event has the time at which it was read.
func TestTimeWithoutYear(t *testing.T) {
	syslog, _ := logtype.Builtin("Syslog.RFC3164")
	read := time.Date(2027, 1, 1, 0, 0, 3, 0, time.UTC)
	v := engine(t, syslog).Check(classify.Line{Bytes: []byte("<34>Dec 31 23:59:59 web-1 su: failed"), ParseTime: read})
	if v.Schema == nil || !v.EventTime.IsZero() {
		t.Fatalf("%v at %v", v.Candidates, v.EventTime)
	}
	for _, part := range []string{`"localTime":"Dec 31 23:59:59"`, `"p_event_time":"2027-01-01T00:00:03Z"`} {
		if !strings.Contains(string(v.Event), part) {
			t.Errorf("%s is not in %s", part, v.Event)
		}
	}
}

func engine(t *testing.T, candidates ...*logtype.Schema) classify.Checker {
	c, err := classify.New(candidates)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each type alone refuses the samples of every other: what is tried alone has nothing better to lose against.
func TestBuiltinsRefuseEachOther(t *testing.T) {
	for _, own := range logtype.Builtins() {
		for _, sample := range own.Samples {
			for _, other := range logtype.Builtins() {
				if other == own || sample.Fails == "" && isAmbiguous(own.Name, other.Name) {
					continue
				}
				if v := checkSample(sample, other); v.Schema != nil || v.Skipped {
					t.Errorf("%s takes the sample %q of %s", other.Name, sample.Name, own.Name)
				}
			}
		}
	}
}

// What is listed as ambiguous is, and both types are told.
func TestAmbiguousPairs(t *testing.T) {
	if len(ambiguousPairs) > 5 {
		t.Errorf("%d pairs of types cannot be told apart; want five at most", len(ambiguousPairs))
	}
	for _, p := range ambiguousPairs {
		v := check(p.line, logtype.Builtins()...)
		if v.Schema == nil {
			t.Errorf("%s and %s: the line is of no type: %s", p.a, p.b, classify.Summary(v.Candidates[0]))
			continue
		}
		got := append([]string{v.Schema.Name}, v.Ambiguous...)
		if slices.Sort(got); !slices.Equal(got, []string{p.a, p.b}) {
			t.Errorf("the line is of the types %v, want %s and %s", got, p.a, p.b)
		}
	}
}
