package notify

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"panther/schemas/catalogue"
)

// Options is what destinations and the sink need besides the catalogue. The zero value works.
type Options struct {
	Console   string                   // URL of the console, for links; empty: links are empty
	Env       func(name string) string // looks up the secrets of env: references; nil: none is set
	Out       io.Writer                // where destinations of type log print, one Write an alert; nil: nowhere
	Transport http.RoundTripper        // nil: NewSink makes one, Build takes http.DefaultTransport
	InFlight  int                      // calls at once to one destination, 1 to 8; 0: 4
	Queue     int                      // attempts that may wait for one destination; 0: 4096
	MaxWait   time.Duration            // how long an attempt waits before it is answered with busy; 0: 5s
}

// A kind is a type of destination: the name that the catalogue uses, and how to make one from its settings. Mistakes in
// the settings are noted there, not returned.
type kind struct {
	name string
	make func(s *settings, o Options) Destination
}

// kinds lists the types of destinations.
func kinds() []kind {
	return []kind{
		{catalogue.TypeWebhook, newWebhook},
		{catalogue.TypeSlack, newSlack},
		{catalogue.TypeLog, newLog},
	}
}

// Build makes the destination of a catalogue entry and resolves its secrets. A mistake in the entry is a *PermanentError
// that names all of them. A secret that is not there is not permanent: it may be set later, so build again for the next
// attempt. Either error concerns this destination only.
func Build(d catalogue.Destination, o Options) (Destination, error) {
	var names []string
	for _, k := range kinds() {
		if k.name != d.Type {
			names = append(names, k.name)
			continue
		}
		s := &settings{of: d, env: o.Env}
		if s.env == nil {
			s.env = func(string) string { return "" }
		}
		dest := k.make(s, o)
		if err := s.err(); err != nil {
			return nil, err
		}
		return dest, nil
	}
	return nil, &PermanentError{fmt.Errorf("destination %q: there is no type %q; the types are %s", d.Label, d.Type, strings.Join(names, ", "))}
}

// settings reads the settings of one destination and collects what is wrong with them.
type settings struct {
	of       catalogue.Destination
	env      func(string) string
	mistakes []error // in the entry
	unset    []error // secrets that are not there
}

// mistake notes that the setting name is wrong.
func (s *settings) mistake(name, format string, args ...any) {
	s.mistakes = append(s.mistakes, fmt.Errorf("%s.%s: %s", s.of.Type, name, fmt.Sprintf(format, args...)))
}

// err returns the mistakes, if there are any, else the secrets that are not there.
func (s *settings) err() error {
	if len(s.mistakes) > 0 {
		return &PermanentError{fmt.Errorf("destination %q: %w", s.of.Label, all(s.mistakes))}
	}
	if len(s.unset) > 0 {
		return fmt.Errorf("destination %q: %w", s.of.Label, all(s.unset))
	}
	return nil
}

// all joins errors in one line, which is what a receipt shows.
func all(errs []error) error {
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return errors.New(strings.Join(texts, "; "))
}

// text returns a text setting with its reference resolved.
func (s *settings) text(name string) string {
	switch v := s.of.Settings[name].(type) {
	case string:
		return s.resolve(v)
	case nil:
	default:
		s.mistake(name, "want a text, got %T", v)
	}
	return ""
}

// texts returns a setting that maps names to texts, references resolved.
func (s *settings) texts(name string) map[string]string {
	out := map[string]string{}
	switch v := s.of.Settings[name].(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			text, ok := v[k].(string)
			if !ok {
				s.mistake(name+"."+k, "want a text, got %T; put it in quotes", v[k])
				continue
			}
			out[k] = s.resolve(text)
		}
	case nil:
	default:
		s.mistake(name, "want names with texts, got %T", v)
	}
	return out
}

func (s *settings) resolve(ref string) string {
	text, err := catalogue.Resolve(ref, s.env)
	if err != nil {
		s.unset = append(s.unset, err)
		return ""
	}
	return text
}
