package images

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	requests *prometheus.CounterVec
	refused  *prometheus.CounterVec
	accepted prometheus.Counter
	bytes    prometheus.Counter
	packs    *prometheus.CounterVec
	packed   prometheus.Histogram
	seconds  *prometheus.HistogramVec
	retries  *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer, door *Images) *metrics {
	f := promauto.With(registerer)
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "mailtrail", Subsystem: "images", Name: n, Help: help}
	}
	f.NewGaugeFunc(prometheus.GaugeOpts(name("bytes_in_flight", "Bytes of pictures that are held until they are stored.")), func() float64 { return float64(door.bytes.used.Load()) })
	return &metrics{
		requests: f.NewCounterVec(prometheus.CounterOpts(name("requests_total", "Requests by HTTP status.")), []string{"status"}),
		refused:  f.NewCounterVec(prometheus.CounterOpts(name("refused_total", "Requests that were not taken in, by code.")), []string{"code"}),
		accepted: f.NewCounter(prometheus.CounterOpts(name("accepted_total", "Pictures that were stored and whose index Kafka acknowledged, repeats among them."))),
		bytes:    f.NewCounter(prometheus.CounterOpts(name("accepted_bytes_total", "Bytes of the pictures in accepted_total."))),
		packs:    f.NewCounterVec(prometheus.CounterOpts(name("packs_total", "Packs by what became of them: stored, put_failed, index_failed.")), []string{"result"}),
		packed: f.NewHistogram(prometheus.HistogramOpts{Namespace: "mailtrail", Subsystem: "images", Name: "pack_bytes", Help: "Length of packs, bytes.",
			Buckets: prometheus.ExponentialBuckets(16<<10, 4, 8)}),
		seconds: f.NewHistogramVec(prometheus.HistogramOpts{Namespace: "mailtrail", Subsystem: "images", Name: "step_seconds", Help: "Time of a pack's steps: wait, put, index.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15)}, []string{"step"}),
		retries: f.NewCounterVec(prometheus.CounterOpts(name("retries_total", "Attempts that failed and were made again, by step.")), []string{"step"}),
	}
}

// answered counts a request.
func (m *metrics) answered(a *answerer) {
	m.requests.WithLabelValues(strconv.Itoa(a.status)).Inc()
	if a.code != "" {
		m.refused.WithLabelValues(string(a.code)).Inc()
	}
}

func (m *metrics) step(name string, began time.Time) {
	m.seconds.WithLabelValues(name).Observe(time.Since(began).Seconds())
}
