package catalogue

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"panther/schemas"
	"panther/schemas/strict"
)

// Types of destinations.
const (
	TypeWebhook = "webhook"
	TypeSlack   = "slack"
	TypeLog     = "log"
)

// laterTypes are types that people may expect, and that this version does not have.
var laterTypes = []string{"pagerduty", "opsgenie", "jira", "github", "asana", "msteams", "servicenow", "discord", "sns", "sqs",
	"pubsub", "email", "tines", "torq", "mindflow", "rapid7", "blinkops", "incidentio", "kafka"}

// types are those that it has.
var types = []string{TypeLog, TypeSlack, TypeWebhook}

// readDestination takes a document of kind Destination.
func (f *Files) readDestination(root strict.Node, origin string) {
	d := Destination{Origin: origin, Settings: map[string]any{}}
	var at place
	root.Mapping(func(m *strict.Mapping) {
		m.Required("kind")
		at.name = m.Required("name")
		d.Label = readLabel(at.name)
		d.Type = readType(m.Required("type"))
		for _, t := range types {
			if d.Type != "" && t != d.Type {
				m.Refuse(t, fmt.Sprintf("the key %q is for destinations of that type; the type of this one is %s", t, d.Type), "")
			}
		}
		switch d.Type {
		case TypeWebhook:
			d.Settings = readWebhook(m.Required(TypeWebhook))
		case TypeSlack:
			d.Settings = readSlack(m.Required(TypeSlack))
		case TypeLog:
			m.Optional(TypeLog).Mapping(func(*strict.Mapping) {})
		default: // reported; of the type's own key nothing is known
			for _, key := range slices.Concat(laterTypes, types) {
				m.Drop(key)
			}
		}
		d.Severities = choices(m.Optional("severities"), schemas.Severities())
		d.AlertTypes = choices(m.Optional("alertTypes"), schemas.AlertTypes())
		if !m.Has("alertTypes") {
			d.AlertTypes = schemas.AlertTypes()
		}
		at.logTypes = m.Optional("logTypes").List()
		d.LogTypes = readList(at.logTypes, nil)
		d.Delivery = readDelivery(m.Optional("delivery"))
	})
	f.users = append(f.users, at)
	if d.Label != "" && f.add(KindDestination, d.Label, at) {
		f.Destinations = append(f.Destinations, d)
	}
}

func readType(n strict.Node) string {
	if text := n.Text(); slices.Contains(laterTypes, text) {
		n.Problem(fmt.Sprintf("type: %s is not supported by this version", text), "supported are "+strings.Join(types, ", "))
		return ""
	}
	return n.OneOf(types...)
}

// choices reads a list of words that must be among known ones.
func choices[T ~string](n strict.Node, known []T) []T {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	var chosen []T
	for _, item := range n.List() {
		if text := item.OneOf(names...); slices.Contains(chosen, T(text)) {
			item.Problem(fmt.Sprintf("%q is in this list already", text), "leave it out")
		} else if text != "" {
			chosen = append(chosen, T(text))
		}
	}
	return chosen
}

func readSlack(n strict.Node) map[string]any {
	settings := map[string]any{}
	n.Mapping(func(m *strict.Mapping) { settings["url"] = readURL(m.Required("url")) })
	return settings
}

func readWebhook(n strict.Node) map[string]any {
	settings := map[string]any{}
	n.Mapping(func(m *strict.Mapping) {
		settings["url"] = readURL(m.Required("url"))
		headers := map[string]any{}
		for _, p := range m.Optional("headers").Pairs() {
			headers[p.Key] = readHeader(p)
		}
		if len(headers) > 0 {
			settings["headers"] = headers
		}
	})
	return settings
}

// readURL reads where to send to: http or https with a host, or a reference to that.
func readURL(n strict.Node) string {
	text := n.Text()
	if !n.IsText() {
		return ""
	}
	if IsReference(text) {
		if err := CheckReference(text); err != nil {
			n.Problem("url: "+err.Error(), "")
		}
		return text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil: // whose text would repeat the URL, which may hold a secret
		n.Problem("url: this is no URL", "write https://host/path, or env:NAME, or file:/path")
	case u.Scheme != "http" && u.Scheme != "https":
		n.Problem(fmt.Sprintf("url: the scheme %q is not supported", u.Scheme), "write https://host/path, or env:NAME, or file:/path")
	case u.Hostname() == "":
		n.Problem("url: the host is missing", "write https://host/path")
	case u.User != nil:
		n.Problem("url: a password must not stand in a file", "write url: env:NAME or url: file:/path, and keep the URL there")
	}
	return text
}

var (
	headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
	// secretName matches headers that hold a secret.
	secretName = regexp.MustCompile(`(?i)authorization|token|key|secret|password|passwd|credential|cookie|signature`)
)

// ownHeaders are set by the sender itself.
var ownHeaders = []string{"content-length", "content-type", "host", "idempotency-key", "transfer-encoding", "connection"}

func readHeader(p strict.Pair) string {
	value := p.Value.Text()
	switch {
	case !headerName.MatchString(p.Key):
		p.Name.Problem(fmt.Sprintf("%q is no name of a header", p.Key), "letters, digits and hyphens")
	case slices.Contains(ownHeaders, strings.ToLower(p.Key)):
		p.Name.Problem(fmt.Sprintf("the header %s is set by panther itself", p.Key), "leave it out")
	case !p.Value.IsText():
	case IsReference(value):
		if err := CheckReference(value); err != nil {
			p.Value.Problem(p.Key+": "+err.Error(), "")
		}
	case secretName.MatchString(p.Key):
		p.Value.Problem(fmt.Sprintf("the value of the header %s looks like a secret, which must not stand in a file", p.Key),
			fmt.Sprintf(`write %s: "env:NAME" or %s: "file:/path", and keep the whole value there`, p.Key, p.Key))
	case strings.ContainsAny(value, "\r\n"):
		p.Value.Problem(fmt.Sprintf("the value of the header %s has a line break", p.Key), "")
	}
	return value
}

// DefaultDelivery is the policy of a destination that says nothing about it.
func DefaultDelivery() schemas.DeliveryPolicy {
	return schemas.DeliveryPolicy{AttemptTimeout: 10 * time.Second, Retries: 10, MaxAge: 72 * time.Hour, FailureThreshold: 11}
}

func readDelivery(n strict.Node) schemas.DeliveryPolicy {
	policy := DefaultDelivery()
	n.Mapping(func(m *strict.Mapping) {
		if t := m.Optional("attemptTimeout"); t.Present() {
			policy.AttemptTimeout = between(t, "attemptTimeout", time.Second, 5*time.Minute)
		}
		if r := m.Optional("retries"); r.Present() {
			if policy.Retries = r.Int(); policy.Retries < 0 || policy.Retries > 100 {
				r.Problem(fmt.Sprintf("retries: %d is not between 0 and 100", policy.Retries), "")
			}
		}
		if a := m.Optional("maxAge"); a.Present() {
			policy.MaxAge = between(a, "maxAge", time.Minute, 30*24*time.Hour)
		}
		policy.FailureThreshold = policy.Retries + 1
		if t := m.Optional("failureThreshold"); t.Present() {
			if n := t.Int(); n < 1 || n > policy.Retries+1 {
				t.Problem(fmt.Sprintf("failureThreshold: %d is not between 1 and retries + 1, which is %d", n, policy.Retries+1),
					"an alert is tried once and then retried, so there are no more failed attempts than that")
			}
			policy.FailureThreshold = t.Int()
		}
	})
	return policy
}

// between reads the duration of a key, which must be neither shorter nor longer than what is given.
func between(n strict.Node, key string, least, most time.Duration) time.Duration {
	before := n.Duration()
	if n.IsText() && before != 0 && (before < least || before > most) {
		n.Problem(fmt.Sprintf("%s: %s is not between %s and %s", key, strict.FormatDuration(before), strict.FormatDuration(least), strict.FormatDuration(most)), "")
	}
	return before
}
