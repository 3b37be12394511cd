package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// place is what a person must know of a bucket to mend something.
type place struct{ bucket, endpoint, region string }

// host is where the store is, for people.
func (p place) host() string {
	if p.endpoint == "" {
		return "AWS in region " + p.region
	}
	return p.endpoint
}

// explain says what was being done to which object, why it went wrong, and how to mend it where a person can.
func (b *Bucket) explain(doing, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s/%s: %w%s", doing, b.root, strings.TrimPrefix(name, "./"), &storeError{err, summary(err)}, b.where.hint(doing, err))
}

// A storeError is an error of the client library with a text that a person can read.
type storeError struct {
	error
	text string
}

func (e *storeError) Error() string { return e.text }
func (e *storeError) Unwrap() error { return e.error }

// Code returns what a service of AWS calls an error; empty if it did not answer.
func Code(err error) string { return code(err) }

// Readable is an error of a service of AWS with a text that a person can read.
func Readable(err error) error { return &storeError{err, summary(err)} }

// summary leaves out how the client library came to its error: operation, attempts, request ids.
func summary(err error) string {
	var api smithy.APIError
	var network *url.Error
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return "no answer in time"
	case errors.As(err, &api):
		if api.ErrorMessage() == "" || api.ErrorMessage() == api.ErrorCode() {
			return api.ErrorCode()
		}
		return strings.TrimSuffix(fmt.Sprintf("%s: %s", api.ErrorCode(), api.ErrorMessage()), ".")
	case errors.As(err, &network):
		if errors.Is(network.Err, io.EOF) {
			return "the connection broke"
		}
		return network.Err.Error()
	}
	text := err.Error()
	if i := strings.LastIndex(text, noCredentials); i >= 0 {
		return "no credentials: " + text[i+len(noCredentials):]
	}
	return text
}

// noCredentials is what the client library says when it finds none anywhere.
const noCredentials = "get credentials: "

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// actions are what a policy must allow.
var actions = map[string]string{"read": "s3:GetObject", "write": "s3:PutObject", "remove": "s3:DeleteObject", "list": "s3:ListBucket"}

func (p place) hint(doing string, err error) string {
	resource := "arn:aws:s3:::" + p.bucket
	if doing != "list" {
		resource += "/*"
	}
	switch c := code(err); c {
	case "AccessDenied", "Forbidden", "AllAccessDisabled":
		return fmt.Sprintf("; allow %s on %s to these credentials", actions[doing], resource)
	case "NoSuchBucket":
		return fmt.Sprintf("; there is no bucket %q at %s: make it, or name another one in lake.warehouse", p.bucket, p.host())
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity", "UnrecognizedClientException":
		return fmt.Sprintf("; %s does not know these credentials: look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile", p.host())
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken":
		return "; the credentials have expired: get new ones"
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "MovedPermanently", "BadRequest":
		if region := bucketRegion(err); region != "" && region != p.region {
			return fmt.Sprintf("; the bucket is in region %s, not in %s: set aws.region to %s", region, p.region, region)
		}
		return fmt.Sprintf("; the bucket may be in another region than %s: set aws.region to the bucket's", p.region)
	case "RequestTimeTooSkewed":
		return "; the clock of this machine is wrong"
	case "NotImplemented":
		return "; the store does not know conditional writes (If-None-Match): choose another one, or keep the heads of tables elsewhere with lake.catalog"
	case "InvalidObjectState":
		return "; the object was moved to an archive: exclude the lake from that rule of the bucket, and restore the object"
	case "SlowDown", "ServiceUnavailable", "InternalError", "503", "500":
		return "; the store is overloaded or ill; nothing is lost meanwhile, and work goes on by itself"
	case "":
		return p.hintOfNetwork(err)
	default:
		if strings.HasPrefix(c, "KMS.") {
			return "; the bucket encrypts with a key that these credentials cannot use: allow kms:GenerateDataKey and kms:Decrypt, and look whether the key is enabled"
		}
	}
	return ""
}

// Missing says what to set, to be put behind an error that says that there are no credentials; of any other it is empty.
func Missing(err error) string {
	if err == nil || !strings.Contains(err.Error(), noCredentials) {
		return ""
	}
	return "; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where the machine has a role"
}

func (p place) hintOfNetwork(err error) string {
	var dns *net.DNSError
	var network *url.Error
	switch {
	case Missing(err) != "":
		return Missing(err)
	case errors.As(err, &dns) && p.endpoint == "":
		return "; is there a way from here to AWS, and is " + p.region + " a region of it?"
	case errors.As(err, &network):
		return fmt.Sprintf("; is %s right, and does the store run? Set aws.endpoint", p.host())
	}
	return ""
}

// bucketRegion finds where the bucket is: S3 says so when it is asked at the wrong place.
func bucketRegion(err error) string {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		if region := http.Header(response.Response.Header).Get("x-amz-bucket-region"); region != "" {
			return region
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		if _, rest, ok := strings.Cut(api.ErrorMessage(), "expecting '"); ok {
			region, _, _ := strings.Cut(rest, "'")
			return region
		}
	}
	return ""
}
