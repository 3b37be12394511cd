package logtype

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"panther/schemas/strict"
)

// A Family is a kind of internet addresses.
type Family string

// The families; the empty one asks for no address at all.
const (
	AnyFamily Family = "any"
	IPv4      Family = "ipv4"
	IPv6      Family = "ipv6"
)

func families() []Family { return []Family{AnyFamily, IPv4, IPv6} }

// Validate says what a string may be. Case counts; an empty text is a text like others.
type Validate struct {
	Allow []string // one of these; nil: whatever it likes
	Deny  []string // none of these
	IP    Family   // an address; one with a zone is none
	CIDR  Family   // a block of addresses, as 10.0.0.0/8; the bits behind the prefix need not be zero
}

// Check reports whether a text may stand in the field, and, if not, what was expected there.
func (v *Validate) Check(text string) (expected string, ok bool) {
	switch {
	case v.Allow != nil && !slices.Contains(v.Allow, text):
		return "one of " + quoted(v.Allow), false
	case slices.Contains(v.Deny, text):
		return "none of " + quoted(v.Deny), false
	case v.IP != "" && !v.IP.hasAddress(text):
		return v.IP.words("address"), false
	case v.CIDR != "" && !v.CIDR.hasBlock(text):
		return v.CIDR.words("CIDR block"), false
	}
	return "", true
}

func (f Family) hasAddress(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Zone() == "" && f.has(addr)
}

func (f Family) hasBlock(text string) bool {
	block, err := netip.ParsePrefix(text)
	return err == nil && f.has(block.Addr())
}

func (f Family) has(addr netip.Addr) bool {
	return f == AnyFamily || addr.Is4() == (f == IPv4)
}

func (f Family) words(what string) string {
	name := map[Family]string{AnyFamily: "IP", IPv4: "IPv4", IPv6: "IPv6"}[f]
	return fmt.Sprintf("an %s %s", name, what)
}

// quoted lists the first texts in quotes, as many as a person reads.
func quoted(texts []string) string {
	const most = 5
	var b strings.Builder
	for i, text := range texts {
		if i == most {
			fmt.Fprintf(&b, " and %d others", len(texts)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", text)
	}
	return b.String()
}

// maxListed bounds lists of texts, each of which every value is compared with.
const maxListed = 1000

func readValidate(n strict.Node) *Validate {
	if !n.Present() {
		return nil
	}
	v := &Validate{}
	n.Mapping(func(m *strict.Mapping) {
		allow, deny := m.Optional("allow"), m.Optional("deny")
		v.Allow, v.Deny = readList(allow), readList(deny)
		ip, cidr := m.Optional("ip"), m.Optional("cidr")
		v.IP, v.CIDR = Family(ip.OneOf(texts(families())...)), Family(cidr.OneOf(texts(families())...))
		if len(m.Keys()) == 0 {
			m.Problem("validate says nothing", "give it allow, deny, ip or cidr")
		}
		if ip.Present() && cidr.Present() {
			cidr.Problem("cidr beside ip", "no text is both, an address and a block of addresses")
		}
		for _, item := range allow.List() {
			if text := item.Text(); text != "" && slices.Contains(v.Deny, text) {
				item.Problem(fmt.Sprintf("%q is allowed and denied", text), "allow says all that is allowed: deny can go")
			} else if expected, ok := (&Validate{IP: v.IP, CIDR: v.CIDR}).Check(text); !ok {
				item.Problem(fmt.Sprintf("%q is allowed, and it is not %s", text, expected), "leave one of the two out")
			}
		}
	})
	return v
}

// readList reads a list that, if it is there, has at least one text in it.
func readList(n strict.Node) []string {
	texts := n.Texts()
	switch {
	case !n.Present():
	case n.IsList() && len(n.List()) == 0:
		n.Problem("the list is empty", "put a text in it, or leave the key out")
	case len(texts) > maxListed:
		n.Problem(fmt.Sprintf("a list of %d texts", len(texts)), fmt.Sprintf("%d are the most", maxListed))
	}
	return texts
}
