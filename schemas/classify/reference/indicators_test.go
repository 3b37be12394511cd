package reference_test

import (
	"strings"
	"testing"
)

func TestIndicators(t *testing.T) {
	const ips, domains = "p_any_ip_addresses", "p_any_domain_names"
	for _, tt := range []struct{ indicator, text, want string }{ // want: set=value ..., in the order of events
		{"ip", "198.51.100.7", ips + "=198.51.100.7"},
		{"ip", "2001:db8::5", ips + "=2001:db8::5"},
		{"ip", "fe80::1%eth0", ""},
		{"ip", "198.51.100.700", ""},
		{"ip", "-", ""},
		{"domain", "a.example", domains + "=a.example"},
		{"domain", "198.51.100.7", ips + "=198.51.100.7"},
		{"hostname", "AWS Internal", ""},
		{"hostname", "-", ""},
		{"url", "https://user:secret@a.example:8443/p?q#f", domains + "=a.example"},
		{"url", "http://[2001:db8::5]/", ips + "=2001:db8::5"},
		{"url", "/only/a/path", ""},
		{"url", "http://%zz", ""},
		{"net_addr", "a.example:443", domains + "=a.example"},
		{"net_addr", "198.51.100.7:443", ips + "=198.51.100.7"},
		{"net_addr", "2001:db8::5", ips + "=2001:db8::5"},
		{"md5", strings.Repeat("aF", 16), "p_any_md5_hashes=" + strings.Repeat("aF", 16)},
		{"md5", strings.Repeat("aF", 20), ""},
		{"sha1", strings.Repeat("aF", 20), "p_any_sha1_hashes=" + strings.Repeat("aF", 20)},
		{"sha256", strings.Repeat("aF", 32), "p_any_sha256_hashes=" + strings.Repeat("aF", 32)},
		{"sha256", strings.Repeat("aG", 32), ""},
		{"aws_arn", "arn:aws:s3:::b", "p_any_aws_arns=arn:aws:s3:::b"},
		{"aws_arn", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0ab", "p_any_aws_account_ids=111122223333 p_any_aws_instance_ids=i-0ab p_any_aws_arns=arn:aws:ec2:eu-west-1:111122223333:instance/i-0ab"},
		{"aws_arn", "arn:aws", ""},
		{"aws_account_id", "111122223333", "p_any_aws_account_ids=111122223333"},
		{"aws_account_id", "11112222333", ""},
		{"aws_account_id", "unknown", ""},
		{"aws_instance_id", "i-0ab", "p_any_aws_instance_ids=i-0ab"},
		{"aws_instance_id", "i-", ""},
		{"aws_tag", "team=x", "p_any_aws_tags=team=x"},
		{"trace_id", "t1", "p_any_trace_ids=t1"},
		{"trace_id", "", ""},
		{"username", "maria", "p_any_usernames=maria"},
		{"email", "maria@example.com", "p_any_emails=maria@example.com"},
		{"email", "maria", ""},
		{"email", "@", ""},
		{"actor_id", "a1", "p_any_actor_ids=a1"},
	} {
		v := check(`{"f":"`+tt.text+`"}`, typed(t, "string", "indicators: ["+tt.indicator+"]"))
		_, sets, _ := strings.Cut(string(v.Event), `"p_schema_version":0`)
		got := strings.NewReplacer(`,"p_any`, ` p_any`, `":["`, "=", `"]`, "", "}", "").Replace(sets)
		if strings.TrimSpace(got) != tt.want {
			t.Errorf("%s of %q: got %q, want %q", tt.indicator, tt.text, strings.TrimSpace(got), tt.want)
		}
	}
}
