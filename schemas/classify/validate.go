package classify

import (
	"bytes"
	"net/netip"

	"panther/schemas/logtype"
)

// A validation is a logtype.Validate, compiled.
type validation struct {
	allow, deny textSet
	ip, cidr    logtype.Family
}

func newValidation(v *logtype.Validate) *validation {
	return &validation{newTextSet(v.Allow), newTextSet(v.Deny), v.IP, v.CIDR}
}

func (v *validation) check(text []byte) result {
	switch {
	case v.allow.texts != nil && !v.allow.has(text), v.deny.has(text),
		v.ip != "" && !hasFamily(v.ip, text, isIP),
		v.cidr != "" && !hasFamily(v.cidr, text, isBlock):
		return notAllowed
	}
	return fits
}

// A textSet is texts. Most that are looked for are not of the length of any.
type textSet struct {
	lengths uint64          // a bit each, the highest for all that are longer
	texts   map[string]bool // nil: no rule lists any
}

func newTextSet(texts []string) (s textSet) {
	if texts != nil {
		s.texts = map[string]bool{}
	}
	for _, t := range texts {
		s.texts[t] = true
		s.lengths |= 1 << min(len(t), 63)
	}
	return s
}

func (s *textSet) has(text []byte) bool {
	return s.lengths>>min(len(text), 63)&1 != 0 && s.texts[string(text)]
}

func hasFamily(f logtype.Family, text []byte, is func([]byte) bool) bool {
	return is(text) && (f == logtype.AnyFamily || (f == logtype.IPv6) == (bytes.IndexByte(text, ':') >= 0))
}

func isBlock(text []byte) bool {
	_, err := netip.ParsePrefix(string(text))
	return err == nil
}
