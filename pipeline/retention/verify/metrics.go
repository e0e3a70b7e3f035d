package verify

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	findings *prometheus.GaugeVec
	waived   prometheus.Gauge
	room     *prometheus.GaugeVec
	margins  *prometheus.GaugeVec
	objects  prometheus.Gauge
	seconds  prometheus.Histogram
	failures *prometheus.CounterVec
	// last is when the last verification ended, or the auditor was made; Unix milliseconds.
	last atomic.Int64
}

func newMetrics(registerer prometheus.Registerer, clock func() time.Time) *metrics {
	f := promauto.With(registerer)
	opts := func(name, help string) prometheus.GaugeOpts {
		return prometheus.GaugeOpts{Namespace: "mailtrail", Subsystem: "verify", Name: name, Help: help}
	}
	m := &metrics{
		findings: f.NewGaugeVec(opts("findings", "What the last verification found and nobody waived, by kind and store."), []string{"kind", "store"}),
		waived:   f.NewGauge(opts("waived_findings", "What the last verification found and a waiver excuses.")),
		room:     f.NewGaugeVec(opts("room_seconds", "How long until the oldest record of a class in a store reaches its limit."), []string{"class", "store"}),
		margins:  f.NewGaugeVec(opts("room_margins", "The same as a multiple of the class's margin: 1 when it is due, 0 at the limit."), []string{"class", "store"}),
		objects:  f.NewGauge(opts("inspected_objects", "Objects that the last verification looked into.")),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: "mailtrail", Subsystem: "verify", Name: "seconds", Help: "How long a verification took.", Buckets: prometheus.ExponentialBuckets(0.05, 3, 9),
		}),
		failures: f.NewCounterVec(prometheus.CounterOpts{
			Namespace: "mailtrail", Subsystem: "verify", Name: "failures_total", Help: "Results that could not be entered or kept, by where.",
		}, []string{"what"}),
	}
	m.last.Store(clock().UnixMilli())
	f.NewGaugeFunc(opts("age_seconds", "How long ago the last verification ended."), func() float64 {
		return clock().Sub(time.UnixMilli(m.last.Load())).Seconds()
	})
	return m
}

// show puts a report into the metrics.
func (m *metrics) show(report *Report, schedule *schedule) {
	m.last.Store(report.At.UnixMilli())
	m.seconds.Observe(report.Took.Seconds())
	m.objects.Set(float64(report.Inspected))
	m.findings.Reset()
	waived := 0
	for _, f := range report.Findings {
		if f.Waived != "" {
			waived++
			continue
		}
		m.findings.WithLabelValues(string(f.Kind), f.Store).Inc()
	}
	m.waived.Set(float64(waived))
	m.room.Reset()
	m.margins.Reset()
	least := map[[2]string]time.Duration{}
	for _, room := range report.Rooms {
		left, limited := room.Left(report.At)
		if at, there := least[[2]string{room.Class, room.Store}]; limited && (!there || left < at) {
			least[[2]string{room.Class, room.Store}] = left
		}
	}
	for place, left := range least {
		m.room.WithLabelValues(place[0], place[1]).Set(left.Seconds())
		if margin := schedule.classes[place[0]].margin; margin > 0 {
			m.margins.WithLabelValues(place[0], place[1]).Set(left.Seconds() / margin.Seconds())
		}
	}
}
