package reference_test

import "panther/schemas"

// The files of the corpus with lines that are not taken as they stand, and why: one entry a file, in order of their names. A
// file that is not here is taken whole.
var corpusFiles = map[string]corpusFile{
	"AWS.CloudTrail.ndjson": {cut: 31, refused: []refused{
		{1, schemas.TypeMismatch, "resources[]", "an object within an array became the text that Python prints for it"},
		{1, schemas.TimestampFormat, "eventTime", "a time with a space for the T and a Z, which is neither format"},
	}},

	"AWS.GuardDuty.ndjson": {cut: 4},

	"AWS.VPCDns.ndjson": {
		few:     "these five are one event, its address changed, and two are left",
		refused: []refused{{5, schemas.TypeMismatch, "answers", "the list of answers became its only element"}},
	},

	"Amazon.EKS.Audit.ndjson": {cut: 112},
	// The names of those cut are in lower case, as a lake may give them back.
	"Azure.Audit.ndjson": {cut: 7, refused: []refused{
		{1, schemas.NotAllowed, "scope", "Entra ID logs what is about a tenant; role assignments of a subscription are in the activity log, so this one was made up"}}},
	"Box.Event.ndjson":            {cut: 14},
	"Crowdstrike.FDREvent.ndjson": {cut: 26}, // most have their names in lower case, as a lake may give them back
	"Duo.Authentication.ndjson":   {cut: 6},

	"GCP.AuditLog.ndjson": {cut: 37, refused: []refused{
		{2, schemas.TypeMismatch, "resource", "objects were replaced by dots"},
		{1, schemas.RequiredMissing, "logName", "cut down, and resourceLocation replaced by dots"},
		{1, schemas.RequiredMissing, "logName", "cut down, and false typed on a Cyrillic keyboard"},
	}},

	"GSuite.ActivityEvent.ndjson": {cut: 40},

	"GitHub.Audit.ndjson": {refused: []refused{
		{3, schemas.TimestampFormat, "created_at", "the point before the nanoseconds is missing"},
	}},

	"Microsoft365.Audit.Exchange.ndjson": {cut: 3}, // their names are in lower case, as a lake may give them back

	"Okta.SystemLog.ndjson": {cut: 27, refused: []refused{
		{1, schemas.TimestampFormat, "published", "the time was taken out: it reads redacted"},
	}},

	"OneLogin.Events.ndjson":      {cut: 16},
	"Osquery.Differential.ndjson": {cut: 13},
	"Slack.AuditLogs.ndjson":      {cut: 20},
	"Zoom.Operation.ndjson":       {cut: 2},
}
