package stream

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at is a moment of the tests: seconds after a day began.
func at(seconds int64) time.Time {
	return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second)
}

func secs(n int64) time.Duration { return time.Duration(n) * time.Second }

func gap(from, to int64) Gap { return Gap{at(from), at(to)} }

func TestAddGap(t *testing.T) {
	tests := []struct {
		name string
		have []Gap
		add  Gap
		want []Gap
	}{
		{"first", nil, gap(1, 2), []Gap{gap(1, 2)}},
		{"before", []Gap{gap(5, 6)}, gap(1, 2), []Gap{gap(1, 2), gap(5, 6)}},
		{"between", []Gap{gap(1, 2), gap(8, 9)}, gap(5, 6), []Gap{gap(1, 2), gap(5, 6), gap(8, 9)}},
		{"behind", []Gap{gap(1, 2)}, gap(5, 6), []Gap{gap(1, 2), gap(5, 6)}},
		{"touches", []Gap{gap(1, 2)}, gap(2, 3), []Gap{gap(1, 3)}},
		{"inside", []Gap{gap(1, 9)}, gap(2, 3), []Gap{gap(1, 9)}},
		{"joins three", []Gap{gap(1, 2), gap(4, 5), gap(7, 8), gap(20, 21)}, gap(2, 7), []Gap{gap(1, 8), gap(20, 21)}},
		{"from the beginning of time", []Gap{gap(1, 2), gap(5, 6)}, Gap{To: at(3)}, []Gap{{To: at(3)}, gap(5, 6)}},
		{"backward is none", []Gap{gap(1, 2)}, gap(9, 8), []Gap{gap(1, 2)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := append([]Gap(nil), test.have...)
			if diff := cmp.Diff(test.want, addGap(test.have, test.add)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, test.have); diff != "" {
				t.Errorf("what it was given has changed: %s", diff)
			}
		})
	}
}

// Beyond the bound the two closest gaps become one: the time between them is what is lost.
func TestGapsAreBounded(t *testing.T) {
	var gaps []Gap
	for i := range int64(maxGaps) {
		gaps = addGap(gaps, gap(100*i, 100*i+10))
	}
	gaps = addGap(gaps, gap(515, 520)) // 5 seconds behind another one
	if len(gaps) != maxGaps {
		t.Fatalf("%d gaps, want %d", len(gaps), maxGaps)
	}
	if got, want := gaps[5], gap(500, 520); got != want {
		t.Errorf("joined %v, want %v", got, want)
	}
	if got, want := listened(gaps, at(0), at(1000)), secs(1000-9*10-20); got != want {
		t.Errorf("listened %v of 1000s, want %v", got, want)
	}
}

func TestListenedAndReaches(t *testing.T) {
	gaps := []Gap{{To: at(10)}, gap(20, 30), gap(50, 60)}
	tests := []struct {
		name         string
		since, until int64
		want         int64
	}{
		{"nothing in between", 30, 45, 15},
		{"all of a gap", 15, 35, 10},
		{"a part of a gap", 25, 35, 5},
		{"within a gap", 21, 29, 0},
		{"before anybody listened", 0, 15, 5},
		{"two gaps", 10, 70, 40},
		{"no time", 40, 40, 0},
		{"backward", 45, 35, 0},
	}
	for _, test := range tests {
		if got := listened(gaps, at(test.since), at(test.until)); got != secs(test.want) {
			t.Errorf("%s: listened %v, want %ds", test.name, got, test.want)
		}
	}
	if got := listened(gaps, time.Time{}, at(35)); got != secs(15) {
		t.Errorf("since ever: listened %v, want 15s", got)
	}
}

// What reaches finds is the first moment at which listened says so.
func TestReachesIsTheInverseOfListened(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		var gaps []Gap
		for range draw.IntN(5) {
			from := draw.Int64N(60)
			g := gap(from, from+draw.Int64N(15))
			if draw.IntN(8) == 0 {
				g.From = time.Time{}
			}
			gaps = addGap(gaps, g)
		}
		since, d := at(draw.Int64N(60)), secs(1+draw.Int64N(40))
		got := reaches(gaps, since, d)
		if listened(gaps, since, got) < d || listened(gaps, since, got.Add(-time.Nanosecond)) >= d {
			t.Fatalf("gaps %v, since %v: %v listened at %v, want %v for the first time", gaps, since, listened(gaps, since, got), got, d)
		}
	}
}
