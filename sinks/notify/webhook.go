package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"panther/schemas"
)

// A webhook posts the generic payload as JSON, with headers of the user's choice. Settings: url, headers.
type webhook struct {
	id       string // of the destination
	console  string
	endpoint *endpoint
}

func newWebhook(s *settings, o Options) Destination {
	return &webhook{id: s.of.ID, console: o.Console, endpoint: newEndpoint(s, o, s.texts("headers"))}
}

func (w *webhook) Deliver(ctx context.Context, a schemas.Alert) (Answer, error) {
	body, err := json.Marshal(NewPayload(a, w.console))
	if err != nil {
		return Answer{}, &PermanentError{fmt.Errorf("encode the payload of alert %s: %w", a.ID, err)}
	}
	return w.endpoint.post(ctx, body, idempotencyKey(a, w.id))
}

// idempotencyKey is the same for every attempt to bring an alert to a destination.
func idempotencyKey(a schemas.Alert, destination string) string { return a.ID + ":" + destination }
