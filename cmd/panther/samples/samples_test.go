package samples

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// lines returns n lines of one seed.
func lines(write func(*rand.Rand, time.Time) []byte, n int) [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	var out [][]byte
	for i := range n {
		out = append(out, write(rng, at.Add(time.Duration(i)*time.Second)))
	}
	return out
}

func TestSameSeedSameLog(t *testing.T) {
	for _, s := range Sources() {
		a, b := lines(s.Line, 200), lines(s.Line, 200)
		seen := map[string]bool{}
		for i := range a {
			if !bytes.Equal(a[i], b[i]) {
				t.Fatalf("%s: line %d differs:\n%s\n%s", s.Name, i, a[i], b[i])
			}
			if bytes.ContainsAny(a[i], "\n\r") || seen[string(a[i])] {
				t.Fatalf("%s: line %d holds a line break, or came before: %s", s.Name, i, a[i])
			}
			seen[string(a[i])] = true
		}
	}
}

func TestJSON(t *testing.T) {
	for _, s := range Sources() {
		if s.Changed == nil {
			continue
		}
		plain, changed, size := lines(s.Line, 500), lines(s.Changed, 500), 0
		for i := range plain {
			size += len(plain[i])
			before, after := field(t, plain[i], s.Change), field(t, changed[i], s.Change)
			if _, ok := before.(string); !ok {
				t.Fatalf("%s: %s is %v", s.Name, s.Change, before)
			}
			if _, ok := after.(map[string]any); !ok {
				t.Fatalf("%s changed: %s is %v", s.Name, s.Change, after)
			}
		}
		if mean := size / len(plain); mean < 1000 || mean > 2500 {
			t.Errorf("%s: a line has %d bytes in the mean; want 1,000 to 2,500", s.Name, mean)
		}
	}
}

// field returns the value at a path of names in a JSON object.
func field(t *testing.T, line []byte, path string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(line, &v); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	for name := range strings.SplitSeq(path, ".") {
		v = v.(map[string]any)[name]
	}
	return v
}

func TestCloudTrailNamesAndTimes(t *testing.T) {
	names := map[string]bool{}
	for i, l := range lines(cloudTrail, 500) {
		names[field(t, l, "eventName").(string)] = true
		if got, want := field(t, l, "eventTime"), at.Add(time.Duration(i)*time.Second).Format(time.RFC3339); got != want {
			t.Fatalf("line %d is of %v, want %s", i, got, want)
		}
	}
	if len(names) < 6 {
		t.Errorf("%d names of events: %v", len(names), names)
	}
}

func TestVPCFlow(t *testing.T) {
	states := map[string]int{}
	for _, l := range lines(vpcFlow, 1000) {
		columns := strings.Split(string(l), " ")
		if len(columns) != 14 {
			t.Fatalf("%d columns in %s", len(columns), l)
		}
		states[columns[13]]++
		start, err1 := strconv.ParseInt(columns[10], 10, 64)
		end, err2 := strconv.ParseInt(columns[11], 10, 64)
		if err1 != nil || err2 != nil || start >= end {
			t.Fatalf("from %s to %s in %s", columns[10], columns[11], l)
		}
		if columns[13] == "OK" {
			for _, c := range columns[3:5] {
				if _, err := netip.ParseAddr(c); err != nil {
					t.Fatalf("%v in %s", err, l)
				}
			}
		}
	}
	if states["OK"] < 900 || states["NODATA"] == 0 {
		t.Errorf("states: %v", states)
	}
}

func TestNginx(t *testing.T) {
	combined := regexp.MustCompile(`^[0-9.]+ - \S+ \[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2} \+0000\] "[A-Z]+ /\S* HTTP/[0-9.]+" \d{3} \d+ "[^"]*" "[^"]+"$`)
	for _, l := range lines(nginx, 1000) {
		if !combined.Match(l) {
			t.Fatalf("not in the format combined: %s", l)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	for _, s := range Sources() {
		b.Run(s.Name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			for b.Loop() {
				b.SetBytes(int64(len(s.Line(rng, at))))
			}
		})
	}
}
