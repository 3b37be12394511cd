package classify

import (
	"bytes"
	"math/bits"
	"net"
	"net/netip"
	"net/url"
	"slices"

	"panther/schemas/logtype"
)

// The sets, by their place in logtype.IndicatorSets.
var (
	setIPs       = setOf("p_any_ip_addresses")
	setDomains   = setOf("p_any_domain_names")
	setAccounts  = setOf("p_any_aws_account_ids")
	setInstances = setOf("p_any_aws_instance_ids")
	setARNs      = setOf("p_any_aws_arns")
)

func setOf(name string) uint8 { return uint8(slices.Index(logtype.IndicatorSets(), name)) }

// kinds are the indicators by their place in logtype.Indicators: what to look for, and for those that are one text the set that
// it goes to.
var kinds = func() (kinds []indicatorKind) {
	known := map[logtype.Indicator]indicatorKind{
		logtype.MD5:           {hexDigits32, setOf("p_any_md5_hashes")},
		logtype.SHA1:          {hexDigits40, setOf("p_any_sha1_hashes")},
		logtype.SHA256:        {hexDigits64, setOf("p_any_sha256_hashes")},
		logtype.AWSAccountID:  {account, setAccounts},
		logtype.AWSInstanceID: {instance, setInstances},
		logtype.AWSTag:        {anyText, setOf("p_any_aws_tags")},
		logtype.TraceID:       {anyText, setOf("p_any_trace_ids")},
		logtype.Username:      {anyText, setOf("p_any_usernames")},
		logtype.ActorID:       {anyText, setOf("p_any_actor_ids")},
		logtype.Email:         {email, setOf("p_any_emails")},
		logtype.IP:            {address, setIPs},
		logtype.URL:           {shape: webAddress},
		logtype.NetAddr:       {shape: hostAndPort},
		logtype.AWSARN:        {shape: resource},
	}
	for _, i := range logtype.Indicators() {
		kinds = append(kinds, known[i])
	}
	return kinds
}()

type indicatorKind struct {
	shape shape
	set   uint8
}

// A shape is what a text has to look like, to mean something.
type shape uint8

const (
	host shape = iota // an address, or the name of a host or domain
	anyText
	hexDigits32
	hexDigits40
	hexDigits64
	account
	instance
	email
	address
	webAddress  // it has a host in it
	hostAndPort // likewise
	resource    // an ARN: it names other things besides
)

// indicate adds what the text from from to to means, for a bit set of indicators. plain says that it is known to be isPlain.
func (w *worker) indicate(indicators uint32, from, to int, plain bool) {
	if from == to {
		return
	}
	text := w.buf[from:to]
	w.found.plain = plain
	for ; indicators != 0; indicators &= indicators - 1 {
		k := &kinds[bits.TrailingZeros32(indicators)]
		ok := false
		switch k.shape {
		case anyText:
			ok = true
		case hexDigits32:
			ok = len(text) == 32 && allHex(text)
		case hexDigits40:
			ok = len(text) == 40 && allHex(text)
		case hexDigits64:
			ok = len(text) == 64 && allHex(text)
		case account:
			ok = isAccount(text)
		case instance:
			ok = isInstance(text)
		case email:
			ok = isEmail(text)
		case address:
			ok = isIP(text)
		case webAddress:
			w.url(from, to)
		case hostAndPort:
			w.netAddr(from, to)
		case resource:
			w.arn(from, to)
		default:
			w.host(from, to)
		}
		if ok {
			w.indicated(k.set, from, to)
		}
	}
}

// url adds the host of a URL.
func (w *worker) url(from, to int) {
	text := w.buf[from:to]
	if start, end, ok := hostOfURL(text); ok {
		w.host(from+start, from+end)
	} else if u, err := url.Parse(string(text)); err == nil {
		w.foreignHost(u.Hostname())
	}
}

// netAddr adds a host that may have a port behind it.
func (w *worker) netAddr(from, to int) {
	text := w.buf[from:to]
	if bytes.IndexByte(text, ':') >= 0 {
		if host, _, err := net.SplitHostPort(string(text)); err == nil {
			at := from + bytes.Index(text, []byte(host))
			w.host(at, at+len(host))
			return
		}
	}
	w.host(from, to)
}

// host adds an address, or a name: something without white space.
func (w *worker) host(from, to int) {
	text := w.buf[from:to]
	switch {
	case isIP(text):
		w.indicated(setIPs, from, to)
	case len(text) == 0 || string(text) == "-" || hasSpace(text):
	default:
		w.indicated(setDomains, from, to)
	}
}

// foreignHost is host for a text that does not stand in the buffer.
func (w *worker) foreignHost(host string) {
	from := len(w.buf)
	w.found.plain = false
	w.buf = append(w.buf, host...)
	w.host(from, len(w.buf))
}

// arn adds an ARN and what it names: arn:partition:service:region:account:resource.
func (w *worker) arn(from, to int) {
	b := w.buf
	if to-from < len("arn:") || string(b[from:from+4]) != "arn:" {
		return
	}
	before, behind := 0, 0 // the last two colons, in the end those around the account
	at, left := from+len("arn:"), 4
	for ; left > 0; at += 8 {
		if at >= to {
			return
		}
		for found := zeroBytes(word(b, at) ^ ':'*lows); found != 0 && left > 0; found &= found - 1 {
			before, behind = behind, at+bits.TrailingZeros64(found)>>3
			left--
		}
	}
	if behind >= to {
		return
	}
	w.indicated(setARNs, from, to)
	if isAccount(b[before+1 : behind]) {
		w.indicated(setAccounts, before+1, behind)
	}
	if id, ok := bytes.CutPrefix(b[behind+1:to], []byte("instance/")); ok && isInstance(id) {
		w.indicated(setInstances, to-len(id), to)
	}
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

func isAccount(b []byte) bool { return len(b) == 12 && allDigits(word(b, 0)) && allDigits(word(b, 4)) }

// allDigits reports whether eight bytes are digits: their upper half is 3, also with 6 added.
func allDigits(x uint64) bool { return (x&(0xf0*lows))|((x+0x06*lows)&(0xf0*lows))>>4 == 0x33*lows }

func isInstance(b []byte) bool {
	id, ok := bytes.CutPrefix(b, []byte("i-"))
	for _, c := range id {
		if !isHex(c) || c-'A' <= 5 {
			return false
		}
	}
	return ok && len(id) > 0
}

func isEmail(b []byte) bool {
	at := bytes.IndexByte(b, '@')
	return at > 0 && at < len(b)-1 && !hasSpace(b)
}

func hasSpace(b []byte) bool {
	for _, c := range b {
		if c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			return true
		}
	}
	return false
}

// isIP takes what netip.ParseAddr takes, without a zone.
func isIP(b []byte) bool {
	if len(b) < 2 || len(b) > 45 {
		return false
	}
	for i, c := range b {
		switch {
		case c == '.':
			return isIPv4(b)
		case c == ':':
			addr, err := netip.ParseAddr(string(b))
			return err == nil && addr.Zone() == ""
		case !isHex(c) || i > 4:
			return false
		}
	}
	return false
}

// isIPv4 takes four numbers up to 255 without zeros before them.
func isIPv4(b []byte) bool {
	i := 0
	for part := 1; ; part++ {
		if i == len(b) || !isDigit(b[i]) {
			return false
		}
		n := int(b[i] - '0')
		i++
		for i < len(b) && isDigit(b[i]) {
			if n = n*10 + int(b[i]-'0'); n < 10 || n > 255 {
				return false
			}
			i++
		}
		if part == 4 || i == len(b) {
			return part == 4 && i == len(b)
		}
		if b[i] != '.' {
			return false
		}
		i++
	}
}

// hostOfURL finds the host in a URL of the common form; false: package net/url has to look at it.
func hostOfURL(b []byte) (from, to int, ok bool) {
	if !isVisible(b) {
		return 0, 0, false
	}
	if b[0] == '/' && !bytes.HasPrefix(b, []byte("//")) {
		return 0, 0, true // a path
	}
	scheme := bytes.IndexByte(b, ':')
	if scheme <= 0 || !bytes.HasPrefix(b[scheme:], []byte("://")) || !isLetter(b[0]) {
		return 0, 0, false
	}
	for _, c := range b[:scheme] {
		if !isLetter(c) && !isDigit(c) {
			return 0, 0, false
		}
	}
	from = scheme + len("://")
	to = from
	for to < len(b) && (isLetter(b[to]) || isDigit(b[to]) || b[to] == '.' || b[to] == '-') {
		to++
	}
	end := to
	if end < len(b) && b[end] == ':' {
		for end++; end < len(b) && isDigit(b[end]); end++ {
		}
	}
	return from, to, end == len(b) || b[end] == '/' || b[end] == '?' || b[end] == '#'
}

// isVisible reports whether all bytes are ASCII that is seen, and no percent sign.
func isVisible(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c < '!' || c >= 0x7f || c == '%' {
				return false
			}
		}
		return true
	}
	for i := 0; i+8 <= len(b); i += 8 {
		if isInvisible(word(b, i)) {
			return false
		}
	}
	return !isInvisible(word(b, len(b)-8))
}

// isInvisible reports whether any byte of x is not isVisible.
func isInvisible(x uint64) bool {
	percent, last := x^'%'*lows, x^0x7f*lows
	return ((x-'!'*lows)|(percent-lows)&^percent|(last-lows)&^last|x)&highs != 0
}

func isLetter(c byte) bool { return (c|0x20)-'a' <= 25 }
