package schemas_test

import (
	"encoding/json"
	"testing"

	"panther/pipeline/stream"
	"panther/schemas"
)

// A position is written and read by hand as package json would do it, whatever is in it.
func TestPositionIsJSON(t *testing.T) {
	id := stream.ID{0xab, 1, 2}
	for _, p := range []schemas.Position{
		{},
		{Topic: "panther.raw-logs_9", TopicID: id, Partition: 63, Offset: 1 << 40, Line: 12},
		{Topic: "a", Offset: -1}, {Topic: "a", Partition: -1}, {Topic: `a"b`}, {Topic: "é"}, {Topic: "\xff"}, {Topic: "a<b"},
		{Topic: "a", Offset: 1<<63 - 1, Line: 1<<63 - 1, Partition: 1<<31 - 1},
		{Topic: "a", Bucket: "b", Object: "c/d", Version: "e"}, {Topic: "a", Object: `"`},
	} {
		want, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.AppendJSON(nil); string(got) != string(want) {
			t.Errorf("%+v is written as %s, want %s", p, got, want)
		}
		var again schemas.Position
		if err := json.Unmarshal(want, &again); err != nil {
			t.Fatal(err)
		}
		if got, err := schemas.ReadPosition(want); err != nil || got != again {
			t.Errorf("%s is read as %+v, %v", want, got, err)
		}
	}
}

func FuzzReadPosition(f *testing.F) {
	f.Add([]byte(`{"topic":"a","topicId":"ab010200000000000000000000000000","partition":1,"offset":2,"line":3}`))
	f.Add([]byte(`{"topic":"a","topicId":"ab0102000000000000000000000000000000","partition":01,"offset":2,"line":3}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var want schemas.Position
		wantErr := json.Unmarshal(b, &want)
		got, err := schemas.ReadPosition(b)
		if (err == nil) != (wantErr == nil) || err == nil && got != want {
			t.Errorf("%q: got %+v, %v; want %+v, %v", b, got, err, want, wantErr)
		}
	})
}
