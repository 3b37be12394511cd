// Package mimic makes log lines for measuring: they look like those of real services, and are the same for the same seed. Real
// lines are nobody's to give away, and what is measured on lines that nobody has cannot be checked.
package mimic

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// A Generator makes lines by chance. Each call makes another one, up to five seconds after the one before, as in a log.
type Generator struct {
	*rand.Rand
	now *time.Time
}

// New returns a Generator, whose lines begin on the first of November 2026.
func New(seed uint64) Generator {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return Generator{rand.New(rand.NewPCG(seed, 1)), &now}
}

// Lines makes n lines.
func Lines(n int, line func() string) (lines [][]byte) {
	for range n {
		lines = append(lines, []byte(line()))
	}
	return lines
}

func pick[T any](g Generator, from ...T) T { return from[g.IntN(len(from))] }

func (g Generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g Generator) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[g.IntN(16)]
	}
	return string(b)
}

func (g Generator) uuid() string {
	return g.hex(8) + "-" + g.hex(4) + "-4" + g.hex(3) + "-a" + g.hex(3) + "-" + g.hex(12)
}

func (g Generator) address() string {
	return fmt.Sprintf("%d.%d.%d.%d", 1+g.IntN(222), g.IntN(256), g.IntN(256), 1+g.IntN(254))
}

// next returns the time of the next line, in whole seconds.
func (g Generator) next() time.Time {
	*g.now = g.now.Add(time.Duration(g.Int64N(int64(5 * time.Second))))
	return g.now.Truncate(time.Second)
}

// CloudTrail makes a record of AWS CloudTrail, about 1,560 bytes, with members in AWS's order.
func (g Generator) CloudTrail() string {
	at := g.next()
	began := at.Add(-time.Duration(g.IntN(3600)) * time.Second) // the session
	service := pick(g, "s3", "ec2", "iam", "kms", "sts", "lambda", "dynamodb")
	call := pick(g, "GetObject", "DescribeInstances", "ListRoles", "Decrypt", "AssumeRole", "Invoke20150331", "GetItem")
	role := pick(g, "deploy-bot", "admin", "etl-reader", "ci-runner")
	account := fmt.Sprint(100000000000 + g.Int64N(900000000000))
	session := g.hex(17)
	var b strings.Builder
	fmt.Fprintf(&b, `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA%s:%s","arn":"arn:aws:sts::%s:assumed-role/%s/%s","accountId":"%s","accessKeyId":"ASIA%s",`,
		strings.ToUpper(g.hex(17)), session, account, role, session, account, strings.ToUpper(g.hex(16)))
	fmt.Fprintf(&b, `"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%s","arn":"arn:aws:iam::%s:role/%s","accountId":"%s","userName":"%s"},"webIdFederationData":{},"attributes":{"mfaAuthenticated":"false","creationDate":"%s"}}},`,
		strings.ToUpper(g.hex(17)), account, role, account, role, began.Format(time.RFC3339))
	fmt.Fprintf(&b, `"eventTime":"%s","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"eu-west-1","sourceIPAddress":"%s","userAgent":"%s",`,
		at.Format(time.RFC3339), service, call, g.address(), pick(g, "aws-cli/2.22.7 md/awscrt#0.23.4 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.6", "aws-sdk-go-v2/1.32.6 os/linux lang/go#1.26.0 md/GOOS#linux md/GOARCH#arm64"))
	if g.chance(15) {
		b.WriteString(`"errorCode":"AccessDenied","errorMessage":"User is not authorized to perform this action",`)
	}
	fmt.Fprintf(&b, `"requestParameters":{"bucketName":"logs-%s","key":"raw/2026/%s/%s.json.gz","Host":"logs.s3.eu-west-1.amazonaws.com","maxItems":%d,"filters":[{"name":"state","values":["running","stopped"]}]},`, g.hex(6), g.hex(2), g.hex(20), g.IntN(1000))
	if g.chance(50) {
		b.WriteString(`"responseElements":null,`)
	} else {
		fmt.Fprintf(&b, `"responseElements":{"x-amz-version-id":"%s","requestId":"%s"},`, g.hex(32), g.uuid())
	}
	fmt.Fprintf(&b, `"requestID":"%s","eventID":"%s","readOnly":%t,"resources":[{"accountId":"%s","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::logs-%s"}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"%s","eventCategory":"Management",`,
		g.uuid(), g.uuid(), g.chance(50), account, g.hex(6), account)
	fmt.Fprintf(&b, `"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s.eu-west-1.amazonaws.com"}}`, service)
	return b.String()
}

// VPCFlow makes a line of about 120 bytes.
func (g Generator) VPCFlow() string {
	start := g.next().Unix()
	return fmt.Sprintf("2 %d eni-0%s %s %s %d %d %d %d %d %d %d %s OK", 100000000000+g.Int64N(900000000000), g.hex(16), g.address(), g.address(),
		g.IntN(65536), g.IntN(65536), pick(g, 6, 17), 1+g.IntN(500), 40+g.IntN(100000), start, start+60, pick(g, "ACCEPT", "REJECT"))
}

// Nginx makes a line of about 215 bytes.
func (g Generator) Nginx() string {
	return fmt.Sprintf(`%s - %s [%s] "%s /api/v1/items/%s?page=%d HTTP/1.1" %d %d "https://www.example.com/%s" "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"`,
		g.address(), pick(g, "-", "alice", "bob"), g.next().Format("02/Jan/2006:15:04:05 -0700"), pick(g, "GET", "POST"), g.hex(12), g.IntN(90), pick(g, 200, 204, 404, 502), g.IntN(90000), g.hex(8))
}

// BrokenTrail makes a record of AWS CloudTrail that is none: its id is an object.
func (g Generator) BrokenTrail() string {
	return strings.Replace(g.CloudTrail(), `"eventID":"`, `"eventID":{},"was":"`, 1)
}
