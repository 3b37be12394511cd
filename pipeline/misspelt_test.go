package pipeline

import "testing"

func TestMisspelt(t *testing.T) {
	for name, want := range map[string]string{
		"PANTHER_LAKE_INTERVALL": "PANTHER_LAKE_INTERVAL",
		"PANTHER_BROKER":         "PANTHER_BROKERS",
		"PANTHER_CREATETOPICS":   "PANTHER_CREATE_TOPICS",
		"PANTHER_LAEK_WAREHOUSE": "PANTHER_LAKE_WAREHOUSE",

		// Settings, what others have named, and what our own tools and tests go by.
		"PANTHER_EMBEDDED":         "",
		"PANTHER_SLACK_URL":        "",
		"PANTHER_LAKE_REST_SECRET": "", // as a reference may name it
		"PANTHER_SASL_PASSWORD":    "",
		"PANTHER_QUERY":            "",
		"PANTHER_TEST_BROKERS":     "",
		"PANTHER_COMMITS":          "",
		"BROKER":                   "",
	} {
		got := ""
		if err := Misspelt([]string{"HOME=/", name + "=x"}); err != nil {
			got = err.Error()
		}
		if want != "" {
			want = name + ": there is no such setting; did you mean " + want + "?"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := Misspelt([]string{"PANTHER_BROKER="}); err != nil {
		t.Errorf("one without a value: %v", err)
	}
}
