package main

import (
	"strings"
	"time"

	"panther/schemas"
	"panther/schemas/catalogue"
)

// What commands print with -o json is what the topics hold, but for durations: they are texts, as in files, in webhooks and in
// the configuration. The types below say so by a field that takes the place of the one within.

// durationForMachines writes a duration as files have it: 90s, 15m, 24h.
func durationForMachines(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// alarmForMachines writes the threshold of an alarm.
func alarmForMachines(d time.Duration) string {
	if d == 0 {
		return "off"
	}
	return durationForMachines(d)
}

// A sourceForMachines is a log source of the catalogue.
type sourceForMachines struct {
	catalogue.LogSource
	Threshold string `json:"alarm"`
}

// A destinationForMachines is a destination of the catalogue.
type destinationForMachines struct {
	catalogue.Destination
	Delivery deliveryForMachines `json:"delivery"`
	LogTypes []string            `json:"logTypes"`
}

type deliveryForMachines struct {
	AttemptTimeout   string `json:"attemptTimeout"`
	Retries          int    `json:"retries"`
	MaxAge           string `json:"maxAge"`
	FailureThreshold int    `json:"failureThreshold"`
}

func newDestinationForMachines(d catalogue.Destination) destinationForMachines {
	return destinationForMachines{Destination: d, LogTypes: append([]string{}, d.LogTypes...),
		Delivery: deliveryForMachines{durationForMachines(d.Delivery.AttemptTimeout), d.Delivery.Retries,
			durationForMachines(d.Delivery.MaxAge), d.Delivery.FailureThreshold}}
}

// An alertForMachines is an alert.
type alertForMachines struct {
	schemas.Alert
	Silence *silenceForMachines `json:"dropOff,omitempty"`
}

type silenceForMachines struct {
	schemas.DropOff
	Threshold string `json:"threshold"`
}

func newAlertForMachines(a schemas.Alert) alertForMachines {
	a.Routes = append([]schemas.Route{}, a.Routes...) // none is [], not null
	m := alertForMachines{Alert: a}
	if a.DropOff != nil {
		m.Silence = &silenceForMachines{*a.DropOff, durationForMachines(a.DropOff.Threshold)}
	}
	return m
}

func alertsForMachines(alerts []schemas.Alert) []alertForMachines {
	all := []alertForMachines{}
	for _, a := range alerts {
		all = append(all, newAlertForMachines(a))
	}
	return all
}
