package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	iceio "github.com/apache/iceberg-go/io"

	"panther/sinks/lake"
)

// Options say where the store is, where it is not AWS, or not where the AWS settings of the environment say.
type Options struct {
	Endpoint  string // as http://127.0.0.1:9000; empty: AWS, or AWS_ENDPOINT_URL
	Region    string // empty: AWS_REGION or the profile; with an Endpoint us-east-1
	PathStyle *bool  // endpoint/bucket in the place of bucket.endpoint; nil: where there is an Endpoint
}

const (
	attempts  = 5                // of one request
	longest   = 2 * time.Second  // between two of them
	dial      = 5 * time.Second  // to reach the store
	answer    = 10 * time.Second // from the end of a request to the beginning of its answer
	operation = 2 * time.Minute  // of one request with its repetitions: a large file takes a while
)

// A Bucket is a lake.Store: the objects of a bucket, or those below a prefix.
type Bucket struct {
	client *s3.Client
	bucket string
	prefix string // empty, or with a slash at the end
	root   string
	where  place
}

// Parse takes an address as s3://bucket/prefix apart.
func Parse(uri string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(uri, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	prefix = strings.Trim(prefix, "/")
	if !ok || bucket == "" || strings.ContainsAny(rest, "?#\\ ") || strings.Contains(prefix, "//") {
		return "", "", fmt.Errorf("%q is no address of a bucket: want s3://bucket or s3://bucket/prefix", uri)
	}
	return bucket, prefix, nil
}

// Config finds the credentials as every AWS tool does: environment, profile, role of the machine. It asks nobody yet.
func (o Options) Config(ctx context.Context) (aws.Config, error) {
	client := awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dial }).
		WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = answer })
	options := []func(*config.LoadOptions) error{config.WithHTTPClient(client), config.WithRetryer(retryer)}
	if o.Region != "" {
		options = append(options, config.WithRegion(o.Region))
	}
	if o.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(o.Endpoint))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return c, fmt.Errorf("read the AWS settings of this machine: %w", err)
	}
	if c.Region == "" && o.Endpoint != "" {
		c.Region = "us-east-1" // what stores of other makes take, if they look at it at all
	}
	if c.Region == "" {
		return c, errors.New("no AWS region is set: set AWS_REGION, or aws.region in the configuration")
	}
	return c, nil
}

// retryer repeats what was refused for the moment. It never stops repeating because others had to: there is one writer here,
// which waits for as long as it takes.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff, o.RateLimiter = attempts, longest, ratelimit.None
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{
			"ConditionalRequestConflict": {}, "OperationAborted": {}, // another write was under way at the same time
		}})
	})
}

// Open makes a Store of the objects below an address as s3://bucket/prefix. The bucket must be there.
func Open(uri string, c aws.Config, o Options) (*Bucket, error) {
	name, prefix, err := Parse(uri)
	if err != nil {
		return nil, err
	}
	b := &Bucket{bucket: name, root: "s3://" + name, where: place{bucket: name, endpoint: o.Endpoint, region: c.Region}}
	if prefix != "" {
		b.prefix, b.root = prefix+"/", b.root+"/"+prefix
	}
	b.client = s3.NewFromConfig(c, func(s *s3.Options) {
		s.UsePathStyle = o.Endpoint != ""
		if o.PathStyle != nil {
			s.UsePathStyle = *o.PathStyle
		}
		if o.Endpoint != "" { // checksums behind the body are younger than many stores of other makes
			s.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			s.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}
	})
	return b, nil
}

// Root is the address that Open was given.
func (b *Bucket) Root() string { return b.root }

func (b *Bucket) key(name string) *string { return aws.String(b.prefix + name) }

// Put writes an object in the place of the one that is there.
func (b *Bucket) Put(ctx context.Context, name string, data []byte) error {
	return b.put(ctx, name, data, nil)
}

func (b *Bucket) put(ctx context.Context, name string, data []byte, condition *string) error {
	ctx, cancel := context.WithTimeout(ctx, operation)
	defer cancel()
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.bucket, Key: b.key(name), Body: bytes.NewReader(data), IfNoneMatch: condition})
	return b.explain("write", name, err)
}

// Create writes an object if there is none of this name.
func (b *Bucket) Create(ctx context.Context, name string, data []byte) (err error) {
	for range attempts {
		if err = b.put(ctx, name, data, aws.String("*")); code(err) != "PreconditionFailed" {
			return err
		}
		there, readErr := b.read(ctx, name)
		switch {
		case code(readErr) == "NoSuchKey": // some stores refuse what another is still writing, before it can be read
			if err := sleep(ctx, time.Second/10); err != nil {
				return err
			}
		case readErr != nil:
			return fmt.Errorf("%w; and whether it is this one could not be seen: %w", err, readErr)
		case bytes.Equal(there, data):
			return nil // the answer to an earlier attempt was lost
		default:
			return fmt.Errorf("write %s/%s: %w", b.root, name, lake.ErrExists)
		}
	}
	return err
}

// sleep waits, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (b *Bucket) read(ctx context.Context, name string) ([]byte, error) {
	f, err := b.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var data bytes.Buffer
	_, err = data.ReadFrom(f)
	return data.Bytes(), err
}

// Remove removes an object.
func (b *Bucket) Remove(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, operation)
	defer cancel()
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.bucket, Key: b.key(name)})
	if code(err) == "NoSuchKey" { // S3 says nothing of it, others do
		return nil
	}
	return b.explain("remove", name, err)
}

// List lists objects, and the prefixes that look like folders, directly below dir.
func (b *Bucket) List(ctx context.Context, dir string) ([]lake.Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, operation)
	defer cancel()
	prefix := b.prefix
	if dir != "." {
		prefix += dir + "/"
	}
	var out []lake.Entry
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.bucket, Prefix: &prefix, Delimiter: aws.String("/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.explain("list", dir+"/", err)
		}
		for _, p := range page.CommonPrefixes {
			out = append(out, lake.Entry{Name: strings.TrimSuffix(strings.TrimPrefix(*p.Prefix, prefix), "/"), Dir: true})
		}
		for _, o := range page.Contents {
			if name := strings.TrimPrefix(*o.Key, prefix); name != "" { // some tools make an object for the folder itself
				out = append(out, lake.Entry{Name: name, Size: aws.ToInt64(o.Size), Written: aws.ToTime(o.LastModified)})
			}
		}
	}
	return out, nil
}

// code returns what the store calls an error; empty if it did not answer.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

var _ lake.Store = (*Bucket)(nil)
var _ iceio.File = (*object)(nil)
