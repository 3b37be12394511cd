package catalogue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShown(t *testing.T) {
	d := Destination{Label: "soc", Settings: map[string]any{"url": "https://soc.example/hook/s3cret?token=s3cret",
		"headers": map[string]any{"Authorization": "env:SOC_TOKEN"}}}
	want := map[string]any{"url": "https://soc.example/...", "headers": map[string]any{"Authorization": "env:SOC_TOKEN"}}
	if diff := cmp.Diff(want, d.Shown().Settings); diff != "" {
		t.Error(diff)
	}
	if d.Settings["url"] != "https://soc.example/hook/s3cret?token=s3cret" {
		t.Error("Shown changed the entry itself")
	}
	d.Settings = map[string]any{"url": "file:/run/secrets/slack"}
	if diff := cmp.Diff(d.Settings, d.Shown().Settings); diff != "" {
		t.Error(diff)
	}
}
