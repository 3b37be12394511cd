package reference

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"panther/schemas/logtype"
)

// A found indicator: a value and the set of the event that it belongs to.
type found struct{ set, value string }

// appendIndicators adds what a text with an indicator means. A text that is none of its kind, as "-" for an address, adds
// nothing.
func appendIndicators(dst []found, i logtype.Indicator, text string) []found {
	if text == "" {
		return dst
	}
	switch i {
	case logtype.IP:
		if isIP(text) {
			return append(dst, found{"p_any_ip_addresses", text})
		}
		return dst
	case logtype.Domain, logtype.Hostname:
		return appendHost(dst, text)
	case logtype.URL:
		if u, err := url.Parse(text); err == nil {
			host, _ := decode([]byte(u.Hostname())) // which had percent signs, perhaps
			return appendHost(dst, host)
		}
		return dst
	case logtype.NetAddr:
		if host, _, err := net.SplitHostPort(text); err == nil {
			return appendHost(dst, host)
		}
		return appendHost(dst, text)
	case logtype.AWSARN:
		return appendARN(dst, text)
	}
	if set := simpleSets[i]; set.takes(text) {
		return append(dst, found{set.name, text})
	}
	return dst
}

// A simpleSet takes texts as they are.
type simpleSet struct {
	name  string
	takes func(text string) bool
}

var simpleSets = map[logtype.Indicator]simpleSet{
	logtype.MD5:           {"p_any_md5_hashes", isHash(32)},
	logtype.SHA1:          {"p_any_sha1_hashes", isHash(40)},
	logtype.SHA256:        {"p_any_sha256_hashes", isHash(64)},
	logtype.AWSAccountID:  {"p_any_aws_account_ids", isAccount},
	logtype.AWSInstanceID: {"p_any_aws_instance_ids", isInstance},
	logtype.AWSTag:        {"p_any_aws_tags", isAny},
	logtype.TraceID:       {"p_any_trace_ids", isAny},
	logtype.Username:      {"p_any_usernames", isAny},
	logtype.Email:         {"p_any_emails", isEmail},
	logtype.ActorID:       {"p_any_actor_ids", isAny},
}

// appendHost adds an address, or a name: something without white space.
func appendHost(dst []found, host string) []found {
	switch {
	case isIP(host):
		return append(dst, found{"p_any_ip_addresses", host})
	case host == "" || host == "-" || strings.ContainsAny(host, " \t\r\n"):
		return dst
	}
	return append(dst, found{"p_any_domain_names", host})
}

// appendARN adds an ARN and what it names: arn:partition:service:region:account:resource.
func appendARN(dst []found, text string) []found {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return dst
	}
	dst = append(dst, found{"p_any_aws_arns", text})
	if isAccount(parts[4]) {
		dst = append(dst, found{"p_any_aws_account_ids", parts[4]})
	}
	if id, ok := strings.CutPrefix(parts[5], "instance/"); ok && isInstance(id) {
		dst = append(dst, found{"p_any_aws_instance_ids", id})
	}
	return dst
}

func isAny(string) bool { return true }

func isIP(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Zone() == ""
}

func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}

func isInstance(text string) bool {
	id, ok := strings.CutPrefix(text, "i-")
	return ok && id != "" && strings.Trim(id, "0123456789abcdef") == ""
}

func isEmail(text string) bool {
	name, domain, ok := strings.Cut(text, "@")
	return ok && name != "" && domain != "" && !strings.ContainsAny(text, " \t\r\n")
}

func isHash(digits int) func(string) bool {
	return func(text string) bool {
		return len(text) == digits && strings.Trim(text, "0123456789abcdefABCDEF") == ""
	}
}
