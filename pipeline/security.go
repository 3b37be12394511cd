package pipeline

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"panther/schemas/catalogue"
)

// Security is how a process shows brokers who it is, and learns who they are.
type Security struct {
	TLS  *TLS // nil: connections are plain
	SASL SASL
}

// TLS names files; see Security.Config.
type TLS struct {
	CA         string // of the authorities that sign the brokers' certificates; empty: those of the system
	Cert, Key  string // our certificate, where brokers want one
	ServerName string // in the brokers' certificates; empty: their host
}

// SASL is a user at the brokers. The zero SASL is none.
type SASL struct {
	Mechanism string
	User      string
	Password  string // a reference: see catalogue.Resolve. The password itself is never kept here
}

func (s *Security) tls() *TLS {
	if s.TLS == nil {
		s.TLS = &TLS{}
	}
	return s.TLS
}

// Config reads the files and makes what connections need; nil where they are plain.
func (t *TLS) Config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read security.tls.ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read security.tls.ca: %s holds no certificate in PEM form", t.CA)
		}
	}
	if t.Cert != "" {
		cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read security.tls.cert and key, %s and %s: %w", t.Cert, t.Key, err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
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
