package main

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"panther/pipeline"
	"panther/pipeline/kafka"
	"panther/schemas/catalogue"
)

// Before the start people hear of destinations without their secret, and of sources whose topics are not there. None of it
// keeps the others from running.
func TestLookAtCatalogue(t *testing.T) {
	s := newSession(t, []txtar.File{{Name: "a.yml", Data: []byte(`kind: LogSource
name: edge
topics: [edge-access]
logTypes: [Nginx.Access]
---
kind: Destination
name: soc
type: webhook
webhook:
  url: http://127.0.0.1:9/alerts
  headers: {Authorization: "env:SOC_TOKEN"}
---
kind: Destination
name: terminal
type: log
`)}})
	cfg := s.broker.Config()
	if err := ensure(t.Context(), cfg, pipeline.Topics(), kafka.Layout{Embedded: true}); err != nil {
		t.Fatal(err)
	}
	files, err := catalogue.Parse(s.files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := changeCatalogue(t.Context(), cfg, func(v *catalogue.View) (catalogue.Changes, error) {
		return catalogue.Plan(v, files, catalogue.Options{}, time.Now(), "a test")
	}); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	run := &service{program: &program{env: func(name string) string { return env[name] }}, kafka: cfg}
	found, err := run.lookAtCatalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`destination "soc": secret env:SOC_TOKEN is not set`, "topic edge-access does not exist", "kafka-topics"} {
		if !strings.Contains(found.Text(), want) {
			t.Errorf("it does not say %q:\n%s", want, found.Text())
		}
	}
	if len(found) != 2 || len(found.Serious()) != 0 {
		t.Errorf("want two problems, none of them serious:\n%s", found.Text())
	}
	env["SOC_TOKEN"] = "s"
	run.config.CreateTopics = true
	if _, err := run.lookAtCatalogue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err = run.lookAtCatalogue(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("all is there now: %v\n%s", err, found.Text())
	}
}
