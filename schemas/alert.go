package schemas

import (
	"time"
)

// A SystemErrorType names what kind of trouble a System Error alert is about.
type SystemErrorType string

// The types of System Errors.
const (
	SourcePermissionsChecks      SystemErrorType = "SOURCE_PERMISSIONS_CHECKS"
	SourceNoData                 SystemErrorType = "SOURCE_NO_DATA"
	SourceClassificationFailures SystemErrorType = "SOURCE_CLASSIFICATION_FAILURES"
	SourceLogProcessingErrors    SystemErrorType = "SOURCE_LOG_PROCESSING_ERRORS"
	SourceScanningErrors         SystemErrorType = "SOURCE_SCANNING_ERRORS"
	AlertDelivery                SystemErrorType = "ALERT_DELIVERY"
	DetectionAlertLimitExceeded  SystemErrorType = "DETECTION_ALERT_LIMIT_EXCEEDED"
)

// SystemErrorTypes returns every type of System Error, those that this version raises first.
func SystemErrorTypes() []SystemErrorType {
	return []SystemErrorType{SourceNoData, SourceClassificationFailures, AlertDelivery, SourcePermissionsChecks,
		SourceLogProcessingErrors, SourceScanningErrors, DetectionAlertLimitExceeded}
}

// A ComponentKind names what sort of thing a System Error is about.
type ComponentKind string

// The kinds of related components.
const (
	CloudAccount ComponentKind = "CLOUD_ACCOUNT"
	Destination  ComponentKind = "DESTINATION"
	Detection    ComponentKind = "DETECTION"
	Enrichment   ComponentKind = "ENRICHMENT"
	LogSource    ComponentKind = "LOG_SOURCE"
	LookupTable  ComponentKind = "LOOKUP_TABLE"
	SavedQuery   ComponentKind = "SAVED_QUERY"
)

// A Component is the thing that an alert is about.
type Component struct {
	Kind  ComponentKind `json:"kind"`
	ID    string        `json:"id"`
	Label string        `json:"label"` // for people; may change
}

// A Status is where an alert stands.
type Status string

// The statuses that an alert can have so far.
const (
	Open     Status = "OPEN"
	Resolved Status = "RESOLVED"
)

// A Severity orders alerts. System Errors are always Critical.
type Severity string

// The severities, least first.
const (
	Info     Severity = "INFO"
	Low      Severity = "LOW"
	Medium   Severity = "MEDIUM"
	High     Severity = "HIGH"
	Critical Severity = "CRITICAL"
)

// Severities returns every severity, the least first.
func Severities() []Severity { return []Severity{Info, Low, Medium, High, Critical} }

// An AlertType says what made an alert; destinations choose by it.
type AlertType string

// The alert types.
const (
	Rule                 AlertType = "RULE"
	RuleError            AlertType = "RULE_ERROR"
	ScheduledRule        AlertType = "SCHEDULED_RULE"
	ScheduledRuleError   AlertType = "SCHEDULED_RULE_ERROR"
	Policy               AlertType = "POLICY"
	CorrelationRule      AlertType = "CORRELATION_RULE"
	CorrelationRuleError AlertType = "CORRELATION_RULE_ERROR"
	SystemError          AlertType = "SYSTEM_ERROR"
)

// AlertTypes returns every alert type, that of the System Errors last.
func AlertTypes() []AlertType {
	return []AlertType{Rule, RuleError, ScheduledRule, ScheduledRuleError, Policy, CorrelationRule, CorrelationRuleError, SystemError}
}

// An Alert is one trouble as it stands: what the topic of alerts holds, under its ID.
type Alert struct {
	ID           string           `json:"id"` // deterministic: from type, component and first cause
	Type         AlertType        `json:"type"`
	SystemError  SystemErrorType  `json:"systemError,omitempty"`
	Component    Component        `json:"component"`
	Severity     Severity         `json:"severity"`
	Status       Status           `json:"status"`
	Title        string           `json:"title"`
	Description  string           `json:"description"` // what was seen first, in words
	Runbook      string           `json:"runbook"`     // what to do about it, in words
	CreatedAt    time.Time        `json:"createdAt"`
	LastSeenAt   time.Time        `json:"lastSeenAt"`            // of the newest signal that it holds
	WindowEndsAt time.Time        `json:"windowEndsAt,omitzero"` // zero: it lasts for the episode
	ResolvedAt   time.Time        `json:"resolvedAt,omitzero"`
	ResolvedBy   string           `json:"resolvedBy,omitempty"`   // a person's name, or a reason: recovered, window ended
	Count        int64            `json:"count"`                  // lines, deliveries or episodes seen
	Fingerprints []Fingerprint    `json:"fingerprints,omitempty"` // bounded; largest first
	DropOff      *DropOff         `json:"dropOff,omitempty"`
	Deliveries   []FailedDelivery `json:"deliveries,omitempty"` // bounded; of an ALERT_DELIVERY
	Routes       []Route          `json:"routes"`               // who was told, and why, in the order of destinations
}

// A Route is the decision whether a destination gets an alert, with its reason.
type Route struct {
	Destination string `json:"destination"` // its id
	Label       string `json:"label"`
	Send        bool   `json:"send"`
	Reason      string `json:"reason"`
}

// A DropOff tells of a source that fell silent.
type DropOff struct {
	Threshold time.Duration `json:"threshold"`          // nanoseconds
	LastEvent time.Time     `json:"lastEvent,omitzero"` // latest arrival of a line; zero: it never sent one
	Since     time.Time     `json:"since"`              // from when silence was counted
}

// A FailedDelivery is an alert that did not reach a destination.
type FailedDelivery struct {
	AlertID    string    `json:"alertId"`
	Title      string    `json:"title"`
	Error      string    `json:"error"`
	StatusCode int       `json:"statusCode,omitempty"`
	Attempts   int       `json:"attempts"`
	At         time.Time `json:"at"`
}
