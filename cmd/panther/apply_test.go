package main

import (
	"bytes"
	"strings"
	"testing"

	"panther/pipeline/kafka"
	"panther/pipeline/stream"
	"panther/schemas"
)

// On brokers that are named, topics are made only if the configuration says so; else the commands are told that make them.
func TestApplyOnCluster(t *testing.T) {
	broker, err := kafka.StartEmbedded(t.Context(), kafka.EmbeddedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	dir := writeFile(t, "a.yml", "kind: LogSource\nname: flow\ntopics: [vpc-flow]\nlogTypes: [AWS.VPCFlow]\n")
	apply := func(createTopics string, code int, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		p := &program{out: &out, err: &errs, env: func(name string) string {
			return map[string]string{"PANTHER_CREATE_TOPICS": createTopics}[name]
		}}
		if got := p.main(t.Context(), append([]string{"apply", "-f", dir, "--brokers", broker.Addr()}, args...)); got != code {
			t.Fatalf("exit %d, want %d: %s%s", got, code, &out, &errs)
		}
		return out.String(), errs.String()
	}
	if out, _ := apply("", 0, "--dry-run"); !strings.Contains(out, "+ log source flow") {
		t.Errorf("a dry run where there is nothing: %s", out)
	}
	if _, talk := apply("", exitUsage); !strings.Contains(talk, "make it: kafka-topics --bootstrap-server "+broker.Addr()+" --create --topic panther.catalogue --partitions 1") {
		t.Errorf("no catalogue, and topics are not ours to make: %s", talk)
	}

	// A person makes the topic of the catalogue, and nobody that of the producers.
	cfg := broker.Config()
	if err := ensure(t.Context(), cfg, []stream.Topic{schemas.Catalogue}, kafka.Layout{}); err != nil {
		t.Fatal(err)
	}
	if _, talk := apply("", 0); !strings.Contains(talk, "version 1") || !strings.Contains(talk, "--create --topic vpc-flow") {
		t.Errorf("the catalogue is there, the producers' topic is not: %s", talk)
	}
	if _, talk := apply("true", 0); talk != "" {
		t.Errorf("with createTopics, and nothing to change: %s", talk)
	}
	if _, missing, err := kafka.Missing(t.Context(), cfg, []stream.Topic{kafka.ProducersTopic("vpc-flow"), schemas.Alerts}, kafka.Layout{}); err != nil || len(missing) > 0 {
		t.Errorf("with createTopics there is no %v, %v", missing, err)
	}
}
