package logtype

// An Indicator says what a string means to an analyst. Events collect the values of all fields that mean the same, so that
// one question finds an address wherever it stands.
type Indicator string

// The indicators.
const (
	IP            Indicator = "ip"
	Domain        Indicator = "domain"
	Hostname      Indicator = "hostname" // a domain name or an IP address
	URL           Indicator = "url"      // its host: a domain name or an IP address
	NetAddr       Indicator = "net_addr" // host:port; its host
	MD5           Indicator = "md5"
	SHA1          Indicator = "sha1"
	SHA256        Indicator = "sha256"
	AWSARN        Indicator = "aws_arn" // and the account and instance that it names
	AWSAccountID  Indicator = "aws_account_id"
	AWSInstanceID Indicator = "aws_instance_id"
	AWSTag        Indicator = "aws_tag"
	TraceID       Indicator = "trace_id"
	Username      Indicator = "username"
	Email         Indicator = "email"
	ActorID       Indicator = "actor_id"
)

// Indicators lists the indicators, in the order in which messages name them.
func Indicators() []Indicator {
	return []Indicator{IP, Domain, Hostname, URL, NetAddr, MD5, SHA1, SHA256, AWSARN, AWSAccountID, AWSInstanceID, AWSTag,
		TraceID, Username, Email, ActorID}
}

// IndicatorSets lists the fields of events that hold indicators, in the order in which events have them.
func IndicatorSets() []string {
	return []string{"p_any_ip_addresses", "p_any_domain_names", "p_any_md5_hashes", "p_any_sha1_hashes", "p_any_sha256_hashes",
		"p_any_trace_ids", "p_any_aws_account_ids", "p_any_aws_instance_ids", "p_any_aws_arns", "p_any_aws_tags", "p_any_emails",
		"p_any_usernames", "p_any_actor_ids"}
}
