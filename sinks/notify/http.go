package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// userAgent is how panther names itself to destinations.
const userAgent = "panther-monitor"

// maxAnswer is how many bytes of an answer are read, so that one of 10 MB costs nothing.
const maxAnswer = 16 << 10

// maxAfter bounds the wait that a destination may ask for: one that says "in a year" must not silence an alert.
const maxAfter = 24 * time.Hour

// An endpoint is a URL to which a destination posts. It keeps the secrets of its address and headers out of what it returns.
type endpoint struct {
	url     *url.URL
	headers map[string]string
	secrets secrets
	client  http.Client
}

// newEndpoint reads the endpoint from the settings: the address under url, and headers, which may be empty.
func newEndpoint(s *settings, o Options, headers map[string]string) *endpoint {
	e := &endpoint{headers: headers}
	e.client.Transport = o.Transport
	// A redirect is answered, not followed: it would send the alert, and its secrets, to an address that nobody configured.
	e.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		value := headers[name]
		e.secrets.addHeader(value)
		if !isToken(name) {
			s.mistake("headers", "%q is no name of a header", name)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			s.mistake("headers."+name, "the value holds a line break or another control character")
		}
	}
	e.url = s.address("url")
	if e.url != nil {
		e.secrets.addURL(e.url)
	}
	return e
}

// address returns a setting that is a URL. A mistake does not show it, since it may be a secret.
func (s *settings) address(name string) *url.URL {
	before := len(s.unset) + len(s.mistakes)
	text := s.text(name)
	switch u, err := url.Parse(strings.TrimSpace(text)); {
	case len(s.unset)+len(s.mistakes) > before: // noted
	case text == "":
		s.mistake(name, "is missing: give the address to post to")
	case err != nil:
		s.mistake(name, "is no URL; its value is not shown, since it may be secret")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		s.mistake(name, "want https://HOST/PATH; its value is not shown, since it may be secret")
	default:
		return u
	}
	return nil
}

// post sends a JSON body once. The rules: 2xx is success; 408, 425, 429, 5xx and no answer may work later; any other
// answer is permanent.
func (e *endpoint) post(ctx context.Context, body []byte, idempotencyKey string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, &PermanentError{fmt.Errorf("POST to %s: %s", e.place(), e.clean(err.Error(), false))}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	for name, value := range e.headers {
		req.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			req.Host = value
		}
	}
	req.Header.Set("Idempotency-Key", idempotencyKey)
	resp, err := e.client.Do(req)
	if err != nil {
		return Answer{}, fmt.Errorf("POST to %s: %s", e.place(), e.cause(ctx, err))
	}
	defer resp.Body.Close()
	return e.judge(resp)
}

// judge turns a response into an Answer and what it means.
func (e *endpoint) judge(resp *http.Response) (Answer, error) {
	// The status decides; a body that breaks off changes nothing.
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	code := resp.StatusCode
	a := Answer{StatusCode: code, Message: e.clean(string(text), len(text) == maxAnswer)}
	if code >= 200 && code < 300 {
		return a, nil
	}
	err := fmt.Errorf("POST to %s: answered %s", e.place(), strings.TrimSpace(strconv.Itoa(code)+" "+http.StatusText(code)))
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		a.After = retryAfter(resp.Header.Get("Retry-After"), time.Now())
		return a, err
	case code >= 300 && code < 400:
		err = fmt.Errorf("%w, a redirect, which is not followed: configure the final address", err)
	}
	return a, &PermanentError{err}
}

// place names the endpoint without its secrets.
func (e *endpoint) place() string { return e.url.Scheme + "://" + e.url.Host }

// cause says why there was no answer. The client's own error would show the whole URL.
func (e *endpoint) cause(ctx context.Context, err error) string {
	if ctx.Err() != nil {
		return e.clean(context.Cause(ctx).Error(), false)
	}
	if urlError := new(url.Error); errors.As(err, &urlError) {
		err = urlError.Err
	}
	return e.clean(err.Error(), false)
}

func (e *endpoint) clean(text string, cut bool) string { return message(e.secrets.hide(text, cut)) }

// retryAfter reads a Retry-After header: seconds, or a date. What is neither, or over, asks for nothing.
func retryAfter(text string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxAfter)
}

// isToken reports whether text may name a header.
func isToken(text string) bool {
	for _, r := range text {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) {
			return false
		}
	}
	return text != ""
}
