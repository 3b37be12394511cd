package bucket

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// A server is a store in memory that speaks S3, and in which things go wrong.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	fault func(step, method string) fault // asked for every request; nil: all goes well
}

// A fault is what goes wrong with a request. The zero fault is none.
type fault struct {
	name   string
	status int    // of the answer; 0: no answer, the connection breaks
	code   string // in the answer
	apply  bool   // the request takes effect all the same
	ignore bool   // conditions are ignored; all else goes well
	late   bool   // the answer comes when nobody waits for it any more
	header http.Header
	text   string
}

var (
	slowDown  = fault{name: "refused", status: 503, code: "SlowDown", text: "Please reduce your request rate."}
	broken    = fault{name: "connection broken"}
	lost500   = fault{name: "applied but answered 500", status: 500, code: "InternalError", apply: true}
	lostReply = fault{name: "applied but not answered", apply: true}
	late      = fault{name: "applied but answered late", apply: true, late: true}
	denied    = fault{name: "denied", status: 403, code: "AccessDenied", text: "Access Denied"}
)

func startServer(t *testing.T) *server {
	s := &server{}
	store := gofakes3.New(s3mem.New()).Server()
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		var f fault
		if s.fault != nil {
			f = s.fault(stepOf(r), r.Method)
		}
		s.mu.Unlock()
		if f.name == "" {
			store.ServeHTTP(w, r)
			return
		}
		s.fail(f, store, w, r)
	}))
	t.Cleanup(s.Close)
	_, err := s.client(t).CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("lake")})
	must(t, err)
	return s
}

func (s *server) fail(f fault, store http.Handler, w http.ResponseWriter, r *http.Request) {
	if f.ignore {
		r.Header.Del("If-None-Match")
		store.ServeHTTP(w, r)
		return
	}
	if f.apply {
		store.ServeHTTP(httptest.NewRecorder(), r)
	} else {
		io.Copy(io.Discard, r.Body)
	}
	if f.late {
		<-r.Context().Done() // until the client hangs up
		return
	}
	if f.status == 0 {
		panic(http.ErrAbortHandler)
	}
	for k, v := range f.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	if r.Method != http.MethodHead {
		io.WriteString(w, "<Error><Code>"+f.code+"</Code><Message>"+f.text+"</Message></Error>")
	}
}

// set makes things go wrong from now on.
func (s *server) set(f func(step, method string) fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// stepOf names what a request is for.
func stepOf(r *http.Request) string {
	switch path := r.URL.Path; {
	case r.URL.Query().Has("list-type"):
		return "list"
	case strings.HasSuffix(path, ".parquet"):
		return "upload"
	case strings.HasSuffix(path, ".avro"):
		return "manifest"
	case strings.HasSuffix(path, ".json"):
		return "commit"
	case strings.HasSuffix(path, "version-hint.text"):
		return "hint"
	}
	return "other"
}

// config is as Options.Config makes it, but waits for nothing for long.
func (s *server) config(t *testing.T) aws.Config {
	t.Helper()
	return testConfig(t, s.URL, "key", "secret")
}

func testConfig(t *testing.T, endpoint, key, secret string) aws.Config {
	t.Helper()
	c, err := Options{Endpoint: endpoint}.Config(t.Context())
	must(t, err)
	c.Credentials = credentials.NewStaticCredentialsProvider(key, secret, "")
	c.HTTPClient = &http.Client{Transport: &http.Transport{ResponseHeaderTimeout: 300 * time.Millisecond}}
	c.Retryer = func() aws.Retryer {
		return retry.AddWithMaxBackoffDelay(retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.RateLimiter = 3, ratelimit.None }), time.Millisecond)
	}
	return c
}

func (s *server) client(t *testing.T) *s3.Client {
	return s3.NewFromConfig(s.config(t), func(o *s3.Options) { o.UsePathStyle = true })
}

func (s *server) open(t *testing.T, uri string) *Bucket {
	t.Helper()
	b, err := Open(uri, s.config(t), Options{Endpoint: s.URL})
	must(t, err)
	return b
}

// realStore opens an empty prefix on the store that PANTHER_TEST_S3 names, as http://key:secret@127.0.0.1:7070.
func realStore(t *testing.T) *Bucket {
	named := os.Getenv("PANTHER_TEST_S3")
	switch {
	case named != "":
	case os.Getenv("CI") == "true":
		t.Fatal("PANTHER_TEST_S3 names no S3 store; `make s3` starts one")
	default:
		t.Skip("PANTHER_TEST_S3 names no S3 store; `make s3` starts one")
	}
	u, err := url.Parse(named)
	must(t, err)
	secret, _ := u.User.Password()
	endpoint := u.Scheme + "://" + u.Host
	c := testConfig(t, endpoint, u.User.Username(), secret)
	c.HTTPClient, c.Retryer = nil, nil
	client := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
	name := "test-" + strings.ToLower(strings.ReplaceAll(time.Now().UTC().Format("20060102T150405.000000000"), ".", "-"))
	_, err = client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
	must(t, err)
	b, err := Open("s3://"+name+"/a-prefix/deep", c, Options{Endpoint: endpoint})
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
