package classify

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"net"
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
var kinds = func() (kinds [32]indicatorKind) {
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
	for i, indicator := range logtype.Indicators() {
		kinds[i] = known[indicator]
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
	w.found.plain = plain
	for ; indicators != 0; indicators &= indicators - 1 {
		k := &kinds[bits.TrailingZeros32(indicators)&31]
		ok := true
		switch k.shape {
		case anyText:
		case hexDigits32:
			ok = to-from == 32 && allHex(w.buf[from:to])
		case hexDigits40:
			ok = to-from == 40 && allHex(w.buf[from:to])
		case hexDigits64:
			ok = to-from == 64 && allHex(w.buf[from:to])
		case account:
			ok = isAccount(w.buf, from, to)
		case instance:
			ok = isInstance(w.buf[from:to])
		case email:
			ok = isEmail(w.buf[from:to])
		case address:
			ok = isIP(w.buf[from:to])
		case webAddress:
			w.url(from, to)
			continue
		case hostAndPort:
			w.netAddr(from, to)
			continue
		case resource:
			w.arn(from, to)
			continue
		default:
			w.host(from, to)
			continue
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
		w.hostName(from+start, from+end)
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
	if !hasSpace(w.buf[from:to]) {
		w.hostName(from, to)
	}
}

// hostName is host for what has no white space.
func (w *worker) hostName(from, to int) {
	text := w.buf[from:to]
	switch {
	case isIP(text):
		w.indicated(setIPs, from, to)
	case len(text) > 0 && string(text) != "-":
		w.indicated(setDomains, from, to)
	}
}

// foreignHost is host for a text that does not stand in the buffer.
func (w *worker) foreignHost(host string) {
	from := len(w.buf)
	w.found.plain = false
	w.buf = append(w.buf, validUTF8(host)...)
	w.host(from, len(w.buf))
}

// arn adds an ARN and what it names: arn:partition:service:region:account:resource.
func (w *worker) arn(from, to int) {
	before, behind := accountOf(w.buf, from, to)
	if behind == 0 {
		return
	}
	w.indicated(setARNs, from, to)
	if isAccount(w.buf, before+1, behind) {
		w.indicated(setAccounts, before+1, behind)
	}
	const instance = "instance/"
	if at := behind + 1 + len(instance); at < to && string(w.buf[behind+1:at]) == instance && isInstance(w.buf[at:to]) {
		w.indicated(setInstances, at, to)
	}
}

// accountOf returns where the colons around the account of an ARN stand in b, its fourth and its fifth; 0: the text from from to to
// is none. Mostly they are among the first bytes, which are looked at without asking where the text ends.
func accountOf(b []byte, from, to int) (before, behind int) {
	const arn = "arn:"
	if to-from < len(arn) || string(b[from:from+len(arn)]) != arn {
		return 0, 0
	}
	if at := from + len(arn); at+40 <= len(b) {
		x := b[at : at+40]
		colons := marksOf(word(x, 0), ':') | marksOf(word(x, 8), ':')<<8 | marksOf(word(x, 16), ':')<<16 | marksOf(word(x, 24), ':')<<24 | marksOf(word(x, 32), ':')<<32
		colons &= colons - 1
		colons &= colons - 1
		if others := colons & (colons - 1); others != 0 {
			before, behind = at+bits.TrailingZeros64(colons), at+bits.TrailingZeros64(others)
			if behind >= to {
				return 0, 0
			}
			return before, behind
		}
	}
	behind = from - 1
	for range 5 {
		at := bytes.IndexByte(b[behind+1:to], ':')
		if at < 0 {
			return 0, 0
		}
		before, behind = behind, behind+1+at
	}
	return before, behind
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

// isAccount reports whether the text from from to to has twelve digits.
func isAccount(b []byte, from, to int) bool {
	return to-from == 12 && allDigits(word(b, from)) && allDigits(word(b, from+4))
}

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
	if len(b) >= 8 && isVisible(b) {
		return false
	}
	for _, c := range b {
		if c <= ' ' && (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			return true
		}
	}
	return false
}

// isIP takes what netip.ParseAddr takes, without a zone.
func isIP(b []byte) bool {
	switch {
	case len(b) < 2 || len(b) > 45:
		return false
	case isDigit(b[0]) && isIPv4(b):
		return true
	}
	for _, c := range b[:min(len(b), 5)] { // a group has four digits
		switch {
		case c == ':':
			return isIPv6(b)
		case !isHex(c):
			return false
		}
	}
	return false
}

// isIPv4 takes four numbers up to 255 without zeros before them. Numbers of one to three digits come in any order: it is faster to
// look at all three than to ask how many there are.
func isIPv4(b []byte) bool {
	if len(b) > len("255.255.255.255") {
		return false
	}
	if cap(b) < 24 {
		b = append(make([]byte, 0, 24), b...)
	}
	x := (*[24]byte)(b[:24])
	ends := (marksOf(word(x[:], 0), '.')|marksOf(word(x[:], 8), '.')<<8)&(1<<len(b)-1) | 1<<len(b)
	from, wrong := 0, uint64(0) // wrong is not zero if a number has not one to three digits: then what is read for it says nothing
	for range 4 {
		to := bits.TrailingZeros64(ends)
		n := to - from
		digits := (binary.LittleEndian.Uint32(x[from&15:]) ^ '0'*ones) << (-8 * n & 31)
		value := int(digits>>24 + digits>>16&15*10 + digits>>8&15*100)
		wrong |= uint64((digits|(digits+0x76*ones))&(0x80*ones)) | uint64((n-1)|(3-n)|(value-least[n&3])|(255-value))>>63
		ends &= ends - 1
		from = to + 1
	}
	return wrong|ends == 0
}

const ones = 0x01010101

// least is by the length of a number the least that has no zero before it.
var least = [4]int{2: 10, 3: 100}

// isIPv6 takes eight groups of one to four hexadecimal digits, the last two of which may be written as an IPv4 address. "::" stands
// for one group at least.
func isIPv6(b []byte) bool {
	groups, gap, i := 0, false, 0
	if bytes.HasPrefix(b, []byte("::")) {
		gap, i = true, 2
	}
	for i < len(b) {
		start := i
		for i < len(b) && isHex(b[i]) {
			i++
		}
		if i < len(b) && b[i] == '.' {
			if !isIPv4(b[start:]) {
				return false
			}
			groups += 2
			break
		}
		groups++
		if n := i - start; n == 0 || n > 4 || i < len(b) && b[i] != ':' || i == len(b)-1 {
			return false
		}
		i++
		if i < len(b) && b[i] == ':' {
			if gap {
				return false
			}
			gap = true
			i++
		}
	}
	return groups == 8 && !gap || groups < 8 && gap
}

// hostOfURL finds the host in a URL of the common form; false: package net/url has to look at it.
func hostOfURL(b []byte) (from, to int, ok bool) {
	if b[0] == '/' && !bytes.HasPrefix(b, []byte("//")) {
		return 0, 0, true // a path
	}
	if from = schemeOf(b); from == 0 || !isVisible(b) {
		return 0, 0, false
	}
	to = from
	for to < len(b) && inNames[b[to]] {
		to++
	}
	end := to
	if end < len(b) && b[end] == ':' {
		for end++; end < len(b) && isDigit(b[end]); end++ {
		}
	}
	return from, to, end == len(b) || b[end] == '/' || b[end] == '?' || b[end] == '#'
}

// schemeOf returns how long the scheme of a URL is, with the slashes behind it; 0: it has none of the common form.
func schemeOf(b []byte) int {
	const https, http = "https://", "http://"
	switch {
	case bytes.HasPrefix(b, []byte(https)):
		return len(https)
	case bytes.HasPrefix(b, []byte(http)):
		return len(http)
	}
	end := bytes.IndexByte(b, ':')
	if end <= 0 || !bytes.HasPrefix(b[end:], []byte("://")) || !isLetter(b[0]) {
		return 0
	}
	for _, c := range b[:end] {
		if !isLetter(c) && !isDigit(c) {
			return 0
		}
	}
	return end + len("://")
}

// inNames tells the bytes that names of hosts have.
var inNames = func() (in [256]bool) {
	for c := range in {
		in[c] = isLetter(byte(c)) || isDigit(byte(c)) || c == '.' || c == '-'
	}
	return in
}()

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
