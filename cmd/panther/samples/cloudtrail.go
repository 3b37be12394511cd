package samples

import (
	"math/rand/v2"
	"time"
)

const awsAccount = "123456789012"

// A cloudTrailEvent is a record of AWS CloudTrail, event version 1.11, with its members in AWS's order.
type cloudTrailEvent struct {
	EventVersion        string             `json:"eventVersion"`
	UserIdentity        cloudTrailIdentity `json:"userIdentity"`
	EventTime           string             `json:"eventTime"`
	EventSource         string             `json:"eventSource"`
	EventName           string             `json:"eventName"`
	AWSRegion           string             `json:"awsRegion"`
	SourceIPAddress     any                `json:"sourceIPAddress"` // a string, until the vendor changes it
	UserAgent           string             `json:"userAgent"`
	ErrorCode           string             `json:"errorCode,omitempty"`
	ErrorMessage        string             `json:"errorMessage,omitempty"`
	RequestParameters   any                `json:"requestParameters"`
	ResponseElements    any                `json:"responseElements"`
	AdditionalEventData any                `json:"additionalEventData,omitempty"`
	RequestID           string             `json:"requestID"`
	EventID             string             `json:"eventID"`
	ReadOnly            bool               `json:"readOnly"`
	Resources           []map[string]any   `json:"resources,omitempty"`
	EventType           string             `json:"eventType"`
	ManagementEvent     bool               `json:"managementEvent"`
	RecipientAccountID  string             `json:"recipientAccountId"`
	EventCategory       string             `json:"eventCategory"`
	TLSDetails          map[string]any     `json:"tlsDetails"`
}

type cloudTrailIdentity struct {
	Type           string         `json:"type"`
	PrincipalID    string         `json:"principalId"`
	ARN            string         `json:"arn"`
	AccountID      string         `json:"accountId"`
	AccessKeyID    string         `json:"accessKeyId"`
	UserName       string         `json:"userName,omitempty"`
	SessionContext map[string]any `json:"sessionContext,omitempty"`
}

// A cloudTrailCall is what differs between API calls.
type cloudTrailCall struct {
	service, name     string
	readOnly, data    bool
	request, response any
	resources         []map[string]any
}

type object = map[string]any

func cloudTrail(rng *rand.Rand, now time.Time) []byte { return line(newCloudTrailEvent(rng, now)) }

func cloudTrailChanged(rng *rand.Rand, now time.Time) []byte {
	e := newCloudTrailEvent(rng, now)
	e.SourceIPAddress = object{"v4": e.SourceIPAddress}
	return line(e)
}

func newCloudTrailEvent(rng *rand.Rand, now time.Time) cloudTrailEvent {
	call := cloudTrailCallOf(rng, now)
	host := call.service + ".eu-west-1.amazonaws.com"
	e := cloudTrailEvent{
		EventVersion:       "1.11",
		UserIdentity:       cloudTrailIdentityOf(rng, now),
		EventTime:          now.UTC().Format("2006-01-02T15:04:05Z"),
		EventSource:        call.service + ".amazonaws.com",
		EventName:          call.name,
		AWSRegion:          "eu-west-1",
		SourceIPAddress:    public(rng),
		UserAgent:          pick(rng, "aws-cli/2.22.7 md/awscrt#0.23.4 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.6 cfg/retry-mode#standard", "aws-sdk-go-v2/1.32.6 ua/2.1 os/linux lang/go#1.26.0 md/GOOS#linux md/GOARCH#arm64 api/"+call.service+"#1.40.2", "Boto3/1.35.80 md/Botocore#1.35.80 ua/2.0 os/linux#5.10.228 md/arch#aarch64 lang/python#3.11.10"),
		RequestParameters:  call.request,
		ResponseElements:   call.response,
		RequestID:          uuid(rng),
		EventID:            uuid(rng),
		ReadOnly:           call.readOnly,
		Resources:          call.resources,
		EventType:          "AwsApiCall",
		ManagementEvent:    !call.data,
		RecipientAccountID: awsAccount,
		EventCategory:      "Management",
		TLSDetails:         object{"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": host},
	}
	if call.data {
		e.EventCategory = "Data"
		e.AdditionalEventData = object{"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0, "bytesTransferredOut": rng.IntN(1 << 20), "AuthenticationMethod": "AuthHeader", "x-amz-id-2": text(rng, alnum, 60)}
	}
	if rng.IntN(25) == 0 {
		e.ErrorCode = "AccessDenied"
		e.ErrorMessage = "User: " + e.UserIdentity.ARN + " is not authorized to perform: " + call.service + ":" + call.name + " because no identity-based policy allows the " + call.service + ":" + call.name + " action"
		e.ResponseElements = nil
	}
	return e
}

func cloudTrailIdentityOf(rng *rand.Rand, now time.Time) cloudTrailIdentity {
	if rng.IntN(4) == 0 {
		user := pick(rng, "ci-deployer", "backup-operator", "report-reader")
		return cloudTrailIdentity{
			Type: "IAMUser", PrincipalID: "AIDA" + text(rng, base32, 17), ARN: "arn:aws:iam::" + awsAccount + ":user/" + user,
			AccountID: awsAccount, AccessKeyID: "AKIA" + text(rng, base32, 16), UserName: user,
		}
	}
	role := pick(rng, "payments-service", "platform-admin", "data-pipeline", "eks-node")
	session := pick(rng, "i-0"+text(rng, hexDigits, 16), "alice@example.com", "bob@example.com", "botocore-session-1764000000")
	principal := "AROA" + text(rng, base32, 17)
	return cloudTrailIdentity{
		Type: "AssumedRole", PrincipalID: principal + ":" + session,
		ARN:       "arn:aws:sts::" + awsAccount + ":assumed-role/" + role + "/" + session,
		AccountID: awsAccount, AccessKeyID: "ASIA" + text(rng, base32, 16),
		SessionContext: object{
			"sessionIssuer": object{"type": "Role", "principalId": principal, "arn": "arn:aws:iam::" + awsAccount + ":role/" + role, "accountId": awsAccount, "userName": role},
			"attributes":    object{"creationDate": now.Add(-time.Duration(rng.IntN(3600)) * time.Second).UTC().Format("2006-01-02T15:04:05Z"), "mfaAuthenticated": "false"},
		},
	}
}

func cloudTrailCallOf(rng *rand.Rand, now time.Time) cloudTrailCall {
	bucket, key := pick(rng, "example-invoices", "example-exports"), "2026/"+text(rng, hexDigits, 12)+".parquet"
	role := "arn:aws:iam::" + awsAccount + ":role/data-pipeline"
	instance := "i-0" + text(rng, hexDigits, 16)
	kmsKey := "arn:aws:kms:eu-west-1:" + awsAccount + ":key/" + uuid(rng)
	s3 := []map[string]any{
		{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::" + bucket + "/" + key},
		{"accountId": awsAccount, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::" + bucket},
	}
	s3Request := object{"bucketName": bucket, "Host": bucket + ".s3.eu-west-1.amazonaws.com", "key": key}
	return pick(rng,
		cloudTrailCall{service: "ec2", name: "DescribeInstances", readOnly: true, request: object{"maxResults": 100, "instancesSet": object{}, "filterSet": object{"items": []any{object{"name": "instance-state-name", "valueSet": object{"items": []any{object{"value": "running"}}}}}}}},
		cloudTrailCall{service: "ec2", name: "StopInstances", request: object{"instancesSet": object{"items": []any{object{"instanceId": instance}}}, "force": false}, response: object{"requestId": uuid(rng), "instancesSet": object{"items": []any{object{"instanceId": instance, "currentState": object{"code": 64, "name": "stopping"}, "previousState": object{"code": 16, "name": "running"}}}}}},
		cloudTrailCall{service: "sts", name: "AssumeRole", readOnly: true, request: object{"roleArn": role, "roleSessionName": "nightly-export", "durationSeconds": 3600}, response: object{"credentials": object{"accessKeyId": "ASIA" + text(rng, base32, 16), "expiration": now.Add(time.Hour).UTC().Format("Jan 2, 2006, 3:04:05 PM"), "sessionToken": text(rng, alnum, 120)}, "assumedRoleUser": object{"assumedRoleId": "AROA" + text(rng, base32, 17) + ":nightly-export", "arn": "arn:aws:sts::" + awsAccount + ":assumed-role/data-pipeline/nightly-export"}}, resources: []map[string]any{{"accountId": awsAccount, "type": "AWS::IAM::Role", "ARN": role}}},
		cloudTrailCall{service: "kms", name: "Decrypt", readOnly: true, request: object{"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": object{"aws:s3:arn": "arn:aws:s3:::" + bucket}}, resources: []map[string]any{{"accountId": awsAccount, "type": "AWS::KMS::Key", "ARN": kmsKey}}},
		cloudTrailCall{service: "s3", name: "GetObject", readOnly: true, data: true, request: s3Request, resources: s3},
		cloudTrailCall{service: "s3", name: "PutObject", data: true, request: s3Request, response: object{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": kmsKey}, resources: s3},
		cloudTrailCall{service: "iam", name: "CreateAccessKey", request: object{"userName": "ci-deployer"}, response: object{"accessKey": object{"userName": "ci-deployer", "accessKeyId": "AKIA" + text(rng, base32, 16), "status": "Active", "createDate": now.UTC().Format("Jan 2, 2006, 3:04:05 PM")}}},
		cloudTrailCall{service: "secretsmanager", name: "GetSecretValue", readOnly: true, request: object{"secretId": "arn:aws:secretsmanager:eu-west-1:" + awsAccount + ":secret:payments/database-" + text(rng, alnum, 6)}},
	)
}
