package kafka

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"panther/pipeline/stream"
	"panther/schemas"
	"panther/schemas/catalogue"
)

// annsPassword is that of the user whom tools/kafka/kafka.sh gives the broker for PLAIN.
const annsPassword = "a secret of ann"

// secure is the listener with TLS and logins of the real Kafka, and the file of its authority; admin may do everything, by the
// plain one.
func secure(t testing.TB) (listener, ca string, admin Config) {
	t.Helper()
	admin = realBrokers(t)
	var ok bool
	if listener, ca, ok = strings.Cut(os.Getenv("PANTHER_TEST_SECURE"), " "); !ok {
		if os.Getenv("CI") == "true" {
			t.Fatal("PANTHER_TEST_SECURE: want what `tools/kafka/kafka.sh secure` prints")
		}
		t.Skip("PANTHER_TEST_SECURE names no Kafka with TLS; `tools/kafka/kafka.sh secure` prints one")
	}
	return listener, ca, admin
}

// secureConfig logs in as a user, by TLS.
func secureConfig(t testing.TB, login SASL) (user, admin Config) {
	t.Helper()
	listener, ca, admin := secure(t)
	trusted, err := TLSFiles{CA: ca}.Load()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Brokers: []string{listener}, TLS: trusted, SASL: login}, admin
}

// newUser makes a user for SCRAM, who may do nothing yet.
func newUser(t testing.TB, mechanism string) SASL {
	t.Helper()
	_, _, admin := secure(t)
	kind := map[string]kadm.ScramMechanism{"SCRAM-SHA-256": kadm.ScramSha256, "SCRAM-SHA-512": kadm.ScramSha512}[mechanism]
	login := SASL{mechanism, "user-" + time.Now().Format("150405.000000"), password}
	made, err := kadm.NewClient(newClient(t, admin)).AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: login.User, Mechanism: kind, Iterations: 4096, Password: password}})
	if err == nil {
		err = made[login.User].Err
	}
	if err != nil {
		t.Fatal(err)
	}
	return login
}

// grant lets a user do what the manual says that the pipeline needs, in topics of the prefix.
func grant(t testing.TB, admin Config, user, prefix string) {
	t.Helper()
	client := kadm.NewClient(newClient(t, admin))
	for _, b := range []*kadm.ACLBuilder{
		kadm.NewACLs().Topics("panther.").Operations(kadm.OpRead, kadm.OpWrite, kadm.OpCreate, kadm.OpDescribeConfigs),
		kadm.NewACLs().Groups("panther.").Operations(kadm.OpRead),
		kadm.NewACLs().TransactionalIDs("panther").Operations(kadm.OpWrite),
		kadm.NewACLs().Topics(prefix).Operations(kadm.OpRead),
	} {
		b.Allow("User:" + user).AllowHosts().ResourcePatternType(kadm.ACLPatternPrefixed)
		made, err := client.CreateACLs(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made {
			if m.Err != nil {
				t.Fatal(m.Err)
			}
		}
		t.Cleanup(func() {
			if _, err := kadm.NewClient(newClient(t, admin)).DeleteACLs(context.Background(), b); err != nil {
				t.Error(err)
			}
		})
	}
}

// On a real Kafka with TLS, logins and ACLs a pipeline runs with the grants of the manual; each way to log in works.
func TestSecureKafka(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		t.Run(mechanism, func(t *testing.T) {
			login := SASL{mechanism, "ann", annsPassword}
			if mechanism != "PLAIN" {
				login = newUser(t, mechanism)
			}
			user, admin := secureConfig(t, login)
			lines := newTopic(t, admin, 1, nil)
			grant(t, admin, login.User, lines)
			out := stream.Topic{Name: "panther.copies-" + lines, Partitions: 1}
			node := &stream.Node{Name: "copier-" + lines, Reads: []stream.Topic{{Name: lines, Partitions: 1}}, Writes: []stream.Topic{out}, Clocks: out.Name,
				Mapper: func() stream.Mapper { return &copier{out: out.Name} }}
			n := NeedsOf([]*stream.Node{node}, schemas.Catalogue)
			n.Topics = slices.DeleteFunc(n.Topics, func(t stream.Topic) bool { return t.Name == lines })
			n.Producers = []stream.Topic{ProducersTopic(lines)}
			if problems := Preflight(t.Context(), user, n).Serious(); len(problems) > 0 {
				t.Fatal(problems)
			}
			follower, err := FollowCatalogue(t.Context(), user)
			if err != nil {
				t.Fatal(err)
			}
			defer follower.Close()
			if _, err := WriteCatalogue(t.Context(), user, func(*catalogue.View) ([]stream.Record, error) { return nil, nil }); err != nil {
				t.Error(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			ended := make(chan error, 1)
			go func() { ended <- NewRunner(user, node, follower, NewMetrics()).Run(ctx) }()
			produce(t, newClient(t, admin), &kgo.Record{Topic: lines, Value: []byte("a line")})
			consumed(t, admin, out.Name, 1)
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// What keeps a user out of a real Kafka is said so that it can be mended, and without the password.
func TestSecureKafkaSaysWhatIsInTheWay(t *testing.T) {
	listener, ca, admin := secure(t)
	trusted, err := TLSFiles{CA: ca}.Load()
	if err != nil {
		t.Fatal(err)
	}
	misnamed, err := TLSFiles{CA: ca, ServerName: "kafka.example"}.Load()
	if err != nil {
		t.Fatal(err)
	}
	_, others := certificate(t, "localhost")
	untrusted, err := TLSFiles{CA: others.Cert}.Load()
	if err != nil {
		t.Fatal(err)
	}
	scram := newUser(t, "SCRAM-SHA-256")
	ann := SASL{"PLAIN", "ann", annsPassword}
	at := []string{listener}
	for _, c := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"wrong password, PLAIN", Config{Brokers: at, TLS: trusted, SASL: SASL{"PLAIN", "ann", "battery staple"}}, `does not accept user "ann" (PLAIN)`},
		{"wrong password, SCRAM", Config{Brokers: at, TLS: trusted, SASL: SASL{"SCRAM-SHA-256", scram.User, "battery staple"}}, `does not accept user "` + scram.User + `" (SCRAM-SHA-256)`},
		{"no such user", Config{Brokers: at, TLS: trusted, SASL: SASL{"SCRAM-SHA-512", "nobody", "battery staple"}}, `does not accept user "nobody" (SCRAM-SHA-512)`},
		{"no login", Config{Brokers: at, TLS: trusted}, "it may want a SASL user"},
		{"unknown authority", Config{Brokers: at, TLS: untrusted, SASL: ann}, "signed by an authority unknown here"},
		{"another name", Config{Brokers: at, TLS: misnamed, SASL: ann}, "is for another name"},
		{"no TLS", Config{Brokers: at, SASL: ann}, "speaks TLS"},
		{"TLS and a login at the plain port", Config{Brokers: admin.Brokers, TLS: trusted, SASL: ann}, "switch TLS off, or take the port of its TLS listener"},
		{"a login at the plain port", Config{Brokers: admin.Brokers, SASL: ann}, "check that this port is a SASL listener"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			problems := Preflight(t.Context(), c.cfg, Needs{})
			if len(problems) != 1 || !strings.Contains(problems.Error(), c.want) {
				t.Errorf("Preflight: %v\nwant %s", problems, c.want)
			}
			for _, secret := range []string{password, annsPassword, "battery staple"} {
				if strings.Contains(problems.Error(), secret) {
					t.Errorf("the password shows: %v", problems)
				}
			}
		})
	}
}

// A user without grants is told all that are missing at once.
func TestSecureKafkaNamesEveryMissingGrant(t *testing.T) {
	login := newUser(t, "SCRAM-SHA-512")
	user, admin := secureConfig(t, login)
	n := needs(t)
	n.Topics = n.Topics[:2]
	if err := Ensure(t.Context(), admin, newClient(t, admin), n.Topics[:1], Layout{}); err != nil {
		t.Fatal(err)
	}
	problems := Preflight(t.Context(), user, n)
	var got []string
	for _, p := range problems {
		_, command, _ := strings.Cut(p.Mend, "--allow-principal ")
		got = append(got, command)
	}
	of := "User:" + login.User + " --operation "
	want := []string{
		of + "Read --operation Write --operation Create --operation DescribeConfigs --topic " + n.Topics[0].Name,
		of + "Read --operation Write --operation Create --operation DescribeConfigs --topic " + n.Topics[1].Name,
		of + "Describe --topic " + n.Producers[0].Name,
		of + "Read --topic " + n.Producers[0].Name,
		of + "Read --group " + n.Groups[0],
		of + "Write --transactional-id panther --resource-pattern-type prefixed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants asked for (-want +got):\n%s\n%s", diff, problems.Text())
	}
}
