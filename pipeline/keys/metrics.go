package keys

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	held     prometheus.Gauge
	strange  prometheus.Gauge
	changes  *prometheus.CounterVec
	answers  *prometheus.CounterVec
	failures prometheus.Counter
}

// newMetrics takes what tells how long the oldest key is past its date, in seconds.
func newMetrics(registerer prometheus.Registerer, overdue func() float64) (*metrics, error) {
	m := &metrics{
		held:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "mailtrail_keys_live", Help: "Slot keys that the authority has."}),
		strange: prometheus.NewGauge(prometheus.GaugeOpts{Name: "mailtrail_keys_strange", Help: "Slot keys that are not served, and other things among them, as of the start."}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mailtrail_keys_changes_total",
			Help: "Slot keys by what became of them (created, sealed, destroyed, returned: found again after destruction; never_made: the slot ended without one).",
		}, []string{"what"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mailtrail_keys_requests_total",
			Help: "Times that a slot key was asked for, by use (seal, open) and answer (given, destroyed, sealed, not_begun, unknown, no_slot, lost, unavailable).",
		}, []string{"use", "answer"}),
		failures: prometheus.NewCounter(prometheus.CounterOpts{Name: "mailtrail_keys_sweep_failures_total", Help: "Sweeps of slot keys that could not do all that was due and are tried again."}),
	}
	late := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "mailtrail_keys_overdue_seconds", Help: "How long the oldest slot key is past its destroy_at; it is given to nobody then.",
	}, overdue)
	var err error
	for _, metric := range []prometheus.Collector{m.held, m.strange, m.changes, m.answers, m.failures, late} {
		err = errors.Join(err, registerer.Register(metric))
	}
	return m, err
}

func (m *metrics) answered(use Use, err error) {
	answer := "given"
	if err != nil {
		answer = answerTo(err).code
	}
	m.answers.WithLabelValues(string(use), answer).Inc()
}

// holderMetrics are those of a role that holds keys.
type holderMetrics struct {
	held   prometheus.Gauge
	wiped  *prometheus.CounterVec
	failed *prometheus.CounterVec
}

func newHolderMetrics(registerer prometheus.Registerer) (*holderMetrics, error) {
	m := &holderMetrics{
		held: prometheus.NewGauge(prometheus.GaugeOpts{Name: "mailtrail_keys_held", Help: "Slot keys that this role holds in memory."}),
		wiped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mailtrail_keys_wiped_total",
			Help: "Slot keys wiped from this role's memory, by reason (due, destroyed: before its time, closed).",
		}, []string{"reason"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mailtrail_keys_refused_total",
			Help: "Payloads that were not sealed or opened, by use (seal, open) and reason (not_yours, destroyed, sealed, not_begun, unknown, no_slot, lost, unavailable).",
		}, []string{"use", "reason"}),
	}
	return m, errors.Join(registerer.Register(m.held), registerer.Register(m.wiped), registerer.Register(m.failed))
}
