package samples

import (
	"math/rand/v2"
	"strings"
	"time"
)

// An oktaEvent is a LogEvent of Okta's System Log, with its members in Okta's order.
type oktaEvent struct {
	Actor                 oktaActor `json:"actor"`
	Client                object    `json:"client"`
	Device                any       `json:"device"`
	AuthenticationContext object    `json:"authenticationContext"`
	DisplayMessage        string    `json:"displayMessage"`
	EventType             string    `json:"eventType"`
	Outcome               object    `json:"outcome"`
	Published             string    `json:"published"`
	SecurityContext       object    `json:"securityContext"`
	Severity              string    `json:"severity"`
	DebugContext          object    `json:"debugContext"`
	LegacyEventType       string    `json:"legacyEventType"`
	Transaction           object    `json:"transaction"`
	UUID                  string    `json:"uuid"`
	Version               string    `json:"version"`
	Request               object    `json:"request"`
	Target                []object  `json:"target"`
}

type oktaActor struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	AlternateID any    `json:"alternateId"` // a string, until the vendor changes it
	DisplayName string `json:"displayName"`
	DetailEntry any    `json:"detailEntry"`
}

// An oktaAction is what differs between kinds of events.
type oktaAction struct {
	eventType, legacy, message string
	result, reason             string
	severity                   string
}

func okta(rng *rand.Rand, now time.Time) []byte { return line(newOktaEvent(rng, now)) }

func oktaChanged(rng *rand.Rand, now time.Time) []byte {
	e := newOktaEvent(rng, now)
	e.Actor.AlternateID = object{"email": e.Actor.AlternateID, "verified": true}
	return line(e)
}

func newOktaEvent(rng *rand.Rand, now time.Time) oktaEvent {
	action := oktaActionOf(rng)
	actor := oktaPerson(rng)
	address, agent := public(rng), browser(rng)
	place := pick(rng,
		object{"city": "Athens", "state": "Attica", "country": "Greece", "postalCode": "104 31", "geolocation": object{"lat": 37.9842, "lon": 23.7353}},
		object{"city": "Dublin", "state": "Leinster", "country": "Ireland", "postalCode": "D02", "geolocation": object{"lat": 53.3382, "lon": -6.2591}},
		object{"city": "Portland", "state": "Oregon", "country": "United States", "postalCode": "97205", "geolocation": object{"lat": 45.5171, "lon": -122.6802}})
	request := text(rng, alnum, 27)
	return oktaEvent{
		Actor:                 actor,
		Client:                object{"userAgent": object{"rawUserAgent": agent, "os": system(agent), "browser": browserName(agent)}, "zone": "null", "device": device(agent), "id": nil, "ipAddress": address, "geographicalContext": place},
		AuthenticationContext: object{"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil, "issuer": nil, "interface": nil, "authenticationStep": 0, "externalSessionId": "idx" + text(rng, alnum, 22)},
		DisplayMessage:        action.message,
		EventType:             action.eventType,
		Outcome:               object{"result": action.result, "reason": orNil(action.reason)},
		Published:             now.UTC().Format("2006-01-02T15:04:05.000Z"),
		SecurityContext:       object{"asNumber": 64496 + rng.IntN(16), "asOrg": "example networks", "isp": "example networks", "domain": "example.net", "isProxy": false},
		Severity:              action.severity,
		DebugContext:          object{"debugData": object{"requestId": request, "dtHash": text(rng, hexDigits, 64), "requestUri": "/idp/idx/identify", "url": "/idp/idx/identify?", "threatSuspected": "false"}},
		LegacyEventType:       action.legacy,
		Transaction:           object{"type": "WEB", "id": request, "detail": object{}},
		UUID:                  uuid(rng),
		Version:               "0",
		Request:               object{"ipChain": []any{object{"ip": address, "geographicalContext": place, "version": "V4", "source": nil}}},
		Target: []object{
			{"id": actor.ID, "type": "User", "alternateId": actor.AlternateID, "displayName": actor.DisplayName, "detailEntry": nil},
			{"id": "0oa" + text(rng, alnum, 17), "type": "AppInstance", "alternateId": "Example CRM", "displayName": "Example CRM", "detailEntry": object{"signOnModeType": "SAML_2_0"}},
		},
	}
}

func oktaActionOf(rng *rand.Rand) oktaAction {
	return pick(rng,
		oktaAction{"user.session.start", "core.user_auth.login_success", "User login to Okta", "SUCCESS", "", "INFO"},
		oktaAction{"user.session.start", "core.user_auth.login_failed", "User login to Okta", "FAILURE", "INVALID_CREDENTIALS", "WARN"},
		oktaAction{"user.session.end", "core.user_auth.logout_success", "User logout from Okta", "SUCCESS", "", "INFO"},
		oktaAction{"user.authentication.sso", "app.auth.sso", "User single sign on to app", "SUCCESS", "", "INFO"},
		oktaAction{"user.authentication.auth_via_mfa", "core.user.factor.attempt_success", "Authentication of user via MFA", "SUCCESS", "", "INFO"},
		oktaAction{"policy.evaluate_sign_on", "", "Evaluation of sign-on policy", "ALLOW", "Sign-on policy evaluation resulted in ALLOW", "INFO"},
		oktaAction{"user.account.privilege.grant", "core.user.admin_privilege.granted", "Grant user privilege", "SUCCESS", "", "INFO"})
}

func oktaPerson(rng *rand.Rand) oktaActor {
	first, last := pick(rng, "alice", "bob", "carol", "dave", "erin"), pick(rng, "archer", "baker", "cooper", "miller")
	upper := func(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
	return oktaActor{ID: "00u" + text(rng, alnum, 17), Type: "User", AlternateID: first + "." + last + "@example.com", DisplayName: upper(first) + " " + upper(last)}
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// system, browserName and device are what Okta makes of a user agent.
func system(agent string) string {
	switch {
	case strings.Contains(agent, "Windows"):
		return "Windows 10"
	case strings.Contains(agent, "iPhone"):
		return "iOS (iPhone)"
	case strings.Contains(agent, "Mac OS"):
		return "Mac OS X"
	}
	return "Linux"
}

func browserName(agent string) string {
	switch {
	case strings.Contains(agent, "Chrome"):
		return "CHROME"
	case strings.Contains(agent, "Firefox"):
		return "FIREFOX"
	}
	return "SAFARI"
}

func device(agent string) string {
	if strings.Contains(agent, "Mobile") {
		return "Mobile"
	}
	return "Computer"
}
