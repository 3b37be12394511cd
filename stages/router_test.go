package stages_test

import (
	"testing"

	"panther/schemas"
	"panther/schemas/catalogue"
	"panther/stages"
)

func TestRoute(t *testing.T) {
	rule := schemas.Alert{Type: schemas.Rule, Severity: schemas.High}
	system := schemas.Alert{Type: schemas.SystemError, SystemError: schemas.SourceNoData, Severity: schemas.Critical}
	delivery := schemas.Alert{Type: schemas.SystemError, SystemError: schemas.AlertDelivery, Severity: schemas.Critical,
		Component: schemas.Component{Kind: schemas.Destination, ID: "slack"}}
	takes := func(types ...schemas.AlertType) catalogue.Destination {
		return catalogue.Destination{ID: "slack", AlertTypes: types, Severities: []schemas.Severity{schemas.High}}
	}
	with := func(d catalogue.Destination, change func(*catalogue.Destination)) catalogue.Destination {
		change(&d)
		return d
	}
	for _, x := range []struct {
		name        string
		alert       schemas.Alert
		destination catalogue.Destination
		open        string // the destination that has an ALERT_DELIVERY open
		send        bool
		reason      string
	}{
		{"severity and type fit", rule, takes(schemas.Rule), "", true, "takes RULE alerts of severity HIGH"},
		{"another type", rule, takes(schemas.Policy, schemas.SystemError), "", false, "does not take RULE alerts"},
		{"another severity", rule, with(takes(schemas.Rule), func(d *catalogue.Destination) { d.Severities = []schemas.Severity{schemas.Low} }),
			"", false, "does not take severity HIGH"},
		{"log types, of which the alert has none", rule, with(takes(schemas.Rule), func(d *catalogue.Destination) { d.LogTypes = []string{"A", "B"} }),
			"", false, "takes only the log types A, B"},
		{"no severities: only what names it", rule, catalogue.Destination{AlertTypes: []schemas.AlertType{schemas.Rule}}, "", false, "does not take severity HIGH"},
		{"system error: severity does not matter", system, takes(schemas.SystemError), "", true, "takes SYSTEM_ERROR alerts"},
		{"system error: log types do not matter", system, with(takes(schemas.SystemError), func(d *catalogue.Destination) { d.LogTypes = []string{"A"} }),
			"", true, "takes SYSTEM_ERROR alerts"},
		{"system error: the type does", system, takes(schemas.Rule), "", false, "does not take SYSTEM_ERROR alerts"},
		{"delivery failure, about itself", delivery, takes(schemas.SystemError), "", false, "the alert is about this destination"},
		{"delivery failure, to another", delivery, with(takes(schemas.SystemError), func(d *catalogue.Destination) { d.ID = "mail" }),
			"", true, "takes SYSTEM_ERROR alerts"},
		{"delivery failure, to another that fails too", delivery, with(takes(schemas.SystemError), func(d *catalogue.Destination) { d.ID = "mail" }),
			"mail", false, "has an open ALERT_DELIVERY alert itself"},
		{"other alerts go to one that fails", system, takes(schemas.SystemError), "slack", true, "takes SYSTEM_ERROR alerts"},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := stages.Route(x.alert, []catalogue.Destination{x.destination}, func(id string) bool { return id == x.open })
			if len(r) != 1 || r[0].Send != x.send || r[0].Reason != x.reason {
				t.Errorf("got %+v, want %v: %s", r, x.send, x.reason)
			}
		})
	}
}
