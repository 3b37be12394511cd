package kafka

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

const password = "correct horse"

// certificate makes a certificate for name, that signs itself, and its two files.
func certificate(t testing.TB, name string) (tls.Certificate, TLSFiles) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := TLSFiles{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for file, block := range map[string]*pem.Block{files.Cert: {Type: "CERTIFICATE", Bytes: der}, files.Key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pair, files
}

// hangsUp listens as a plain Kafka does, which takes a TLS greeting for a request that is too long.
func hangsUp(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 4))
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestReachSaysWhatIsInTheWay(t *testing.T) {
	pair, files := certificate(t, "kafka.example")
	plain := inMemory(t)
	secured := inMemory(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	login := inMemory(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "ann", password), kfake.Superuser("PLAIN", "ann", password))
	trusted, err := TLSFiles{CA: files.Cert, ServerName: "kafka.example"}.Load()
	if err != nil {
		t.Fatal(err)
	}
	misnamed, err := TLSFiles{CA: files.Cert, ServerName: "other.example"}.Load()
	if err != nil {
		t.Fatal(err)
	}
	const away = "127.0.0.1:1" // nobody listens there

	for _, c := range []struct {
		name string
		cfg  Config
		want string // in the error; empty: it is reached
	}{
		{"plain", plain, ""},
		{"TLS", Config{Brokers: secured.Brokers, TLS: trusted}, ""},
		{"SCRAM", Config{Brokers: login.Brokers, SASL: SASL{"SCRAM-SHA-256", "ann", password}}, ""},
		{"PLAIN", Config{Brokers: login.Brokers, SASL: SASL{"PLAIN", "ann", password}}, ""},
		{"away", Config{Brokers: []string{away}}, "cannot reach " + away},
		{"all away", Config{Brokers: []string{away, away}}, "cannot reach any of " + away + ", " + away},
		{"wrong password", Config{Brokers: login.Brokers, SASL: SASL{"SCRAM-SHA-256", "ann", "battery staple"}}, `at the login of user "ann" (SCRAM-SHA-256)`},
		{"wrong mechanism", Config{Brokers: login.Brokers, SASL: SASL{"SCRAM-SHA-512", "ann", password}}, "check user, password and mechanism"},
		{"no login", Config{Brokers: login.Brokers}, "it may want TLS, or a SASL user"},
		{"TLS to a plain port", Config{Brokers: []string{hangsUp(t)}, TLS: trusted}, "switch TLS off, or take the port of its TLS listener"},
		{"plain to a TLS port", Config{Brokers: secured.Brokers}, "it may want TLS, or a SASL user"},
		{"unknown authority", Config{Brokers: secured.Brokers, TLS: &tls.Config{ServerName: "kafka.example"}}, "name the authority's certificate file"},
		{"another name", Config{Brokers: secured.Brokers, TLS: misnamed}, "is for another name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.cfg.Reach(t.Context(), newClient(t, c.cfg))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("Reach: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("Reach: %v\nwant %s", err, c.want)
			case err != nil && (strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "battery staple")):
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	cfg := Config{Brokers: []string{"b:9092"}, SASL: SASL{"PLAIN", "o'brien", password}}
	other := errors.New("something else")
	for _, c := range []struct {
		err  error
		on   []Access
		want string
	}{
		{other, nil, "something else"},
		{fmt.Errorf("join: %w", kerr.InvalidSessionTimeout), nil, "does not accept the session timeout 20s: join: INVALID_SESSION_TIMEOUT"},
		{kerr.SaslAuthenticationFailed, nil, `Kafka at b:9092 does not accept user "o'brien" (PLAIN)`},
		{kerr.UnsupportedSaslMechanism, nil, "does not offer the mechanism PLAIN"},
		{kerr.TopicAuthorizationFailed, []Access{{"Read", "group", "g"}, {"Write", "topic", "panther.events"}},
			`kafka-acls --bootstrap-server b:9092 --add --allow-principal 'User:o'\''brien' --operation Write --topic panther.events`},
		{kerr.GroupAuthorizationFailed, nil, `kafka-acls --bootstrap-server b:9092 --list --principal 'User:o'\''brien'`},
		{kerr.ClusterAuthorizationFailed, []Access{{"Create", "cluster", ""}}, "--operation Create --cluster"},
		{kerr.TransactionalIDAuthorizationFailed, []Access{{"Write", "transactional-id", "x"}}, "--operation Write --transactional-id x"},
	} {
		got := cfg.Explain(c.err, c.on...)
		if !strings.Contains(got.Error(), c.want) || !errors.Is(got, c.err) {
			t.Errorf("Explain(%v) = %v\nwant %s", c.err, got, c.want)
		}
		if again := cfg.Explain(got); again != got {
			t.Errorf("explained twice: %v", again)
		}
	}
	if cfg.Explain(nil) != nil {
		t.Error("Explain(nil) is an error")
	}
}

// A session timeout below the broker's minimum is refused for ever. It must be said, not only lag.
func TestSessionTimeoutOutOfRange(t *testing.T) {
	cfg := inMemory(t, kfake.SeedTopics(1, "in"))
	cfg.SessionTimeout, cfg.Protocol = 3*time.Second, "classic"
	member := newClient(t, cfg, append(cfg.GroupOpts(), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("in"))...)
	for {
		fetches := member.PollFetches(t.Context())
		if errs := fetches.Errors(); len(errs) > 0 {
			if err := cfg.Explain(errs[0].Err); !strings.Contains(err.Error(), "does not accept the session timeout 3s") {
				t.Errorf("joining: %v", err)
			}
			return
		}
	}
}

func TestConfigCheckTellsAllAtOnce(t *testing.T) {
	err := Config{Brokers: []string{"http://b:9092"}, Protocol: "new", SASL: SASL{"KERBEROS", "u", password}, CommitInterval: time.Minute}.Check()
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`broker "http://b:9092": want host:port`, `group protocol "new": want auto, classic or consumer`,
		`SASL mechanism "KERBEROS": want PLAIN`, "commit interval 1m0s: want less than the transaction timeout, 15s"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant also: %s", err, want)
		}
	}
	if _, err := (Config{}).NewClient(); err == nil || !strings.Contains(err.Error(), "no broker is named") {
		t.Errorf("no brokers: %v", err)
	}
	if err := (Config{Brokers: []string{"b:1"}, SASL: SASL{User: "u"}}).Check(); err == nil || !strings.Contains(err.Error(), "no mechanism is named") {
		t.Errorf("a user without a mechanism: %v", err)
	}
}

func TestTLSFilesTellAllAtOnce(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := TLSFiles{CA: empty, Cert: "/no/such/cert.pem", Key: "/no/such/key.pem"}.Load()
	if err == nil || !strings.Contains(err.Error(), "empty.pem holds no certificate") || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load: %v", err)
	}
	if c, err := (TLSFiles{ServerName: "kafka"}).Load(); err != nil || c.ServerName != "kafka" || c.InsecureSkipVerify {
		t.Errorf("a name alone: %+v, %v", c, err)
	}
	if _, err := (TLSFiles{Cert: empty}).Load(); err == nil || !strings.Contains(err.Error(), "go together") {
		t.Errorf("a certificate without its key: %v", err)
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	cfg := Config{Brokers: []string{"b:1"}, SASL: SASL{"PLAIN", "ann", password}}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("configuration", "sasl", cfg.SASL)
	for _, s := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg.SASL), logged.String()} {
		if strings.Contains(s, password) {
			t.Errorf("the password shows: %s", s)
		}
	}
}

func TestTheClientsLogRepeatsOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newClientLog(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}})))
		for range 61 {
			log.Log(kgo.LogLevelError, "broker away", "addr", "b:1")
			log.Log(kgo.LogLevelInfo, "metadata")
			time.Sleep(time.Second)
		}
		log.Log(kgo.LogLevelWarn, "slow")
		want := `level=WARN msg="kafka client: broker away" addr=b:1
level=WARN msg="kafka client: broker away" addr=b:1 repeated=59
level=INFO msg="kafka client: slow"
`
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
