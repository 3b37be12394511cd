package compact

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
	"panther/sinks/lake/operator"
)

// Objects of a bucket go into a lake in a bucket, each line once, though the first run was told of a part of them only.
func TestBuckets(t *testing.T) {
	b := newBench(t)
	backend := s3mem.New()
	b.must(backend.CreateBucket("trail"))
	b.must(backend.CreateBucket("lake"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": ""} {
		t.Setenv(name, value)
	}
	for name, data := range map[string][]byte{"logs/2026/03/01/a.json.gz": packed(t, b.doors(0, 20)), "logs/2026/03/02/b.json": []byte(b.doors(1, 10)), "other/c.json": []byte(b.doors(2, 5))} {
		_, err := backend.PutObject("trail", name, nil, bytes.NewReader(data), int64(len(data)), nil)
		b.must(err)
	}
	run := func(args ...string) (r Result) {
		t.Helper()
		var out, talk bytes.Buffer
		args = append([]string{"-log-type", "Custom.Door", "-schemas", b.schema, "-s3path", "s3://trail/logs", "-warehouse", "s3://lake/panther",
			"-endpoint", server.URL, "-region", "eu-west-1", "-temp", t.TempDir(), "-o", "json"}, args...)
		if code := Main(t.Context(), operator.Call{Name: "compact", Args: args, Out: &out, Talk: &talk, Env: func(string) string { return "" }}); code != 0 {
			t.Fatalf("exit %d: %s", code, talk.String())
		}
		b.must(json.Unmarshal(out.Bytes(), &r))
		return r
	}
	if r := run("-prefix", "2026/03/01"); r.Files != 1 || r.Added != 20 {
		t.Errorf("a part: %+v", r)
	}
	if r := run(); r.Files != 2 || r.Added != 10 || r.Known != 20 {
		t.Errorf("all: %+v", r)
	}
	options := bucket.Options{Endpoint: server.URL, Region: "eu-west-1"}
	config, err := options.Config(t.Context())
	b.must(err)
	store, err := bucket.Open("s3://lake/panther", config, options)
	b.must(err)
	b.catalog = lake.NewCatalog(store)
	b.expect(30, 2)
}
