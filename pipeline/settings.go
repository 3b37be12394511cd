package pipeline

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"panther/schemas/strict"
	"panther/sinks/lake"
	"panther/sinks/lake/bucket"
	"panther/sinks/lake/catalogs"
)

// A Setting is one key of the configuration.
type Setting struct {
	Key     string // as in the file, dots between the levels
	Meaning string // for people
	Hint    string // what a value looks like
	List    bool   // in the environment, values with commas between them
	Secret  bool   // a reference to a secret; in the environment, the secret itself or a reference

	set func(c *Config, text string) error
}

// isGroup reports whether the setting is a group of others that counts even when it is empty: in the environment it is true.
func (s Setting) isGroup() bool { return s.Key == "embedded" || s.Key == "security.tls" }

// Settings returns every setting, in the order in which a file has them.
func Settings() []Setting { return settings() }

// settings is the table that the file, the environment and the documentation are read by.
func settings() []Setting {
	return []Setting{
		{Key: "brokers", List: true, Meaning: "some brokers of the Kafka cluster", Hint: "a list of host:port, as [kafka-1:9092, kafka-2:9092]",
			set: func(c *Config, s string) (err error) { c.Brokers, err = ParseBrokers(s); return err }},
		{Key: "embedded", Meaning: "a broker within the process, in place of a cluster", Hint: "true or false",
			set: func(c *Config, s string) error {
				var on bool
				err := boolean(&on, s)
				if on {
					c.embedded()
				} else {
					c.Embedded = nil
				}
				return err
			}},
		{Key: "embedded.dir", Meaning: "folder where it keeps its data; " + DefaultDir, Hint: "a folder",
			set: func(c *Config, s string) error { c.embedded().Dir = s; return nil }},
		{Key: "embedded.port", Meaning: fmt.Sprintf("port that it listens on, on this machine only; %d. 0: any that is free", DefaultPort), Hint: "0 to 65535",
			set: func(c *Config, s string) error { return number(&c.embedded().Port, s, 0, 65535) }},
		{Key: "lake.warehouse", Meaning: "where the tables are: a folder, or a bucket of S3; beside the embedded broker, or " + DefaultDir + "/lake", Hint: "a folder, or s3://bucket/prefix",
			set: func(c *Config, s string) error { c.Lake.Warehouse = s; return checkWarehouse(s) }},
		{Key: "lake.interval", Meaning: "rows wait for a commit at most this long; 1 minute", Hint: "1s to 1h",
			set: func(c *Config, s string) error { return duration(&c.Lake.Interval, s, time.Second, time.Hour) }},
		{Key: "lake.retention", List: true, Meaning: "how long rows are kept, by table, in whole hours; of those entries that mean a table the last counts; for ever",
			Hint: "a list of table=duration, as [panther_logs.*=90d, panther_monitor.source_activity=30d]",
			set:  func(c *Config, s string) error { return retention(&c.Lake.Retention, s) }},
		{Key: "lake.upkeep", Meaning: "see to the tables by itself, every hour: rewrite small files, drop what is too old, remove what nobody needs; true", Hint: "true or false",
			set: func(c *Config, s string) error { return boolean(&c.Lake.Upkeep, s) }},
		{Key: "lake.catalog", Meaning: "who says which files are the tables: file, the default, needs no service; rest, a service of Iceberg's REST protocol; glue, AWS Glue",
			Hint: "file, rest or glue",
			set: func(c *Config, s string) error {
				return oneOf(&c.Lake.Catalog, s, catalogs.File, catalogs.Rest, catalogs.Glue)
			}},
		{Key: "lake.rest.uri", Meaning: "of catalog rest: where the service is", Hint: "https://host/path",
			set: func(c *Config, s string) error { c.Lake.REST.URI = strings.TrimRight(s, "/"); return checkURL(s) }},
		{Key: "lake.rest.warehouse", Meaning: "what the service calls the warehouse; none", Hint: "a name",
			set: func(c *Config, s string) error { c.Lake.REST.Warehouse = s; return nil }},
		{Key: "lake.rest.token", Secret: true, Meaning: "reference to a token that the service takes; none", Hint: "env:NAME or file:/path",
			set: func(c *Config, s string) error { c.Lake.REST.Token = s; return nil }},
		{Key: "lake.rest.credential", Secret: true, Meaning: "reference to id:secret, for which the service gives tokens; none", Hint: "env:NAME or file:/path",
			set: func(c *Config, s string) error { c.Lake.REST.Credential = s; return nil }},
		{Key: "lake.rest.scope", Meaning: "scope of those tokens; catalog", Hint: "as PRINCIPAL_ROLE:ALL",
			set: func(c *Config, s string) error { c.Lake.REST.Scope = s; return nil }},
		{Key: "aws.endpoint", Meaning: "where S3 (and Glue) is, if it is not that of AWS, as a store of another make; AWS, or AWS_ENDPOINT_URL", Hint: "https://host or http://host:port",
			set: func(c *Config, s string) error { c.AWS.Endpoint = strings.TrimRight(s, "/"); return checkURL(s) }},
		{Key: "aws.region", Meaning: "region of the bucket, and of Glue; AWS_REGION or the profile, with an endpoint us-east-1", Hint: "as eu-west-1",
			set: func(c *Config, s string) error { c.AWS.Region = s; return matches(s, regionName) }},
		{Key: "aws.pathStyle", Meaning: "ask for endpoint/bucket in the place of bucket.endpoint; true where there is an endpoint", Hint: "true or false",
			set: func(c *Config, s string) error { c.AWS.PathStyle = new(bool); return boolean(c.AWS.PathStyle, s) }},
		{Key: "http.listen", Meaning: "address of health and metrics; " + DefaultListen, Hint: "host:port, as 127.0.0.1:8080 or :8080",
			set: func(c *Config, s string) error { c.HTTP.Listen = s; return checkListen(s) }},
		{Key: "console.url", Meaning: "what links in alerts begin with: where people read about them; none: alerts have no link", Hint: "https://host/path",
			set: func(c *Config, s string) error { c.Console.URL = strings.TrimRight(s, "/"); return checkURL(s) }},
		{Key: "heartbeat", Meaning: "how often the clocks are read by which silence is measured; 10 seconds",
			Hint: "100ms to 10s: the shortest alarm, 1 minute, needs six of them",
			set: func(c *Config, s string) error {
				return duration(&c.Heartbeat, s, 100*time.Millisecond, DefaultHeartbeat)
			}},
		{Key: "commitInterval", Meaning: "how long a transaction collects records; 100ms", Hint: "1ms to 10s",
			set: func(c *Config, s string) error {
				return duration(&c.CommitInterval, s, time.Millisecond, 10*time.Second)
			}},
		{Key: "protocol", Meaning: "how the members of a consumer group share partitions: consumer needs Kafka 4.0; auto, the default, takes it where it is there",
			Hint: "auto, classic or consumer",
			set:  func(c *Config, s string) error { return oneOf(&c.Protocol, s, "auto", "classic", "consumer") }},
		{Key: "instance", Meaning: "stable name of this process, which no other one may have: a restart then goes on at once; none", Hint: "letters, digits, dots, hyphens and underscores, 100 at most",
			set: func(c *Config, s string) error { c.Instance = s; return matches(s, instanceName) }},
		{Key: "createTopics", Meaning: "make topics that log sources name and the cluster does not have; false", Hint: "true or false",
			set: func(c *Config, s string) error { return boolean(&c.CreateTopics, s) }},
		{Key: "security.tls", Meaning: "speak TLS to the brokers", Hint: "true or false",
			set: func(c *Config, s string) error {
				var on bool
				err := boolean(&on, s)
				if on {
					c.Security.tls()
				} else {
					c.Security.TLS = nil
				}
				return err
			}},
		{Key: "security.tls.ca", Meaning: "file of the authorities that sign the brokers' certificates; those of the system", Hint: "a PEM file",
			set: func(c *Config, s string) error { c.Security.tls().CA = s; return nil }},
		{Key: "security.tls.cert", Meaning: "file of our certificate, where brokers want one; none", Hint: "a PEM file",
			set: func(c *Config, s string) error { c.Security.tls().Cert = s; return nil }},
		{Key: "security.tls.key", Meaning: "file of its private key", Hint: "a PEM file",
			set: func(c *Config, s string) error { c.Security.tls().Key = s; return nil }},
		{Key: "security.tls.serverName", Meaning: "name in the brokers' certificates, where it is not their host", Hint: "a host",
			set: func(c *Config, s string) error { c.Security.tls().ServerName = s; return nil }},
		{Key: "security.sasl.mechanism", Meaning: "how the password is shown to the brokers", Hint: "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
			set: func(c *Config, s string) error {
				return oneOf(&c.Security.SASL.Mechanism, s, "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
			}},
		{Key: "security.sasl.user", Meaning: "name of the user", Hint: "a name",
			set: func(c *Config, s string) error { c.Security.SASL.User = s; return nil }},
		{Key: "security.sasl.password", Secret: true, Meaning: "reference to the password", Hint: "env:NAME or file:/path",
			set: func(c *Config, s string) error { c.Security.SASL.Password = s; return nil }},
	}
}

func (c *Config) embedded() *Embedded {
	if c.Embedded == nil {
		c.Embedded = &Embedded{Dir: DefaultDir, Port: DefaultPort}
	}
	return c.Embedded
}

var regionName = regexp.MustCompile(`^[a-z0-9-]{1,50}$`)

var instanceName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// ParseBrokers reads addresses of brokers with commas between them, each host:port. The error is that of the first that is
// none; all come back with it.
func ParseBrokers(list string) (brokers []string, err error) {
	for address := range strings.SplitSeq(list, ",") {
		address = strings.TrimSpace(address)
		brokers = append(brokers, address)
		err = cmp.Or(err, checkAddress(address))
	}
	return brokers, err
}

func checkAddress(s string) error {
	host, port, err := net.SplitHostPort(s)
	if n, numErr := strconv.Atoi(port); err != nil || host == "" || numErr != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is no host:port", s)
	}
	return nil
}

func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if n, numErr := strconv.Atoi(port); err != nil || numErr != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q is no host:port", s)
	}
	return nil
}

func checkURL(s string) error {
	if u, err := url.Parse(s); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q is no URL of http or https", s)
	}
	return nil
}

func checkWarehouse(s string) error {
	if !catalogs.OnS3(s) {
		return nil
	}
	if _, _, err := bucket.Parse(s); err != nil {
		return fmt.Errorf("%q is no address of a bucket", s)
	}
	return nil
}

// retention reads entries as panther_logs.*=90d, with commas between them.
func retention(into *[]lake.Retention, s string) error {
	*into = nil
	for entry := range strings.SplitSeq(s, ",") {
		name, keep, ok := strings.Cut(entry, "=")
		name = strings.TrimSpace(name)
		if _, err := path.Match(name, ""); !ok || err != nil || strings.Count(name, ".") != 1 {
			return fmt.Errorf("%q is no table=duration", entry)
		}
		d, err := strict.ParseDuration(strings.TrimSpace(keep))
		if err != nil {
			return err
		}
		if d < time.Hour || d%time.Hour != 0 {
			return fmt.Errorf("%s: %s is not a number of whole hours", name, strict.FormatDuration(d))
		}
		*into = append(*into, lake.Retention{Table: name, Keep: d})
	}
	return nil
}

func number(into *int, s string, least, most int) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return fmt.Errorf("%q is no number from %d to %d", s, least, most)
	}
	*into = n
	return nil
}

func boolean(into *bool, s string) error {
	if !slices.Contains([]string{"true", "false"}, s) {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	*into = s == "true"
	return nil
}

func duration(into *time.Duration, s string, least, most time.Duration) error {
	d, err := strict.ParseDuration(s)
	if err != nil {
		return err
	}
	if d < least || d > most {
		return fmt.Errorf("%s is not between %s and %s", strict.FormatDuration(d), strict.FormatDuration(least), strict.FormatDuration(most))
	}
	*into = d
	return nil
}

func oneOf(into *string, s string, choices ...string) error {
	if *into = s; !slices.Contains(choices, s) {
		return fmt.Errorf("%q is not known", s)
	}
	return nil
}

func matches(s string, allowed *regexp.Regexp) error {
	if !allowed.MatchString(s) {
		return fmt.Errorf("%q is not allowed", s)
	}
	return nil
}
