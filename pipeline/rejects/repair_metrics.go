package rejects

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type repairMetrics struct {
	outcomes *prometheus.CounterVec
	search   prometheus.Histogram
	lag      *prometheus.GaugeVec
	gone     prometheus.Counter
	retries  prometheus.Counter
}

func newRepairMetrics(registerer prometheus.Registerer) *repairMetrics {
	f := promauto.With(registerer)
	const namespace, subsystem = "mailtrail", "repair"
	return &repairMetrics{
		outcomes: f.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: "rejects_total",
			Help: "Rejects with damaged bars that were looked at, by what became of them."}, []string{"outcome"}),
		search: f.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Subsystem: subsystem, Name: "search_seconds",
			Help: "Time of one search for the barcode behind damaged bars.", Buckets: prometheus.ExponentialBuckets(1e-5, 4, 9)}),
		lag: f.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: "lag_offsets",
			Help: "Offsets of mail.rejects between the repair's place and the end of the partition."}, []string{"partition"}),
		gone: f.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: "gone_offsets_total",
			Help: "Offsets of mail.rejects whose life was over before they were looked at."}),
		retries: f.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: "retries_total",
			Help: "Times that a partition began again at its last commit after an error."}),
	}
}

func (m *repairMetrics) done(outcome string, rejects int) {
	m.outcomes.WithLabelValues(outcome).Add(float64(rejects))
}

func (m *repairMetrics) behind(partition int32, offsets int64) {
	m.lag.WithLabelValues(strconv.Itoa(int(partition))).Set(float64(max(0, offsets)))
}
