package query_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"panther/sinks/lake/bucket"
	"panther/sinks/lake/query"
)

// onS3 is an engine over a lake in a bucket, and a count of the data files that were fetched since it was asked last.
func onS3(t *testing.T) (*query.Engine, func() int) {
	store := gofakes3.New(s3mem.New()).Server()
	var mu sync.Mutex
	fetched := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, ".parquet") {
			mu.Lock()
			fetched[r.URL.Path] = true
			mu.Unlock()
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c := aws.Config{Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}
	client := s3.NewFromConfig(c, func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = &server.URL, true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("lake")}); err != nil {
		t.Fatal(err)
	}
	b, err := bucket.Open("s3://lake/here", c, bucket.Options{Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	e := engine(t, b)
	return e, func() int {
		mu.Lock()
		defer mu.Unlock()
		n := len(fetched)
		fetched = map[string]bool{}
		return n
	}
}

// A lake on S3 is read through copies of its files: of those that the statement needs, once.
func TestLakeOnS3(t *testing.T) {
	e, fetched := onS3(t)
	fetched()
	const hour = "select count(*) from classification_failures where p_occurs_between('2026-11-01 10:00', '2026-11-01 10:59:59')"
	for _, step := range []struct {
		sql, want string
		files     int
	}{
		{hour, "5", 1},
		{hour, "5", 0},
		{"select count(*) from classification_failures", "40", 6}, // six hours in seven files, one of which is here
		{"select count(*) from a_one", "6", 6},
		{"select count(*) from classification_failures", "40", 0},
	} {
		rows, _, err := ask(t, e, query.Statement{SQL: step.sql})
		if diff := cmp.Diff([]string{step.want}, rows); err != nil || diff != "" {
			t.Fatalf("%s: %v %s", step.sql, err, diff)
		}
		if n := fetched(); n != step.files {
			t.Errorf("%s: %d files fetched, want %d", step.sql, n, step.files)
		}
	}
	copies, _ := filepath.Glob(e.Cache.Dir + "/*")
	if len(copies) != 13 {
		t.Errorf("the cache holds %d files", len(copies))
	}

	for i, name := range copies { // as a crash of the machine may leave them
		if err := os.Truncate(name, int64(i%2*100)); err != nil {
			t.Fatal(err)
		}
	}
	fetched()
	if rows, _, err := ask(t, e, query.Statement{SQL: "select count(distinct p_row_id) from classification_failures"}); err != nil || rows[0] != "40" || fetched() != 7 {
		t.Errorf("after a crash: %v, %v", rows, err)
	}

	e.Cache.Bytes = 30_000 // room for a few: what is used stays until another statement needs the room
	for range 2 {
		if rows, _, err := ask(t, e, query.Statement{SQL: hour}); err != nil || rows[0] != "5" {
			t.Fatal(rows, err)
		}
	}
	e.Cache.Dir, e.Cache.Bytes = t.TempDir(), 1000
	if _, _, err := ask(t, e, query.Statement{SQL: hour}); err == nil || !strings.Contains(err.Error(), "p_occurs_since") {
		t.Errorf("more than may be fetched: %v", err)
	}
}
