package kafka

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"panther/pipeline/stream"
)

// A broker that has just begun has nobody yet to lay a copy on. Topics wait for it; but not if somebody has asked for more copies
// than there are brokers.
func TestTopicsWaitForABrokerThatHasJustBegun(t *testing.T) {
	for _, x := range []struct {
		name   string
		layout Layout
		asked  int // how often, until topics are made or given up
	}{{"as many copies as brokers", Layout{}, 2}, {"copies by hand", Layout{Replication: 3}, 1}} {
		t.Run(x.name, func(t *testing.T) {
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(cluster.Close)
			asked := 0 // control functions run one at a time, and before Ensure ends
			cluster.ControlKey(kmsg.CreateTopics.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
				cluster.KeepControl()
				if asked++; asked > 1 && x.layout.Replication == 0 {
					return nil, nil, false
				}
				req := r.(*kmsg.CreateTopicsRequest)
				resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
				for _, topic := range req.Topics {
					one := kmsg.NewCreateTopicsResponseTopic()
					one.Topic, one.ErrorCode = topic.Topic, kerr.InvalidReplicationFactor.Code
					resp.Topics = append(resp.Topics, one)
				}
				return resp, nil, true
			})
			cfg := Config{Brokers: cluster.ListenAddrs()}
			_, topic, _ := keptTopics(t)
			err = Ensure(t.Context(), cfg, newClient(t, cfg), []stream.Topic{topic}, x.layout)
			if refused := err != nil && strings.Contains(err.Error(), "INVALID_REPLICATION_FACTOR"); err != nil && !refused || refused != (x.layout.Replication > 0) {
				t.Errorf("Ensure: %v", err)
			}
			if asked != x.asked {
				t.Errorf("asked %d times, want %d", asked, x.asked)
			}
		})
	}
}
