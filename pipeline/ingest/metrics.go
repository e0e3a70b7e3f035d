package ingest

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	partitions  prometheus.Gauge
	stopped     *prometheus.GaugeVec
	lag         *prometheus.GaugeVec
	events      *prometheus.CounterVec
	rows        prometheus.Counter
	blocks      prometheus.Counter
	again       prometheus.Counter
	blockRows   prometheus.Histogram
	blockBytes  prometheus.Histogram
	blockTime   prometheus.Histogram
	fromCapture prometheus.Histogram
	fromReceipt prometheus.Histogram
	blockAge    prometheus.Gauge
	retries     *prometheus.CounterVec
	noEvent     *prometheus.CounterVec
	unknown     prometheus.Counter
	waiting     prometheus.Gauge
	over        prometheus.Counter
}

// newMetrics makes the metrics of one topic, which they have as a label.
func newMetrics(registerer prometheus.Registerer, topic string) *metrics {
	if registerer != nil {
		registerer = prometheus.WrapRegistererWith(prometheus.Labels{"topic": topic}, registerer)
	}
	f := promauto.With(registerer)
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "mailtrail", Subsystem: "ingest", Name: n, Help: help}
	}
	histogram := func(n, help string, buckets []float64) prometheus.Histogram {
		return f.NewHistogram(prometheus.HistogramOpts{Namespace: "mailtrail", Subsystem: "ingest", Name: n, Help: help, Buckets: buckets})
	}
	seconds := prometheus.ExponentialBuckets(0.01, 2, 20)
	return &metrics{
		partitions:  f.NewGauge(prometheus.GaugeOpts(name("partitions", "Partitions assigned to this process."))),
		stopped:     f.NewGaugeVec(prometheus.GaugeOpts(name("partition_stopped", "1 where a partition has stopped and needs a person.")), []string{"partition"}),
		lag:         f.NewGaugeVec(prometheus.GaugeOpts(name("lag_offsets", "Offsets between the group's place and the end of the partition.")), []string{"partition"}),
		events:      f.NewCounterVec(prometheus.CounterOpts(name("events_total", "Events by outcome, and rejects by reason.")), []string{"outcome", "reason"}),
		rows:        f.NewCounter(prometheus.CounterOpts(name("rows_total", "Rows inserted."))),
		blocks:      f.NewCounter(prometheus.CounterOpts(name("blocks_total", "Blocks stored and committed."))),
		again:       f.NewCounter(prometheus.CounterOpts(name("blocks_again_total", "Open blocks that were found and done again."))),
		blockRows:   histogram("block_rows", "Rows of a block.", prometheus.ExponentialBuckets(1, 4, 11)),
		blockBytes:  histogram("block_bytes", "Columns of a block in memory, bytes.", prometheus.ExponentialBuckets(1024, 4, 10)),
		blockTime:   histogram("block_seconds", "Time from the cut of a block to its commit.", seconds),
		fromCapture: histogram("capture_to_visible_seconds", "Time from the event's own clock to its row being visible.", seconds),
		fromReceipt: histogram("receipt_to_visible_seconds", "Time from the receipt of an event to its row being visible.", seconds),
		blockAge:    f.NewGauge(prometheus.GaugeOpts(name("block_age_seconds", "How old a block may become once its partition has caught up: ingest.block_age, stretched while the store has many parts."))),
		retries:     f.NewCounterVec(prometheus.CounterOpts(name("retries_total", "Attempts that failed, by what was tried and cause.")), []string{"what", "cause"}),
		noEvent:     f.NewCounterVec(prometheus.CounterOpts(name("offsets_without_event_total", "Offsets without an event, by kind.")), []string{"kind"}),
		unknown:     f.NewCounter(prometheus.CounterOpts(name("unknown_fields_total", "Fields of events that are not in the table and were ignored."))),
		waiting:     f.NewGauge(prometheus.GaugeOpts(name("waiting_for_keys", "What waits for a slot key that is not to be had: rejects and rows to be sealed, replays to be opened."))),
		over:        f.NewCounter(prometheus.CounterOpts(name("rejects_over_total", "Rejects that were not written, since their slot ended after their block was cut."))),
	}
}

// sampled is how many rows share one observation of the latency.
const sampled = 64

// stored takes a finished block into account. now is the wall clock, Unix milliseconds.
func (m *metrics) stored(b *decided, now int64, took time.Duration) {
	m.blocks.Inc()
	m.rows.Add(float64(b.head.Len()))
	m.blockRows.Observe(float64(b.head.Len()))
	m.blockBytes.Observe(float64(b.size()))
	m.blockTime.Observe(took.Seconds())
	for _, o := range b.receipt.Outcomes {
		m.events.WithLabelValues(o.Outcome.String(), o.Reason).Add(float64(o.Events))
	}
	m.noEvent.WithLabelValues("control").Add(float64(b.receipt.Control))
	m.noEvent.WithLabelValues("aborted").Add(float64(b.receipt.Aborted))
	m.unknown.Add(float64(b.unknownFields))
	for i := 0; i < b.head.Len(); i += sampled {
		m.fromCapture.Observe(float64(now-b.head.Captured[i]) / 1000)
		m.fromReceipt.Observe(float64(now-b.head.Received[i]) / 1000)
	}
}

func label(partition int32) string { return strconv.Itoa(int(partition)) }
