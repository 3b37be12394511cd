package stages

import (
	"fmt"
	"slices"
	"strings"

	"panther/schemas"
	"panther/schemas/catalogue"
)

// Route decides which destinations get an alert, and says why, in their order. undeliverable tells the destinations that have
// an ALERT_DELIVERY alert open.
//
// A System Error goes to every destination whose alert types include it, whatever severities and log types that one takes. An
// ALERT_DELIVERY alert goes neither to the destination that it is about nor to one that has such an alert open itself.
func Route(a schemas.Alert, destinations []catalogue.Destination, undeliverable func(destination string) bool) []schemas.Route {
	routes := make([]schemas.Route, len(destinations))
	for i, d := range destinations {
		send, reason := takes(a, d, undeliverable)
		routes[i] = schemas.Route{Destination: d.ID, Label: d.Label, Send: send, Reason: reason}
	}
	return routes
}

func takes(a schemas.Alert, d catalogue.Destination, undeliverable func(string) bool) (bool, string) {
	if !slices.Contains(d.AlertTypes, a.Type) {
		return false, fmt.Sprintf("does not take %s alerts", a.Type)
	}
	if a.Type == schemas.SystemError {
		switch {
		case a.SystemError != schemas.AlertDelivery:
		case a.Component.ID == d.ID:
			return false, "the alert is about this destination"
		case undeliverable(d.ID):
			return false, "has an open ALERT_DELIVERY alert itself"
		}
		return true, "takes SYSTEM_ERROR alerts"
	}
	if !slices.Contains(d.Severities, a.Severity) {
		return false, fmt.Sprintf("does not take severity %s", a.Severity)
	}
	if len(d.LogTypes) > 0 {
		return false, "takes only the log types " + strings.Join(d.LogTypes, ", ")
	}
	return true, fmt.Sprintf("takes %s alerts of severity %s", a.Type, a.Severity)
}
