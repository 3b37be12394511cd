package notify

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// secrets are texts that must not be seen in an answer or an error: values of headers, and all of a URL but its host.
type secrets []string

// Below these lengths a text is no secret, and hiding it would make messages unreadable. Parts of a path are often words.
const (
	shortestSecret  = 4
	shortestSegment = 8
)

// hidden stands where a secret was.
const hidden = "***"

// add notes a secret in the forms in which a server may repeat it.
func (s *secrets) add(texts ...string) {
	for _, t := range texts {
		if len(t) < shortestSecret {
			continue
		}
		quoted, _ := json.Marshal(t)
		for _, form := range []string{t, url.QueryEscape(t), url.PathEscape(t), string(quoted[1 : len(quoted)-1])} {
			if !slices.Contains(*s, form) {
				*s = append(*s, form)
			}
		}
	}
	// Longest first, so that a secret within another does not leave the rest of the longer one behind.
	slices.SortStableFunc(*s, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

// addHeader notes the value of a header, and the credential behind a scheme such as Bearer.
func (s *secrets) addHeader(value string) {
	s.add(value)
	if _, credential, ok := strings.Cut(value, " "); ok {
		s.add(credential)
	}
}

// addURL notes what a URL gives away: whoever knows a webhook's path or query can send to it.
func (s *secrets) addURL(u *url.URL) {
	s.add(u.String(), u.RequestURI(), u.Path, u.EscapedPath(), u.RawQuery, u.Fragment)
	for segment := range strings.SplitSeq(u.Path, "/") {
		if len(segment) >= shortestSegment {
			s.add(segment)
		}
	}
	for _, values := range u.Query() {
		s.add(values...)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		s.add(u.User.String(), u.User.Username(), password)
		s.add(base64.StdEncoding.EncodeToString([]byte(u.User.Username() + ":" + password)))
	}
}

// hide replaces every secret in text. With cut, text was cut off at its end, perhaps within a secret: that part goes too.
func (s secrets) hide(text string, cut bool) string {
	if cut {
		text = s.trimPart(text)
	}
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return text
}

// trimPart cuts the longest beginning of a secret off the end of text.
func (s secrets) trimPart(text string) string {
	longest := 0
	for _, secret := range s {
		for n := min(len(secret), len(text)); n > longest; n-- {
			if strings.HasSuffix(text, secret[:n]) {
				longest = n
				break
			}
		}
	}
	return text[:len(text)-longest]
}
