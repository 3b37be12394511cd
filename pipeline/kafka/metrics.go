package kafka

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what the runner sees of its nodes, from outside and the same for each.
type Metrics struct {
	registry *prometheus.Registry

	recordsIn, recordsOut, bytesIn, bytesOut *prometheus.CounterVec // stage
	commits, aborts, restarts, deadLetters   *prometheus.CounterVec // stage
	lost                                     *prometheus.CounterVec // stage, topic
	lagRecords, lagSeconds, keys             *prometheus.GaugeVec   // stage
	turn                                     *prometheus.HistogramVec
	input                                    *prometheus.CounterVec // log_type
	jobRuns, jobItems                        *prometheus.CounterVec // name, outcome or item
	jobDone                                  *prometheus.GaugeVec   // name
	hanging                                  prometheus.Gauge
	ended                                    prometheus.Counter
}

// NewMetrics makes metrics in a registry of their own.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		m.registry.MustRegister(g)
		return g
	}
	m.recordsIn = counter("panther_received_records_total", "Records that a stage has read and committed. Standing still while its lag grows: the stage is stuck.", "stage")
	m.recordsOut = counter("panther_sent_records_total", "Records that a stage has written and committed.", "stage")
	m.bytesIn = counter("panther_received_bytes_total", "Bytes of keys and values that a stage has read and committed, uncompressed.", "stage")
	m.bytesOut = counter("panther_sent_bytes_total", "Bytes of keys and values that a stage has written and committed, uncompressed.", "stage")
	m.commits = counter("panther_commits_total", "Transactions committed; for sinks, offsets committed.", "stage")
	m.aborts = counter("panther_aborts_total", "Transactions given up; their records are read again. A steady rise: the group rebalances all the time, or a broker refuses.", "stage")
	m.restarts = counter("panther_stage_restarts_total", "Times that a stage began again with a new client after an error; the log has it.", "stage")
	m.deadLetters = counter("panther_dead_letters_total", "Records that a stage could not handle. Any rise: look at the stage's dead-letters topic.", "stage")
	m.lost = counter("panther_expired_records_total", "Records that retention deleted before they were read: they are lost. Any rise: raise the retention.", "stage", "topic")
	m.lagRecords = gauge("panther_lag_records", "Records of the input that are not read yet. A rise that does not end: more comes than the stage can take.", "stage")
	m.lagSeconds = gauge("panther_lag_seconds", "How long ago the stage had read everything that there was. It is about the heartbeat at most when all is well.", "stage")
	m.keys = gauge("panther_state_keys", "Keys that have a state in this process.", "stage")
	m.input = counter("panther_input_bytes_total", "Bytes of log lines received, uncompressed, by the log type that they match; the log type is empty for lines that match none.", "log_type")
	m.jobRuns = counter("panther_job_runs_total", "Runs of a job that one process of the fleet does at a time, by outcome: done, failed, or stopped because another process took it or this one ends. Failed rises: the log says why; the next run takes up what is left.", "name", "outcome")
	m.jobItems = counter("panther_job_items_total", "What the job has done, by what it counts: of lake-upkeep files rewritten, files removed, rows dropped and snapshots forgotten.", "name", "item")
	m.jobDone = gauge("panther_job_done_seconds", "When the job was last done in this process, in seconds since 1970. If the newest of all processes is hours ago: the job fails, or no process runs it.", "name")
	m.turn = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "panther_transaction_seconds", Help: "How long a transaction took, from the first record to its commit.",
		Buckets: prometheus.ExponentialBuckets(0.005, 2, 12)}, []string{"stage"})
	m.hanging = prometheus.NewGauge(prometheus.GaugeOpts{Name: "panther_hanging_transactions", Help: "Transactions in the pipeline's topics that nobody is going to end, counted for each partition. Above 0: readers wait; the log has what to do."})
	m.ended = prometheus.NewCounter(prometheus.CounterOpts{Name: "panther_ended_transactions_total", Help: "Hanging transactions of the pipeline that this process has ended as their coordinator had decided. A rise: brokers lost ends of transactions when they restarted."})
	m.registry.MustRegister(m.turn, m.hanging, m.ended)
	return m
}

// Handler serves the metrics in the format of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
