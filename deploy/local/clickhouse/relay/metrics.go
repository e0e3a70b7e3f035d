package relay

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	connections prometheus.Counter
	open        prometheus.Gauge
	refused     *prometheus.CounterVec
}

func newMetrics(register prometheus.Registerer) (metrics, error) {
	m := metrics{
		connections: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "mailtrail_clickhouse_relay_connections_total",
			Help: "How many native connections clients have made to the embedded ClickHouse engine.",
		}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "mailtrail_clickhouse_relay_connections",
			Help: "How many native connections to the embedded ClickHouse engine are open, those included whose client has gone.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mailtrail_clickhouse_relay_refused_total",
			Help: "How many native connections were not handed to the embedded ClickHouse engine, by reason.",
		}, []string{"reason"}),
	}
	for _, collector := range []prometheus.Collector{m.connections, m.open, m.refused} {
		if err := register.Register(collector); err != nil {
			return metrics{}, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}
