package classify

import (
	"bytes"
	"cmp"
	"math/bits"
	"net"
	"net/netip"
	"net/url"
	"slices"

	"panther/schemas/logtype"
)

// An indicator found in a line: a set of the event, and the place of a text in the worker's buffer.
type indicator struct {
	set      uint8
	from, to uint32
}

// The sets, by their place in logtype.IndicatorSets.
var (
	setIPs       = setOf("p_any_ip_addresses")
	setDomains   = setOf("p_any_domain_names")
	setAccounts  = setOf("p_any_aws_account_ids")
	setInstances = setOf("p_any_aws_instance_ids")
	setARNs      = setOf("p_any_aws_arns")
)

func setOf(name string) uint8 { return uint8(slices.Index(logtype.IndicatorSets(), name)) }

// setNames are the names of the sets as events write them, with a comma before.
var setNames = func() (names []string) {
	for _, set := range logtype.IndicatorSets() {
		names = append(names, `,"`+set+`":[`)
	}
	return names
}()

// kinds are the indicators, by their place in logtype.Indicators, and for simple ones their set and which texts it takes.
var kinds = func() (kinds []indicatorKind) {
	simple := map[logtype.Indicator]indicatorKind{
		logtype.MD5:           {set: setOf("p_any_md5_hashes"), takes: func(b []byte) bool { return len(b) == 32 && allHex(b) }},
		logtype.SHA1:          {set: setOf("p_any_sha1_hashes"), takes: func(b []byte) bool { return len(b) == 40 && allHex(b) }},
		logtype.SHA256:        {set: setOf("p_any_sha256_hashes"), takes: func(b []byte) bool { return len(b) == 64 && allHex(b) }},
		logtype.AWSAccountID:  {set: setAccounts, takes: isAccount},
		logtype.AWSInstanceID: {set: setInstances, takes: isInstance},
		logtype.AWSTag:        {set: setOf("p_any_aws_tags"), takes: isAny},
		logtype.TraceID:       {set: setOf("p_any_trace_ids"), takes: isAny},
		logtype.Username:      {set: setOf("p_any_usernames"), takes: isAny},
		logtype.Email:         {set: setOf("p_any_emails"), takes: isEmail},
		logtype.ActorID:       {set: setOf("p_any_actor_ids"), takes: isAny},
		logtype.IP:            {set: setIPs, takes: isIP},
	}
	for _, i := range logtype.Indicators() {
		k := simple[i]
		k.Indicator = i
		kinds = append(kinds, k)
	}
	return kinds
}()

type indicatorKind struct {
	logtype.Indicator
	set   uint8
	takes func([]byte) bool // nil: not simple
}

// indicate adds what the text from from to to means, for a bit set of indicators.
func (w *worker) indicate(indicators uint32, from, to int) {
	if from == to {
		return
	}
	for ; indicators != 0; indicators &= indicators - 1 {
		k := &kinds[bits.TrailingZeros32(indicators)]
		text := w.buf[from:to]
		switch {
		case k.takes != nil:
			if k.takes(text) {
				w.indicated(k.set, from, to)
			}
		case k.Indicator == logtype.URL:
			if start, end, ok := hostOfURL(text); ok {
				w.host(from+start, from+end)
			} else if u, err := url.Parse(string(text)); err == nil {
				w.foreignHost(u.Hostname())
			}
		case k.Indicator == logtype.NetAddr:
			if bytes.IndexByte(text, ':') < 0 {
				w.host(from, to)
			} else if host, _, err := net.SplitHostPort(string(text)); err == nil {
				at := from + bytes.Index(text, []byte(host))
				w.host(at, at+len(host))
			} else {
				w.host(from, to)
			}
		case k.Indicator == logtype.AWSARN:
			w.arn(from, to)
		default: // domain and hostname
			w.host(from, to)
		}
	}
}

// indicated adds a text to a set, unless one of those added last is the same.
func (w *worker) indicated(set uint8, from, to int) {
	for i := len(w.found) - 1; i >= max(0, len(w.found)-16); i-- {
		f := &w.found[i]
		if f.set == set && int(f.to-f.from) == to-from && bytes.Equal(w.buf[f.from:f.to], w.buf[from:to]) {
			return
		}
	}
	w.found = append(w.found, indicator{set, uint32(from), uint32(to)})
}

// host adds an address, or a name: something without white space.
func (w *worker) host(from, to int) {
	text := w.buf[from:to]
	switch {
	case isIP(text):
		w.indicated(setIPs, from, to)
	case len(text) == 0 || string(text) == "-" || bytes.ContainsAny(text, " \t\r\n"):
	default:
		w.indicated(setDomains, from, to)
	}
}

// foreignHost is host for a text that does not stand in the buffer.
func (w *worker) foreignHost(host string) {
	from := len(w.buf)
	w.buf = append(w.buf, host...)
	w.host(from, len(w.buf))
}

// arn adds an ARN and what it names: arn:partition:service:region:account:resource.
func (w *worker) arn(from, to int) {
	text := w.buf[from:to]
	if !bytes.HasPrefix(text, []byte("arn:")) {
		return
	}
	var colons [5]int
	at := 0
	for n := range colons {
		next := bytes.IndexByte(text[at:], ':')
		if next < 0 {
			return
		}
		colons[n] = at + next
		at += next + 1
	}
	w.indicated(setARNs, from, to)
	if isAccount(text[colons[3]+1 : colons[4]]) {
		w.indicated(setAccounts, from+colons[3]+1, from+colons[4])
	}
	if id, ok := bytes.CutPrefix(text[at:], []byte("instance/")); ok && isInstance(id) {
		w.indicated(setInstances, to-len(id), to)
	}
}

// sets writes the indicators that were found: each set sorted by bytes, each value once.
func (w *worker) sets() {
	w.sortFound()
	for i, f := range w.found {
		text := w.buf[f.from:f.to]
		switch {
		case i == 0 || w.found[i-1].set != f.set:
			if i > 0 {
				w.out = append(w.out, ']')
			}
			w.out = append(w.out, setNames[f.set]...)
		case bytes.Equal(text, w.buf[w.found[i-1].from:w.found[i-1].to]):
			continue
		default:
			w.out = append(w.out, ',')
		}
		w.out = appendText(w.out, text)
	}
	if len(w.found) > 0 {
		w.out = append(w.out, ']')
	}
}

// sortFound sorts by sets and bytes. There are few in most lines, and for few this is the fastest way.
func (w *worker) sortFound() {
	if len(w.found) > 24 {
		buf := w.buf
		slices.SortFunc(w.found, func(a, b indicator) int {
			return cmp.Or(cmp.Compare(a.set, b.set), bytes.Compare(buf[a.from:a.to], buf[b.from:b.to]))
		})
		return
	}
	for i := 1; i < len(w.found); i++ {
		f, k := w.found[i], i
		for ; k > 0; k-- {
			if o := w.found[k-1]; o.set < f.set || o.set == f.set && bytes.Compare(w.buf[o.from:o.to], w.buf[f.from:f.to]) <= 0 {
				break
			}
			w.found[k] = w.found[k-1]
		}
		w.found[k] = f
	}
}

func isAny([]byte) bool { return true }

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

func isAccount(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) == 12
}

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
	return at > 0 && at < len(b)-1 && !bytes.ContainsAny(b, " \t\r\n")
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

func isIPv4(b []byte) bool {
	parts, digits, value := 1, 0, 0
	for _, c := range b {
		switch {
		case isDigit(c):
			if digits > 0 && value == 0 {
				return false // a zero before
			}
			value = value*10 + int(c-'0')
			if digits++; value > 255 {
				return false
			}
		case c == '.' && digits > 0:
			parts++
			digits, value = 0, 0
		default:
			return false
		}
	}
	return parts == 4 && digits > 0
}

// hostOfURL finds the host in a URL of the common form; false: package net/url has to look at it.
func hostOfURL(b []byte) (from, to int, ok bool) {
	for _, c := range b {
		if c < '!' || c >= 0x7f || c == '%' {
			return 0, 0, false
		}
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

func isLetter(c byte) bool { return (c|0x20)-'a' <= 25 }
