package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"panther/sinks/lake/bucket"
	"panther/sinks/lake/catalogs"
)

// lakePlace says where the lake is: in the audit's folder, or in a new bucket of an S3 server. The credentials are in the
// environment, for the workers too.
func lakePlace(ctx context.Context, s setup) (o catalogs.Options, err error) {
	if s.s3 == "" {
		o.Warehouse = s.dir + "/lake"
		return o, nil
	}
	u, err := url.Parse(s.s3)
	if err != nil || u.Host == "" || u.User == nil {
		return o, fmt.Errorf("-s3 %s: want an address as http://key:secret@127.0.0.1:7070", s.s3)
	}
	secret, _ := u.User.Password()
	os.Setenv("AWS_ACCESS_KEY_ID", u.User.Username())
	os.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	o.AWS = bucket.Options{Endpoint: u.Scheme + "://" + u.Host}
	c, err := o.AWS.Config(ctx)
	if err != nil {
		return o, err
	}
	name := "audit-" + time.Now().UTC().Format("20060102t150405.000")
	o.Warehouse = "s3://" + name + "/lake"
	client := s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}); err != nil {
		return o, fmt.Errorf("make a bucket for the lake: %w", err)
	}
	return o, nil
}
