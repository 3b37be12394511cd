package strict_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"panther/schemas/strict"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A gardener's order: one of every kind of value.
func readOrder(doc strict.Document) string {
	var out strings.Builder
	doc.Root.Mapping(func(m *strict.Mapping) {
		fmt.Fprintf(&out, "name %q\n", m.Required("name").Text())
		fmt.Fprintf(&out, "plants %q\n", m.Optional("plants").Texts())
		fmt.Fprintf(&out, "season %q\n", m.Optional("season").OneOf("spring", "summer", "autumn"))
		fmt.Fprintf(&out, "count %d, weight %g, gift %t\n", m.Optional("count").Int(), m.Optional("weight").Float(), m.Optional("gift").Bool())
		fmt.Fprintf(&out, "within %s\n", m.Optional("within").Duration())
		m.Optional("address").Mapping(func(a *strict.Mapping) {
			fmt.Fprintf(&out, "street %q, postcode %q\n", a.Required("street").Text(), a.Optional("postcode").Text())
		})
		for _, p := range m.Optional("labels").Pairs() {
			fmt.Fprintf(&out, "label %s = %q\n", p.Key, p.Value.Text())
		}
		if n := m.Optional("anything"); n.Present() {
			fmt.Fprintf(&out, "anything %v\n", n.Value())
		}
		if n := m.Optional("anyhow"); n.Present() {
			fmt.Fprintf(&out, "anyhow %q\n", n.Scalar())
		}
		m.Refuse("drone", "delivery by drone is not supported", "use address")
	})
	return out.String()
}

// Each golden file holds YAML files, and last what was read of them and what was wrong.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var in []txtar.File
			var want, got string
			var problems strict.Problems
			for _, f := range archive.Files {
				if f.Name == "result" {
					want = string(f.Data)
					continue
				}
				in = append(in, f)
				for _, doc := range strict.Read(f.Name, f.Data, &problems) {
					got += fmt.Sprintf("%s line %d:\n%s", doc.File, doc.Line, readOrder(doc))
				}
			}
			got += "problems:\n"
			if err := problems.Err(); err != nil {
				got += err.Error() + "\n"
			}
			if *update {
				archive.Files = append(in, txtar.File{Name: "result", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("result (-want +got), -update rewrites it:\n%s", diff)
			}
		})
	}
}

// Bytes that a text archive cannot show.
func TestBytes(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"not UTF-8", "name: a\nplants: [\xff]\n", `f.yml:2:10: the byte 0xff is not UTF-8; save the file as UTF-8`},
		{"control character", "name: \x01\n", `f.yml:1:7: the control character 0x01; in a text in double quotes, write it as \x01`},
		{"tab", "name: a\naddress:\n\tstreet: b\n", `f.yml:3: this is not YAML: found character that cannot start any token; indent with spaces, and put a text that begins with a special character in quotes`},
		{"lone carriage return", "name: a\rplants: [b]\n", `f.yml:1:8: a carriage return without a line feed; save the file with line ends as on Unix`},
		{"line separator", "name: a\u2028b\n", `f.yml:1:8: the invisible line break U+2028; in a text in double quotes, write it as \u2028`},
		{"byte order mark", "\ufeffname: a\n", ""},
		{"empty", "", ""},
		{"carriage returns", "---\r\nname: a\r\n---\r\nname: b\r\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var problems strict.Problems
			for _, doc := range strict.Read("f.yml", []byte(test.data), &problems) {
				readOrder(doc)
			}
			got := ""
			if err := problems.Err(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDocumentText(t *testing.T) {
	data := "# first\nname: a\n---\nname: b # kept\n\n--- {name: c}\n"
	var problems strict.Problems
	var got []string
	for _, doc := range strict.Read("f.yml", []byte(data), &problems) {
		got = append(got, fmt.Sprintf("%d %q", doc.Line, doc.Text))
	}
	want := []string{`1 "# first\nname: a\n"`, `4 "name: b # kept\n\n"`, `6 "    {name: c}\n"`}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("%s\n%v", diff, problems)
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "1h30m": 90 * time.Minute, "15 minutes": 15 * time.Minute, "1 day": 24 * time.Hour,
		"1 hour": time.Hour, "2 days": 48 * time.Hour, "2d": 48 * time.Hour, "100ms": 100 * time.Millisecond, "0s": 0,
	} {
		if got, err := strict.ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "15", "-5m", "-1 day", "1 week", "999999999999 days", "99999999999999999999 days", "minutes"} {
		if got, err := strict.ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		24 * time.Hour: "1 day", 48 * time.Hour: "2 days", 15 * time.Minute: "15 minutes", 90 * time.Minute: "90 minutes",
		time.Second: "1 second", 0: "0s", 1500 * time.Millisecond: "1.5s",
	} {
		got := strict.FormatDuration(d)
		if got != want {
			t.Errorf("FormatDuration(%v) = %q, want %q", d, got, want)
		}
		if back, err := strict.ParseDuration(got); err != nil || back != d {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", got, back, err, d)
		}
	}
}

func TestNearest(t *testing.T) {
	known := []string{"topics", "logTypes", "alarm", "s3"}
	for word, want := range map[string]string{
		"toppics": "topics", "topcis": "topics", "logtypes": "logTypes", "LogType": "logTypes", "alram": "alarm",
		"topics": "topics", "from": "", "sqs": "", "": "",
	} {
		if got := strict.Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	few := []string{"latest", "earliest"}
	many := []string{"AWS.VPCDns", "AWS.VPCFlow", "AWS.ALB", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"}
	for _, tt := range []struct {
		word  string
		known []string
		want  string
	}{
		{"lattest", few, `did you mean "latest"?`},
		{"now", few, "known are latest, earliest"},
		{"aws.vpc", many, `did you mean "AWS.VPCDns" or "AWS.VPCFlow"?`},
		{"Az", many, ""},
	} {
		if got := strict.DidYouMean(tt.word, tt.known); got != tt.want {
			t.Errorf("DidYouMean(%q, %v) = %q, want %q", tt.word, tt.known, got, tt.want)
		}
	}
}

func TestProblemsAreAnError(t *testing.T) {
	var none strict.Problems
	if err := none.Err(); err != nil {
		t.Errorf("no problems: %v", err)
	}
	var some strict.Problems
	some.Add(strict.Problem{File: "b.yml", Line: 2, Column: 1, Text: "second"})
	some.Add(strict.Problem{File: "a.yml", Line: 10, Column: 3, Text: "first", Hint: "mend it"})
	some.Add(strict.Problem{File: "b.yml", Line: 2, Column: 1, Text: "second"})
	err := fmt.Errorf("read: %w", some.Err())
	if diff := cmp.Diff("read: a.yml:10:3: first; mend it\nb.yml:2:1: second", err.Error()); diff != "" {
		t.Error(diff)
	}
	var problems strict.Problems
	if !errors.As(err, &problems) || len(problems) != 2 {
		t.Errorf("errors.As gives %v", problems)
	}
}

// Whatever the bytes, reading ends, and what is not read is reported.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, in := range archive.Files {
			f.Add(in.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var problems strict.Problems
		lines := strings.Count(string(data), "\n") + 1
		for _, doc := range strict.Read("f.yml", data, &problems) {
			readOrder(doc)
			doc.Root.Value()
		}
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Text == "" {
				t.Errorf("problem %+v in a file of %d lines", p, lines)
			}
		}
	})
}
