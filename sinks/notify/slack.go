package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"panther/schemas"
)

// A slack destination posts to an incoming webhook of Slack. Setting: url, all of whose path is a secret.
type slack struct {
	id       string // of the destination
	console  string
	endpoint *endpoint
}

func newSlack(s *settings, o Options) Destination {
	return &slack{id: s.of.ID, console: o.Console, endpoint: newEndpoint(s, o, nil)}
}

func (s *slack) Deliver(ctx context.Context, a schemas.Alert) (Answer, error) {
	body, err := json.Marshal(newSlackMessage(a, s.console))
	if err != nil {
		return Answer{}, &PermanentError{fmt.Errorf("encode the Slack message of alert %s: %w", a.ID, err)}
	}
	return s.endpoint.post(ctx, body, idempotencyKey(a, s.id))
}

// The longest texts that Slack takes: it answers a message with a longer one with 400 invalid_blocks.
const (
	maxSlackText = 3000 // of a section
	maxSlackLine = 1000 // ours, of a fact: more is not read in a channel
)

type slackMessage struct {
	Text        string            `json:"text"` // what notifications show
	Attachments []slackAttachment `json:"attachments"`
}

// A slackAttachment draws a bar in a colour beside its blocks; blocks alone cannot.
type slackAttachment struct {
	Color  string       `json:"color"`
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text,omitempty"`
	Elements []slackText `json:"elements,omitempty"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func newSlackMessage(a schemas.Alert, console string) slackMessage {
	title := slackEscape(a.Title, maxSlackLine)
	head := "*" + title + "*"
	if address := link(a, console); address != "" {
		head = "*<" + address + "|" + title + ">*"
	}
	blocks := []slackBlock{section(head)}
	if seen := slackFacts(a); seen != "" {
		blocks = append(blocks, section(seen))
	}
	if a.Runbook != "" {
		blocks = append(blocks, section("*What to do*\n"+slackEscape(a.Runbook, maxSlackText-100)))
	}
	foot := slackEscape(fmt.Sprintf("%s · %s · alert %s", a.Severity, causeName(a), a.ID), maxSlackLine)
	blocks = append(blocks, slackBlock{Type: "context", Elements: []slackText{{Type: "mrkdwn", Text: foot}}})
	return slackMessage{Text: title, Attachments: []slackAttachment{{Color: colour(a.Severity), Blocks: blocks}}}
}

func section(text string) slackBlock {
	return slackBlock{Type: "section", Text: &slackText{Type: "mrkdwn", Text: text}}
}

// slackFacts lists what was seen, as many facts as fit.
func slackFacts(a schemas.Alert) string {
	var b strings.Builder
	for _, fact := range facts(a) {
		line := "• " + slackEscape(printable(fact), maxSlackLine) + "\n"
		if utf8.RuneCountInString(b.String())+utf8.RuneCountInString(line) > maxSlackText {
			break
		}
		b.WriteString(line)
	}
	return strings.TrimSpace(b.String())
}

// slackEscape keeps a text from being read as markup, above all as <!channel>, and cuts it so that it is at most n
// characters long when it is escaped: cut afterwards, an escape could break in two.
func slackEscape(text string, n int) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	var b strings.Builder
	length := 0
	for _, r := range text {
		e := escape.Replace(string(r))
		if length += utf8.RuneCountInString(e); length >= n {
			b.WriteString("…")
			break
		}
		b.WriteString(e)
	}
	return b.String()
}

// colour is the colour of a severity.
func colour(s schemas.Severity) string {
	switch s {
	case schemas.Critical:
		return "#b3261e"
	case schemas.High:
		return "#e8710a"
	case schemas.Medium:
		return "#f2b01e"
	case schemas.Low:
		return "#3b7dd8"
	}
	return "#8a8f98"
}
