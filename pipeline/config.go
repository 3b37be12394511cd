package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"panther/schemas/strict"
	"panther/sinks/lake"
	"panther/sinks/lake/catalogs"
)

// Config is how a process runs: where Kafka and the lake are. What it watches is in the catalogue.
//
// Every key of the file is also an environment variable, which wins: security.sasl.user is PANTHER_SECURITY_SASL_USER. The
// table of settings in settings.go names them all.
type Config struct {
	Brokers  []string  // host:port of some brokers; none with Embedded
	Embedded *Embedded // nil: there is no broker of our own

	Lake struct {
		Warehouse string        // where the tables are: a folder, or s3://bucket/prefix
		Catalog   string        // kind of catalog: file, rest or glue
		REST      catalogs.REST // of the kind rest; token and credential are references
		Interval  time.Duration // rows wait for a commit at most this long

		Retention []lake.Retention // how long rows are kept, by table; of the others for ever
		Upkeep    bool             // see to the tables by itself, every hour
	}
	AWS struct { // where the warehouse is a bucket; credentials are found as every AWS tool finds them
		Endpoint  string // of S3; empty: AWS
		Region    string // empty: what the environment says
		PathStyle *bool  // endpoint/bucket in the place of bucket.endpoint; nil: where there is an endpoint
	}
	HTTP struct {
		Listen string // host:port of health, metrics and console
	}
	Console struct {
		URL string // the console's address as people see it, for links in alerts; empty: alerts have no link
	}

	Heartbeat      time.Duration // how often clocks are written; alarms need six of them
	CommitInterval time.Duration // how long a transaction collects records
	Protocol       string        // how the members of a consumer group share partitions: auto, classic or consumer
	Instance       string        // stable name of this process, which no other one has; may be empty
	CreateTopics   bool          // make the topics that sources name and Kafka does not have
	Security       Security
}

// Embedded is a broker within the process.
type Embedded struct {
	Dir  string // where it keeps its data
	Port int    // on this machine; 0: any that is free
}

// Defaults of what the file and the environment leave out.
const (
	DefaultDir       = "panther-data"
	DefaultPort      = 9092
	DefaultListen    = "127.0.0.1:8080"
	DefaultHeartbeat = 10 * time.Second
)

func defaults() Config {
	c := Config{Heartbeat: DefaultHeartbeat, CommitInterval: 100 * time.Millisecond, Protocol: "auto"}
	c.Lake.Warehouse = DefaultDir + "/lake"
	c.Lake.Catalog, c.Lake.Interval = catalogs.File, time.Minute
	c.Lake.Upkeep = true
	c.HTTP.Listen = DefaultListen
	return c
}

// Load reads the configuration file, if one is named, and the environment. The error is a strict.Problems with all mistakes
// of both. Neither brokers nor an embedded broker is no mistake yet: flags may name them.
func Load(file string, env func(name string) string) (Config, error) {
	l := loader{config: defaults()}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return Config{}, fmt.Errorf("read the configuration: %w", err)
		}
		docs := strict.Read(file, data, &l.problems)
		if len(docs) > 1 {
			docs[1].Root.Problem("a second document", "a configuration is one document")
		}
		if len(docs) > 0 {
			l.group(docs[0].Root, "")
		}
	}
	for _, s := range settings() {
		if value := env(s.Variable()); value != "" {
			l.set(s, value, true, func(text, hint string) {
				l.problems.Add(strict.Problem{File: s.Variable(), Text: text, Hint: hint})
			})
		}
	}
	l.check(file)
	if err := l.problems.Err(); err != nil {
		return Config{}, err
	}
	if c := &l.config; c.Embedded != nil && c.Lake.Warehouse == defaults().Lake.Warehouse {
		c.Lake.Warehouse = filepath.Join(c.Embedded.Dir, "lake") // beside the broker's data
	}
	return l.config, nil
}

type loader struct {
	config   Config
	problems strict.Problems
}

// later are keys that the configuration will have, and this version has not.
var later = []string{"nodes", "delivery", "monitoring", "security.tls.insecureSkipVerify"}

// group reads the keys below prefix, which is empty or ends in a dot.
func (l *loader) group(n strict.Node, prefix string) {
	n.Mapping(func(m *strict.Mapping) {
		for _, key := range later {
			if name, ok := strings.CutPrefix(key, prefix); ok && !strings.Contains(name, ".") {
				m.Refuse(name, key+" is not supported by this version", "leave it out")
			}
		}
		done := map[string]bool{}
		for _, s := range settings() {
			name, ok := strings.CutPrefix(s.Key, prefix)
			name, _, below := strings.Cut(name, ".")
			if !ok || done[name] {
				continue
			}
			done[name] = true
			switch value := m.Optional(name); {
			case !value.Present():
			case s.isGroup() && value.IsMapping():
				l.set(s, "true", false, value.Problem)
				l.group(value, prefix+name+".")
			case below:
				l.group(value, prefix+name+".")
			case s.List:
				l.set(s, strings.Join(value.Texts(), ","), false, value.Problem)
			default:
				if text := value.Scalar(); text != "" {
					l.set(s, text, false, value.Problem)
				}
			}
		}
	})
}

// set takes one value. It may be a secret itself only in the environment.
func (l *loader) set(s Setting, text string, fromEnv bool, problem func(text, hint string)) {
	if s.Secret {
		ref, err := secretOf(s, text, fromEnv)
		if err != nil {
			problem(s.Key+": "+err.Error(), fmt.Sprintf("write env:NAME or file:/path, or set %s", s.Variable()))
		}
		text = ref
	}
	if err := s.set(&l.config, text); err != nil {
		problem(fmt.Sprintf("%s: %v", s.Key, err), "write "+s.Hint)
	}
}

// Variable is the environment variable of a setting: PANTHER_ and its key in capitals, words parted by underscores.
func (s Setting) Variable() string {
	var b strings.Builder
	b.WriteString("PANTHER_")
	for _, r := range s.Key {
		switch {
		case r == '.':
			b.WriteByte('_')
		case unicode.IsUpper(r):
			b.WriteString("_" + string(r))
		default:
			b.WriteRune(unicode.ToUpper(r))
		}
	}
	return b.String()
}

// check reports settings that do not go together.
func (l *loader) check(file string) {
	c := l.config
	problem := func(text, hint string) { l.problems.Add(strict.Problem{File: file, Text: text, Hint: hint}) }
	if len(c.Brokers) > 0 && c.Embedded != nil {
		problem("brokers and embedded are both there", "name the brokers of a cluster, or have an embedded broker")
	}
	switch c.Lake.Catalog {
	case catalogs.Rest:
		if c.Lake.REST.URI == "" {
			problem("lake.catalog is rest, and lake.rest.uri does not say where it is", "write https://host/path")
		}
	case catalogs.Glue:
		if !catalogs.OnS3(c.Lake.Warehouse) {
			problem("lake.catalog is glue, and lake.warehouse is a folder, which nobody who asks Glue could read", "write s3://bucket/prefix")
		}
	}
	if known := c.Lake.Catalog == catalogs.File || c.Lake.Catalog == catalogs.Glue; known && c.Lake.REST != (catalogs.REST{}) {
		problem("lake.rest is there, and lake.catalog is "+c.Lake.Catalog, "set lake.catalog to rest, or leave lake.rest out")
	}
	sasl := c.Security.SASL
	if (sasl.Mechanism == "") != (sasl.User == "") || (sasl.User == "") != (sasl.Password == "") {
		problem("security.sasl wants mechanism, user and password, or none of them", "")
	}
	if tls := c.Security.TLS; tls != nil && (tls.Cert == "") != (tls.Key == "") {
		problem("security.tls: cert and key go together", "name both files, or neither")
	}
	if c.Embedded != nil && (sasl.Mechanism != "" || c.Security.TLS != nil) {
		problem("security is for brokers of a cluster; the embedded one has none", "leave it out: the embedded broker listens on this machine only")
	}
}
