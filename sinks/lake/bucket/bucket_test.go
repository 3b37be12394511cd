package bucket

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"panther/sinks/lake"
	"panther/sinks/lake/storetest"
)

func TestBucketIsAStore(t *testing.T) {
	storetest.Run(t, startServer(t).open(t, "s3://lake/some/prefix"))
}

func TestWholeBucketIsAStore(t *testing.T) { storetest.Run(t, startServer(t).open(t, "s3://lake")) }

func TestBucketOfARealServer(t *testing.T) { storetest.Run(t, realStore(t)) }

// An answer that was lost is not taken for another writer, whatever was lost with it, and another writer is not taken for
// oneself.
func TestCreateWhoseAnswerWasLost(t *testing.T) {
	for _, f := range []fault{lost500, lostReply, late, slowDown, broken} {
		t.Run(f.name, func(t *testing.T) {
			s := startServer(t)
			b := s.open(t, "s3://lake/x")
			once := true
			s.set(func(_, method string) fault {
				if method == http.MethodPut && once {
					once = false
					return f
				}
				return fault{}
			})
			must(t, b.Create(t.Context(), "a", []byte("mine")))
			if once {
				t.Fatal("nothing went wrong")
			}
			if err := b.Create(t.Context(), "a", []byte("yours")); !errors.Is(err, lake.ErrExists) {
				t.Errorf("another one: %v, want lake.ErrExists", err)
			}
		})
	}
}

// A store may refuse a name that another one is still writing, before that one can be read.
func TestCreateBesideAnotherThatIsNotThereYet(t *testing.T) {
	s := startServer(t)
	b := s.open(t, "s3://lake/x")
	refusals := 2
	s.set(func(_, method string) fault {
		if method == http.MethodPut && refusals > 0 {
			refusals--
			return fault{name: "not there yet", status: http.StatusPreconditionFailed, code: "PreconditionFailed"}
		}
		return fault{}
	})
	must(t, b.Create(t.Context(), "a", []byte("mine")))
	if got, err := b.read(t.Context(), "a"); err != nil || string(got) != "mine" {
		t.Errorf("the object holds %q, %v", got, err)
	}
}

func TestParse(t *testing.T) {
	for uri, want := range map[string]string{
		"s3://b": "b ", "s3://b/": "b ", "s3://b/p": "b p", "s3://b/p/q/": "b p/q",
		"s3://": "want s3://bucket", "s3:///p": "want", "gs://b": "want", "s3://b//p//q": "want", "s3://b?x=1": "want", "/folder": "want",
	} {
		bucket, prefix, err := Parse(uri)
		got := bucket + " " + prefix
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}

// Messages say what was being done, to which object, why not, and what to do.
func TestErrorsOfTheStore(t *testing.T) {
	s := startServer(t)
	b := s.open(t, "s3://lake/x")
	moved := http.Header{"X-Amz-Bucket-Region": {"eu-west-1"}}
	for _, c := range []struct {
		fault fault
		want  string
	}{
		{denied, "write s3://lake/x/a: AccessDenied: Access Denied; allow s3:PutObject on arn:aws:s3:::lake/* to these credentials"},
		{fault{name: "x", status: 404, code: "NoSuchBucket", text: "The specified bucket does not exist"}, `there is no bucket "lake" at http://127.0.0.1`},
		{fault{name: "x", status: 400, code: "AuthorizationHeaderMalformed", text: "The authorization header is malformed; the region &#39;us-east-1&#39; is wrong; expecting &#39;eu-west-1&#39;"}, "the bucket is in region eu-west-1, not in us-east-1: set aws.region to eu-west-1"},
		{fault{name: "x", status: 301, code: "PermanentRedirect", header: moved}, "set aws.region to eu-west-1"},
		{fault{name: "x", status: 403, code: "InvalidAccessKeyId"}, "does not know these credentials"},
		{fault{name: "x", status: 403, code: "SignatureDoesNotMatch"}, "does not know these credentials"},
		{fault{name: "x", status: 400, code: "ExpiredToken"}, "get new ones"},
		{fault{name: "x", status: 403, code: "RequestTimeTooSkewed"}, "the clock of this machine is wrong"},
		{fault{name: "x", status: 400, code: "KMS.DisabledException", text: "key is disabled"}, "allow kms:GenerateDataKey"},
		{fault{name: "x", status: 501, code: "NotImplemented"}, "does not know conditional writes"},
		{slowDown, "the store is overloaded or ill"},
		{broken, "is http://127.0.0.1"},
		{late, "write s3://lake/x/a: no answer in time"},
	} {
		s.set(func(string, string) fault { return c.fault })
		err := b.Create(t.Context(), "a", []byte("x"))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "RequestID") {
			t.Errorf("%s %s: %v\nwant %s", c.fault.name, c.fault.code, err, c.want)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := b.Create(stopped, "a", nil); !errors.Is(err, context.Canceled) || err.Error() != "write s3://lake/x/a: stopped" {
		t.Errorf("an upload that was stopped: %v", err)
	}
	s.set(func(string, string) fault { return denied })
	if _, err := b.List(t.Context(), "space"); err == nil || !strings.Contains(err.Error(), "list s3://lake/x/space/: AccessDenied: Access Denied; allow s3:ListBucket on arn:aws:s3:::lake to these") {
		t.Error(err)
	}
	if _, err := b.Open(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "read s3://lake/x/a: AccessDenied: Access Denied; allow s3:GetObject on arn:aws:s3:::lake/* to") {
		t.Error(err)
	}
}

// Without credentials, and without a region, it is said what to set.
func TestSettingsThatAreMissing(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if _, err := (Options{}).Config(t.Context()); err == nil || !strings.Contains(err.Error(), "set AWS_REGION, or aws.region") {
		t.Errorf("no region: %v", err)
	}
	o := Options{Region: "eu-west-1", Endpoint: startServer(t).URL}
	c, err := o.Config(t.Context())
	must(t, err)
	b, err := Open("s3://lake/x", c, o)
	must(t, err)
	if err := b.Put(t.Context(), "a", nil); err == nil || !strings.Contains(err.Error(), "set AWS_ACCESS_KEY_ID") || !strings.Contains(err.Error(), "write s3://lake/x/a: no credentials: ") {
		t.Errorf("no credentials: %v", err)
	}
}

// A store that ignores conditions is found out before the first commit.
func TestCheckFindsAStoreThatOverwrites(t *testing.T) {
	s := startServer(t)
	if err := lake.NewCatalog(s.open(t, "s3://lake/x")).Check(t.Context()); err != nil {
		t.Errorf("a good store: %v", err)
	}
	s.set(func(_, method string) fault {
		if method == http.MethodPut {
			return fault{name: "ignores conditions", ignore: true}
		}
		return fault{}
	})
	if err := lake.NewCatalog(s.open(t, "s3://lake/x")).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "the store ignores the condition of a write") {
		t.Errorf("a store that overwrites: %v", err)
	}
}
