package infer

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"panther/schemas/logtype"
)

// looks is what the texts of a field look like, for indicators: those that every text fits are kept.
type looks struct {
	words []string // of the field's name
	some  bool
	fits  []logtype.Indicator
}

func (l *looks) named(name string) { l.words = nameWords(name) }

// A look is an indicator that texts can be told by, where it needs no more than the text, or by the name as well.
type look struct {
	indicator logtype.Indicator
	names     []string // the last word of the name is one of them; none: any name
	fits      func(text string) bool
}

var lookTable = []look{
	{logtype.IP, nil, isAddress},
	{logtype.NetAddr, nil, isAddressAndPort},
	{logtype.URL, nil, isURL},
	{logtype.Email, nil, regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$`).MatchString},
	{logtype.AWSARN, nil, regexp.MustCompile(`^arn:aws[a-z-]*:[^:]*:[^:]*:[^:]*:.+$`).MatchString},
	{logtype.AWSInstanceID, nil, regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`).MatchString},
	{logtype.AWSAccountID, []string{"account", "accountid", "owner"}, regexp.MustCompile(`^[0-9]{12}$`).MatchString},
	{logtype.SHA256, nil, regexp.MustCompile(`^([0-9a-f]{64}|[0-9A-F]{64})$`).MatchString},
	{logtype.SHA1, nil, regexp.MustCompile(`^([0-9a-f]{40}|[0-9A-F]{40})$`).MatchString},
	{logtype.MD5, []string{"md5", "hash", "checksum", "digest"}, regexp.MustCompile(`^([0-9a-f]{32}|[0-9A-F]{32})$`).MatchString},
	{logtype.Hostname, []string{"host", "hostname", "server", "fqdn"}, isHost},
	{logtype.Domain, []string{"domain"}, isHost},
	{logtype.TraceID, []string{"trace", "traceid", "request", "requestid", "correlation", "correlationid"}, isWord},
	{logtype.Username, []string{"user", "username", "login"}, isWord},
}

func (l *looks) text(text string) {
	if text == "-" {
		return
	}
	if !l.some {
		l.some = true
		for _, look := range lookTable {
			if l.nameFits(look) {
				l.fits = append(l.fits, look.indicator)
			}
		}
	}
	if len(l.fits) == 0 {
		return
	}
	l.fits = slices.DeleteFunc(l.fits, func(i logtype.Indicator) bool {
		at := slices.IndexFunc(lookTable, func(look look) bool { return look.indicator == i })
		return !lookTable[at].fits(text)
	})
}

// nameFits reports whether a field's name allows a look: its last word, or the one before a last "id" or "name".
func (l *looks) nameFits(look look) bool {
	if len(look.names) == 0 {
		return true
	}
	words := l.words
	if n := len(words); n > 1 && (words[n-1] == "id" || words[n-1] == "name") {
		words = words[:n-1]
	}
	return len(words) > 0 && slices.Contains(look.names, words[len(words)-1])
}

// indicators returns what all texts were.
func (l *looks) indicators() []logtype.Indicator {
	if slices.Contains(l.fits, logtype.Hostname) {
		return []logtype.Indicator{logtype.Hostname} // it takes addresses as well, and the next one may be a name
	}
	if len(l.fits) == 0 {
		return nil
	}
	return l.fits
}

func isAddress(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && a.Zone() == "" && len(text) > len("::1")
}

func isAddressAndPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	return err == nil && port != "" && isAddress(host)
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

func isHost(text string) bool { return hostPattern.MatchString(text) || isAddress(text) }

func isWord(text string) bool { return !strings.ContainsAny(text, " \t\r\n") }
