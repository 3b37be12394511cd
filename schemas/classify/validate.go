package classify

import (
	"bytes"
	"net/netip"

	"panther/schemas/logtype"
)

// A validation is a logtype.Validate, compiled.
type validation struct {
	allow, deny map[string]bool
	ip, cidr    logtype.Family
}

func newValidation(v *logtype.Validate) *validation {
	set := func(texts []string) map[string]bool {
		if texts == nil {
			return nil
		}
		s := map[string]bool{}
		for _, t := range texts {
			s[t] = true
		}
		return s
	}
	return &validation{set(v.Allow), set(v.Deny), v.IP, v.CIDR}
}

func (v *validation) check(text []byte) result {
	switch {
	case v.allow != nil && !v.allow[string(text)], v.deny[string(text)],
		v.ip != "" && !hasFamily(v.ip, text, isIP),
		v.cidr != "" && !hasFamily(v.cidr, text, isBlock):
		return notAllowed
	}
	return fits
}

func hasFamily(f logtype.Family, text []byte, is func([]byte) bool) bool {
	return is(text) && (f == logtype.AnyFamily || (f == logtype.IPv6) == (bytes.IndexByte(text, ':') >= 0))
}

func isBlock(text []byte) bool {
	_, err := netip.ParsePrefix(string(text))
	return err == nil
}
