package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A Problem is something wrong that a person can mend.
type Problem struct {
	What  string // what is wrong, and with which thing
	Mend  string // what to do about it: a command, or what to check
	Err   error  // the cause, where there is one
	Minor bool   // the pipeline runs all the same, though not as well
}

func (p *Problem) Error() string {
	s := p.What
	if p.Err != nil {
		s += ": " + p.Err.Error()
	}
	if p.Mend != "" {
		s += "; " + p.Mend
	}
	return s
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Problems are all that was found wrong at once.
type Problems []*Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems one by one.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// Serious are the problems with which the pipeline must not run.
func (ps Problems) Serious() Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p *Problem) bool { return p.Minor })
}

// An Access is what a broker may grant or refuse: an operation on a resource, in the words of Kafka's own tools.
type Access struct {
	Operation string // Read, Write, Describe, Create, ...
	Resource  string // topic, group, transactional-id, cluster
	Name      string // of the resource
}

// Explain turns an error of the client library into one that says what to do, where that is known. on, if given, is what the
// call was about: a refusal does not always say it.
func (c Config) Explain(err error, on ...Access) error {
	var p *Problem
	if err == nil || errors.As(err, &p) {
		return err
	}
	for _, explain := range []func(error, []Access) *Problem{c.explainAccess, c.explainListener, c.explainLogin, c.explainTLS, c.explainGroup, c.explainAway} {
		if p := explain(err, on); p != nil {
			return p
		}
	}
	return err
}

// explainAccess tells which grant is missing, with the command that gives it.
func (c Config) explainAccess(err error, on []Access) *Problem {
	resource := ""
	switch {
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		resource = "topic"
	case errors.Is(err, kerr.GroupAuthorizationFailed):
		resource = "group"
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		resource = "transactional-id"
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		resource = "cluster"
	default:
		return nil
	}
	for _, a := range on {
		if a.Resource == resource {
			return c.Refused(a, err)
		}
	}
	return &Problem{What: fmt.Sprintf("Kafka refuses %s an operation on a %s", c.SASL, resource), Err: err,
		Mend: fmt.Sprintf("see what it may do: kafka-acls --bootstrap-server %s --list --principal %s", c.first(), quote(c.principal()))}
}

// Refused is the problem that the broker does not grant a.
func (c Config) Refused(a Access, err error) *Problem {
	what := fmt.Sprintf("Kafka refuses %s to %s %s %s", c.SASL, strings.ToLower(a.Operation), a.Resource, a.Name)
	if a.Resource == "cluster" {
		what = fmt.Sprintf("Kafka refuses %s to %s on the cluster", c.SASL, strings.ToLower(a.Operation))
	}
	return &Problem{What: what, Err: err, Mend: "grant it: " + c.grant(a)}
}

// grant is the command that gives a, and other operations on the same thing, to the user of c.
func (c Config) grant(a Access, also ...string) string {
	s := fmt.Sprintf("kafka-acls --bootstrap-server %s --add --allow-principal %s", c.first(), quote(c.principal()))
	for _, op := range append([]string{a.Operation}, also...) {
		s += " --operation " + op
	}
	s += " --" + a.Resource
	if a.Resource != "cluster" {
		s += " " + quote(a.Name)
	}
	return s
}

// principal is who the broker takes this client for.
func (c Config) principal() string {
	switch {
	case c.SASL.User != "":
		return "User:" + c.SASL.User
	case c.TLS != nil && len(c.TLS.Certificates) > 0 && c.TLS.Certificates[0].Leaf != nil:
		return "User:" + c.TLS.Certificates[0].Leaf.Subject.String()
	}
	return "User:ANONYMOUS"
}

// explainListener tells that a port is for something else. The library says it in the words of its errors alone.
func (c Config) explainListener(err error, _ []Access) *Problem {
	text := err.Error()
	switch {
	case strings.Contains(text, "appear to be a tls alert"):
		return &Problem{What: fmt.Sprintf("Kafka at %s speaks TLS", c.first()), Err: err, Mend: "switch TLS on, and name the authority's certificate file; or take the port of its plain listener"}
	case strings.Contains(text, "beginning of an HTTP response"):
		return &Problem{What: fmt.Sprintf("a web server answers at %s", c.first()), Err: err, Mend: "take Kafka's port, 9092 unless changed"}
	case strings.Contains(text, "immediately after a dial") && c.TLS != nil:
		return &Problem{What: fmt.Sprintf("Kafka at %s closes the connection at the TLS handshake", c.first()), Err: err, Mend: "switch TLS off, or take the port of its TLS listener"}
	case strings.Contains(text, "is SASL missing?") && c.SASL.Mechanism == "" && c.TLS != nil:
		return &Problem{What: fmt.Sprintf("Kafka at %s closes the connection at the first request", c.first()), Err: err, Mend: "it may want a SASL user: configure one"}
	}
	return nil
}

func (c Config) explainLogin(err error, _ []Access) *Problem {
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return &Problem{What: fmt.Sprintf("Kafka at %s does not accept %s", c.first(), c.SASL), Err: err, Mend: "check user and password"}
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return &Problem{What: fmt.Sprintf("Kafka at %s does not offer the mechanism %s", c.first(), c.SASL.Mechanism), Err: err,
			Mend: "take one that its sasl.enabled.mechanisms lists"}
	case errors.Is(err, kerr.IllegalSaslState):
		return &Problem{What: fmt.Sprintf("Kafka at %s asks for no login, or for another kind of it", c.first()), Err: err,
			Mend: "check that this port is a SASL listener"}
	case c.SASL.Mechanism != "" && errors.Is(err, io.EOF):
		return &Problem{What: fmt.Sprintf("Kafka at %s closes the connection at the login of %s", c.first(), c.SASL), Err: err,
			Mend: "check user, password and mechanism, and whether it wants TLS"}
	}
	return nil
}

func (c Config) explainTLS(err error, _ []Access) *Problem {
	var (
		record    tls.RecordHeaderError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		alert     tls.AlertError
		eof       *kgo.ErrFirstReadEOF
	)
	closed := errors.As(err, &eof) || errors.Is(err, syscall.ECONNRESET)
	switch {
	case errors.As(err, &record):
		return &Problem{What: fmt.Sprintf("Kafka at %s does not speak TLS", c.first()), Err: err,
			Mend: "switch TLS off, or take the port of its TLS listener"}
	case errors.As(err, &authority):
		return &Problem{What: fmt.Sprintf("the TLS certificate of Kafka at %s is signed by an authority unknown here", c.first()), Err: err,
			Mend: "name the authority's certificate file"}
	case errors.As(err, &host):
		return &Problem{What: fmt.Sprintf("the TLS certificate of Kafka at %s is for another name", c.first()), Err: err,
			Mend: "dial the name in the certificate, or set the server name"}
	case errors.As(err, &invalid):
		return &Problem{What: fmt.Sprintf("the TLS certificate of Kafka at %s is not valid", c.first()), Err: err}
	case errors.As(err, &alert):
		return &Problem{What: fmt.Sprintf("Kafka at %s ends the TLS handshake", c.first()), Err: err,
			Mend: "if it asks for a client certificate, name certificate and key"}
	case closed && c.TLS != nil:
		return &Problem{What: fmt.Sprintf("Kafka at %s closes the connection at the TLS handshake", c.first()), Err: err,
			Mend: "switch TLS off, or take the port of its TLS listener"}
	case closed:
		return &Problem{What: fmt.Sprintf("Kafka at %s closes the connection at the first request", c.first()), Err: err,
			Mend: "it may want TLS, or a SASL user: configure them, or take the port of its plain listener"}
	}
	return nil
}

func (c Config) explainGroup(err error, _ []Access) *Problem {
	if !errors.Is(err, kerr.InvalidSessionTimeout) {
		return nil
	}
	return &Problem{What: fmt.Sprintf("Kafka does not accept the session timeout %s", c.WithDefaults().SessionTimeout), Err: err,
		Mend: "set one within the broker's group.min.session.timeout.ms (6s unless changed) and group.max.session.timeout.ms"}
}

// explainAway comes last: a time-out says the least.
func (c Config) explainAway(err error, _ []Access) *Problem {
	var dial *net.OpError
	if !(errors.As(err, &dial) && dial.Op == "dial") && !errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	what := "cannot reach " + c.first()
	if len(c.Brokers) > 1 {
		what = "cannot reach any of " + strings.Join(c.Brokers, ", ")
	}
	if c.TLS != nil {
		return &Problem{What: what, Err: err, Mend: "is Kafka running there, and is it the port of its TLS listener?"}
	}
	return &Problem{What: what, Err: err, Mend: "is Kafka running there?"}
}

// untaken explains that no broker took a record for a topic in time. The library tries again and again whatever the brokers
// say: one that answers all the same has a reason of its own.
func (c Config) untaken(client *kgo.Client, topic string, err error) error {
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, kgo.ErrRecordTimeout) {
		return c.Explain(err, Access{"Write", "topic", topic})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if client.Ping(ctx) != nil {
		return &Problem{What: "no broker took the record in time", Err: err, Mend: "is Kafka still running at " + c.first() + "?"}
	}
	return &Problem{What: fmt.Sprintf("Kafka at %s answers, but takes no records for topic %s", c.first(), topic), Err: err,
		Mend: "is its disk full, or are too few copies of the topic in sync? Its log says why; that of the embedded broker is where panther runs"}
}

// first is the broker to name in a message.
func (c Config) first() string {
	if len(c.Brokers) == 0 {
		return "(no broker)"
	}
	return strings.Join(c.Brokers, ",")
}

// quote makes s one word of a shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
