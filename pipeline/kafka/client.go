// Package kafka runs the pipeline on Apache Kafka, or on the broker that it brings along.
//
// Its one idea: what a node reads, what it writes, its state and its position change in one transaction, so that a process
// may die at any time and nothing is lost or done twice. Read client.go for how brokers are reached, barrier.go for how
// state comes back, embedded.go for the broker of a single machine. No other package knows the client library.
package kafka

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// MaxMessageBytes is the largest record of our own topics, with its batch around it. Kafka's own default is 1 MiB; a failure
// record holds a line of that length and the reasons besides.
const MaxMessageBytes = 8 << 20

// A Config says where Kafka is, how to speak to it, and how often nodes commit. Only Brokers must be set.
type Config struct {
	Brokers  []string // host:port of some of the brokers; the others are learnt from them
	ClientID string   // what brokers see in their logs and quotas; default panther
	TLS      *tls.Config
	SASL     SASL

	// Protocol is how the members of a consumer group share partitions: classic, in which a member plans; consumer, in
	// which the broker plans (Kafka 4.0 or newer); or auto, the default, which takes consumer where the broker can.
	Protocol string
	// Instance is the stable name of this process, as the ordinal of a stateful set gives one. With it a restart takes up
	// its partitions and ends its own open transaction at once. Two processes of one name would stop each other for ever.
	Instance string

	SessionTimeout     time.Duration // a process silent for so long loses its partitions; default 20s
	Heartbeat          time.Duration // how often clocks are written; default 10s
	CommitInterval     time.Duration // how long a transaction collects records; default 100ms
	TransactionTimeout time.Duration // the broker ends the transaction of a dead process after so long; default 15s

	Log *slog.Logger // default: nothing is logged
}

// SASL is the user's name and password, and how they are shown to the broker. The zero SASL shows none.
type SASL struct {
	Mechanism      string // PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	User, Password string
}

// String names the user, never the password.
func (s SASL) String() string {
	if s.Mechanism == "" {
		return "no user"
	}
	return fmt.Sprintf("user %q (%s)", s.User, s.Mechanism)
}

// GoString keeps the password out of %#v.
func (s SASL) GoString() string { return s.String() }

// MarshalText keeps the password out of JSON and logs.
func (s SASL) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// WithDefaults returns c with every default in its place.
func (c Config) WithDefaults() Config {
	c.ClientID = cmp.Or(c.ClientID, "panther")
	c.Protocol = cmp.Or(c.Protocol, "auto")
	c.SessionTimeout = cmp.Or(c.SessionTimeout, 20*time.Second)
	c.Heartbeat = cmp.Or(c.Heartbeat, 10*time.Second)
	c.CommitInterval = cmp.Or(c.CommitInterval, 100*time.Millisecond)
	c.TransactionTimeout = cmp.Or(c.TransactionTimeout, 15*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Check returns what is wrong with c, all of it.
func (c Config) Check() error {
	c = c.WithDefaults()
	var errs []error
	if len(c.Brokers) == 0 {
		errs = append(errs, errors.New("no broker is named: give host:port of at least one, as 127.0.0.1:9092"))
	}
	for _, b := range c.Brokers {
		if strings.TrimSpace(b) == "" || strings.Contains(b, "/") {
			errs = append(errs, fmt.Errorf("broker %q: want host:port, as 127.0.0.1:9092", b))
		}
	}
	switch c.Protocol {
	case "auto", "classic", "consumer":
	default:
		errs = append(errs, fmt.Errorf("group protocol %q: want auto, classic or consumer", c.Protocol))
	}
	if _, err := c.SASL.option(); err != nil {
		errs = append(errs, err)
	}
	if c.CommitInterval >= c.TransactionTimeout {
		errs = append(errs, fmt.Errorf("commit interval %s: want less than the transaction timeout, %s", c.CommitInterval, c.TransactionTimeout))
	}
	return errors.Join(errs...)
}

// NewClient makes a client of c and opts. It connects when it is first used: see Reach.
func (c Config) NewClient(opts ...kgo.Opt) (*kgo.Client, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("configure the Kafka client: %w", err)
	}
	client, err := kgo.NewClient(append(c.options(), opts...)...)
	if err != nil {
		return nil, fmt.Errorf("configure the Kafka client: %w", err)
	}
	return client, nil
}

// options are those that every client of c has.
func (c Config) options() []kgo.Opt {
	c = c.WithDefaults()
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...), kgo.ClientID(c.ClientID), kgo.WithLogger(newClientLog(c.Log)),
		kgo.DisableClientMetrics(), // the pipeline has metrics of its own
	}
	if c.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(c.TLS.Clone()))
	}
	if auth, _ := c.SASL.option(); auth != nil {
		opts = append(opts, auth)
	}
	return opts
}

// GroupOpts are the options of a member of a consumer group.
func (c Config) GroupOpts() []kgo.Opt {
	c = c.WithDefaults()
	opts := []kgo.Opt{
		kgo.SessionTimeout(c.SessionTimeout),
		kgo.HeartbeatInterval(min(3*time.Second, c.SessionTimeout/10)),
		kgo.Balancers(kgo.CooperativeStickyBalancer()),
	}
	if c.Protocol != "classic" {
		// The library takes the broker's planning if the broker offers its final form, that of Kafka 4.0, and the classic
		// protocol otherwise; Preflight refuses that for Protocol consumer.
		opts = append(opts, kgo.ServerSideBalancer())
	}
	if c.Instance != "" {
		opts = append(opts, kgo.InstanceID(c.Instance))
	}
	return opts
}

// Reach connects to a broker, to tell early and in plain words what keeps c from it.
func (c Config) Reach(ctx context.Context, client *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := client.Ping(ctx); err != nil {
		return c.Explain(err)
	}
	return nil
}

func (s SASL) option() (kgo.Opt, error) {
	switch strings.ToUpper(s.Mechanism) {
	case "":
		if s.User != "" || s.Password != "" {
			return nil, fmt.Errorf("SASL user %q: no mechanism is named; want PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", s.User)
		}
		return nil, nil
	case "PLAIN":
		return kgo.SASL(plain.Auth{User: s.User, Pass: s.Password}.AsMechanism()), nil
	case "SCRAM-SHA-256":
		return kgo.SASL(scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism()), nil
	case "SCRAM-SHA-512":
		return kgo.SASL(scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism()), nil
	}
	return nil, fmt.Errorf("SASL mechanism %q: want PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", s.Mechanism)
}

// TLSFiles names the files, in PEM form, that make up a TLS configuration. All may be empty: then brokers show a certificate
// that this machine trusts, and ask for none.
type TLSFiles struct {
	CA         string // certificates that sign those of the brokers
	Cert, Key  string // what this client shows; both or none
	ServerName string // the name in the brokers' certificates, if it is not the one dialled
}

// Load reads the files. It returns every mistake that it finds.
func (f TLSFiles) Load() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: f.ServerName}
	var errs []error
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			errs = append(errs, fmt.Errorf("read the TLS authority's certificates: %w", err))
		} else if config.RootCAs = x509.NewCertPool(); !config.RootCAs.AppendCertsFromPEM(pem) {
			errs = append(errs, fmt.Errorf("read the TLS authority's certificates: %s holds no certificate in PEM form", f.CA))
		}
	}
	switch {
	case (f.Cert == "") != (f.Key == ""):
		errs = append(errs, errors.New("TLS: the client's certificate and its key go together; one of them is not named"))
	case f.Cert != "":
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			errs = append(errs, fmt.Errorf("read the TLS client certificate %s and its key %s: %w", f.Cert, f.Key, err))
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return config, nil
}
