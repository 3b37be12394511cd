package kafka

import (
	"math/rand/v2"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The hashes are those of Kafka's own test, UtilsTest.testMurmur2.
func TestMurmur2AsKafkaDoes(t *testing.T) {
	for key, want := range map[string]int32{
		"21":                         -973932308,
		"foobar":                     -790332482,
		"a-little-bit-long-string":   -985981536,
		"a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
		"abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", key, got, want)
		}
	}
}

// The client library places the keyed records of producers: both must agree, or a key would live in two partitions.
func TestPartitionForAgreesWithTheClientLibrary(t *testing.T) {
	library := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		key := make([]byte, 1+random.IntN(40))
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		n := 1 + random.IntN(128)
		if got, want := PartitionFor(key, n), library.Partition(&kgo.Record{Key: key}, n); got != int32(want) {
			t.Fatalf("PartitionFor(%x, %d) = %d, the library says %d", key, n, got, want)
		}
	}
}
