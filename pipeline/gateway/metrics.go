package gateway

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	requests       *prometheus.CounterVec
	receivedBytes  *prometheus.CounterVec
	accepted       prometheus.Counter
	refused        *prometheus.CounterVec
	unknownFields  prometheus.Counter
	oddEnvelopes   prometheus.Counter
	messages       prometheus.Counter
	produceSeconds *prometheus.HistogramVec
}

func newMetrics(registerer prometheus.Registerer, g *Gateway) metrics {
	const namespace, subsystem = "mailtrail", "gateway"
	factory := promauto.With(registerer)
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}
	}
	gauge := func(name, help string, value func() float64) {
		factory.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, value)
	}
	gauge("requests_in_flight", "Requests that are worked on.", func() float64 { return float64(g.requests.used.Load()) })
	gauge("bytes_in_flight", "Bytes of decompressed bodies that are held.", func() float64 { return float64(g.bytes.used.Load()) })
	return metrics{
		requests:      factory.NewCounterVec(counter("requests_total", "Requests by route and HTTP status."), []string{"route", "status"}),
		receivedBytes: factory.NewCounterVec(counter("received_bytes_total", "Bytes of bodies as they were sent."), []string{"route"}),
		accepted:      factory.NewCounter(counter("events_accepted_total", "Events that Kafka acknowledged, repeats among them.")),
		refused:       factory.NewCounterVec(counter("events_refused_total", "Events that were not taken in, by code."), []string{"code"}),
		unknownFields: factory.NewCounter(counter("unknown_fields_total", "Fields of events that are not known and were ignored.")),
		oddEnvelopes:  factory.NewCounter(counter("odd_envelopes_total", "Push envelopes whose numbering does not hold together.")),
		messages:      factory.NewCounter(counter("messages_total", "Messages that Kafka acknowledged.")),
		produceSeconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: "produce_seconds",
			Help:    "Time until Kafka acknowledged a request's messages, or did not.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"result"}),
	}
}

func (m *metrics) request(route string, status int, received int64) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.receivedBytes.WithLabelValues(route).Add(float64(received))
}

// sifted counts the events of a request that was answered.
func (m *metrics) sifted(w *work) {
	m.accepted.Add(float64(w.accepted))
	for i := range w.refused {
		m.refused.WithLabelValues(string(w.refused[i].Code)).Inc()
	}
}

func (m *metrics) produced(took time.Duration, messages int, err error) {
	if err != nil {
		m.produceSeconds.WithLabelValues("failed").Observe(took.Seconds())
		return
	}
	m.produceSeconds.WithLabelValues("acknowledged").Observe(took.Seconds())
	m.messages.Add(float64(messages))
}
