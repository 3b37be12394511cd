package kafka
import ("testing";"os";"runtime/pprof";"log/slog";"strconv")
func TestNodeOnly(t *testing.T) {}
func BenchmarkNodeOnly(b *testing.B) {
	cfg := realBrokers(b)
	cfg.Log = slog.New(slog.NewTextHandler(b.Output(), nil))
	c := newClassifying(b, cfg)
	c.classify()
	f, _ := os.Create(os.Getenv("NODEPROF"))
	if os.Getenv("NODEPROF") != "/dev/null" { pprof.StartCPUProfile(f) }
	n, _ := strconv.Atoi(os.Getenv("NODEN"))
	for b.Loop() {
	for range n { b.Logf("node %.0f", c.classify()) }
	}
	pprof.StopCPUProfile()
	f.Close()
}
