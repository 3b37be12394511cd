package notify

import (
	"net/url"
	"strings"
	"time"

	"panther/schemas"
)

// payloadVersion is the version of Payload's form; it changes when a member changes its meaning or goes.
const payloadVersion = "1"

// A Payload is the generic form of an alert, for webhooks and queues. Every key is always there.
type Payload struct {
	ID           string            `json:"id"`        // what made it: the detection, or the SystemErrorType
	CreatedAt    string            `json:"createdAt"` // ISO 8601 with offset
	Severity     schemas.Severity  `json:"severity"`
	Type         schemas.AlertType `json:"type"`
	Link         string            `json:"link"` // to the alert in the console; empty: no console URL is configured
	Title        string            `json:"title"`
	Name         string            `json:"name"` // of what made it, for people
	AlertID      string            `json:"alertId"`
	AlertContext PayloadContext    `json:"alertContext"`
	Description  string            `json:"description"`
	Runbook      string            `json:"runbook"`
	Tags         []string          `json:"tags"`
	Version      string            `json:"version"`
}

// A PayloadContext holds the details of an alert: what it is about, how much was seen, and the first cases of it.
type PayloadContext struct {
	Component    schemas.Component        `json:"component"`
	Status       schemas.Status           `json:"status"`
	Count        int64                    `json:"count"`
	LastSeenAt   string                   `json:"lastSeenAt,omitempty"`
	Fingerprints []PayloadFingerprint     `json:"fingerprints,omitempty"`
	DropOff      *PayloadDropOff          `json:"dropOff,omitempty"`
	Deliveries   []schemas.FailedDelivery `json:"deliveries,omitempty"`
}

// A PayloadFingerprint is one way in which lines failed, with the first line that did.
type PayloadFingerprint struct {
	ID       string            `json:"id"`
	Schema   string            `json:"schema"`
	Code     schemas.Code      `json:"code"`
	Field    string            `json:"field"`
	Expected string            `json:"expected"`
	Got      string            `json:"got"`
	Count    int64             `json:"count"`
	Error    string            `json:"error"`
	Line     schemas.Line      `json:"line"` // cut around the failing part, if it is long
	Position *schemas.Position `json:"position,omitempty"`
}

// A PayloadDropOff tells for how long a source was to send something, and when it last did.
type PayloadDropOff struct {
	Threshold string `json:"threshold"` // as 15m
	LastEvent string `json:"lastEvent"` // empty: it never sent one
	Since     string `json:"since"`     // from when silence was counted
}

// NewPayload makes the generic payload of an alert. console is the URL of the console, or empty.
func NewPayload(a schemas.Alert, console string) Payload {
	return Payload{
		ID:        causeID(a),
		CreatedAt: stamp(a.CreatedAt),
		Severity:  a.Severity,
		Type:      a.Type,
		Link:      link(a, console),
		Title:     a.Title,
		Name:      causeName(a),
		AlertID:   a.ID,
		AlertContext: PayloadContext{
			Component:    a.Component,
			Status:       a.Status,
			Count:        a.Count,
			LastSeenAt:   stamp(a.LastSeenAt),
			Fingerprints: payloadFingerprints(a.Fingerprints),
			DropOff:      payloadDropOff(a.DropOff),
			Deliveries:   a.Deliveries,
		},
		Description: a.Description,
		Runbook:     a.Runbook,
		Tags:        []string{},
		Version:     payloadVersion,
	}
}

func payloadFingerprints(fs []schemas.Fingerprint) []PayloadFingerprint {
	var out []PayloadFingerprint
	for _, f := range fs {
		p := PayloadFingerprint{ID: f.ID, Schema: f.Schema, Code: f.Code, Field: f.Field, Expected: f.Expected, Got: f.Got, Count: f.Count}
		if len(f.Samples) > 0 {
			first := f.Samples[0]
			p.Error, p.Line, p.Position = first.Error, first.Payload, &first.Position
		}
		out = append(out, p)
	}
	return out
}

func payloadDropOff(d *schemas.DropOff) *PayloadDropOff {
	if d == nil {
		return nil
	}
	return &PayloadDropOff{Threshold: duration(d.Threshold), LastEvent: stamp(d.LastEvent), Since: stamp(d.Since)}
}

// causeID names what made the alert: a System Error by its type, any other by its detection.
func causeID(a schemas.Alert) string {
	if a.Type == schemas.SystemError {
		return string(a.SystemError)
	}
	return a.Component.ID
}

// causeName is causeID for people.
func causeName(a schemas.Alert) string {
	if a.Type != schemas.SystemError {
		return a.Component.Label
	}
	switch a.SystemError {
	case schemas.SourcePermissionsChecks:
		return "Source health check"
	case schemas.SourceNoData:
		return "Source drop-off"
	case schemas.SourceClassificationFailures:
		return "Classification failures"
	case schemas.SourceLogProcessingErrors:
		return "Log processing errors"
	case schemas.SourceScanningErrors:
		return "Scanning errors"
	case schemas.AlertDelivery:
		return "Alert delivery"
	case schemas.DetectionAlertLimitExceeded:
		return "Detection alert limit"
	}
	return string(a.SystemError)
}

// link returns the address of the alert's page, or "" without a console.
func link(a schemas.Alert, console string) string {
	if console == "" {
		return ""
	}
	return strings.TrimRight(console, "/") + "/alerts/" + url.PathEscape(a.ID)
}

// stamp writes a time with a numeric offset, which is what some receivers insist on; the zero time is empty.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000-07:00")
}
