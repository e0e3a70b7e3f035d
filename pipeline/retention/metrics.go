package retention

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	drops    *prometheus.CounterVec
	failures *prometheus.CounterVec
	lag      prometheus.Histogram
	strange  prometheus.Gauge
	// owed is the earliest destroy_at, Unix seconds, of which it is not known that it was kept. It lies in the future
	// after a sweep that did all.
	owed atomic.Int64
}

func newMetrics(registerer prometheus.Registerer, c *Clock) *metrics {
	f := promauto.With(registerer)
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "mailtrail", Subsystem: "retention", Name: n, Help: help}
	}
	m := &metrics{
		drops:    f.NewCounterVec(prometheus.CounterOpts(name("drops_total", "Slots that went from a place, by who ended them; those in which nothing lay too.")), []string{"place", "by"}),
		failures: f.NewCounterVec(prometheus.CounterOpts(name("sweep_failures_total", "What the sweeper could not do and tries again, by what it was.")), []string{"what"}),
		lag: f.NewHistogram(prometheus.HistogramOpts{
			Namespace: "mailtrail", Subsystem: "retention", Name: "drop_lag_seconds", Help: "How long after its destroy_at a slot was gone from a place.",
			Buckets: prometheus.ExponentialBuckets(0.1, 4, 10),
		}),
		strange: f.NewGauge(prometheus.GaugeOpts(name("strange_partitions", "Partitions that are no slots of the schedule, which the sweeper leaves alone."))),
	}
	m.owed.Store(c.Now().Unix())
	f.NewGaugeFunc(prometheus.GaugeOpts(name("overdue_seconds", "How long the oldest destroy_at is past of which it is not known that it was kept.")), func() float64 {
		return max(0, c.Now().Sub(time.Unix(m.owed.Load(), 0)).Seconds())
	})
	f.NewGaugeFunc(prometheus.GaugeOpts(name("clock_behind_seconds", "By how much the wall clock stands behind the time that has passed.")), func() float64 {
		return max(0, -c.off().Seconds())
	})
	f.NewGaugeFunc(prometheus.GaugeOpts(name("clock_ahead_seconds", "By how much the wall clock jumped ahead of the time that has passed; the sweeper does not follow it.")), func() float64 {
		return max(0, c.off().Seconds())
	})
	return m
}
