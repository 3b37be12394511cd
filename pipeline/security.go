package pipeline

import (
	"errors"

	"panther/pipeline/kafka"
	"panther/schemas/catalogue"
)

// Security is how a process shows brokers who it is, and learns who they are.
type Security struct {
	TLS  *kafka.TLSFiles // nil: connections are plain
	SASL SASL
}

// SASL is a user at the brokers. The zero SASL is none.
type SASL struct {
	Mechanism string
	User      string
	Password  string // a reference: see catalogue.Resolve. The password itself is never kept here
}

func (s *Security) tls() *kafka.TLSFiles {
	if s.TLS == nil {
		s.TLS = &kafka.TLSFiles{}
	}
	return s.TLS
}

// secretOf turns the value of a secret setting into a reference. In the environment the secret itself may stand; then the
// variable is the reference, so that a Config never holds a secret.
func secretOf(s Setting, text string, fromEnv bool) (string, error) {
	switch {
	case catalogue.IsReference(text):
		return text, catalogue.CheckReference(text)
	case fromEnv:
		return "env:" + s.Variable(), nil
	}
	return "env:" + s.Variable(), errors.New("a secret must not stand in a file")
}
