package gateway

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/rs/zerolog"
)

// Backlog is the Pressure of what waits in Kafka: events are refused once the
// oldest unconsumed record has passed half of its topic's life, long before
// Kafka would delete it unread.
type Backlog struct {
	life   time.Duration
	oldest func(context.Context) (unixMilli int64, err error)
	clock  func() time.Time
	log    zerolog.Logger
	age    atomic.Int64 // of the oldest unconsumed record
	gauge  prometheus.Gauge
}

// backlogEvery is how often the age is measured; lives are days.
const backlogEvery = 5 * time.Second

// NewBacklog makes a Backlog for a topic and its life. oldest returns the
// timestamp of the oldest unconsumed record, Unix milliseconds, 0 where there is none.
func NewBacklog(topic string, life time.Duration, oldest func(context.Context) (int64, error), clock func() time.Time, log zerolog.Logger, registerer prometheus.Registerer) *Backlog {
	return &Backlog{life: life, oldest: oldest, clock: clock, log: log, gauge: promauto.With(registerer).NewGauge(prometheus.GaugeOpts{
		Namespace: "mailtrail", Subsystem: "gateway", Name: "backlog_age_seconds", Help: "Age of the oldest record in Kafka that ingest has not consumed, by topic.",
		ConstLabels: prometheus.Labels{"topic": topic},
	})}
}

// Run measures until ctx ends.
func (b *Backlog) Run(ctx context.Context) error {
	every := time.NewTicker(min(backlogEvery, max(b.life/20, time.Second)))
	defer every.Stop()
	for {
		b.measure(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

func (b *Backlog) measure(ctx context.Context) {
	oldest, err := b.oldest(ctx)
	if err != nil {
		if ctx.Err() == nil {
			// What was measured last stays in force; a broker that is away refuses by itself.
			b.log.Warn().Err(err).Msg("cannot measure the backlog")
		}
		return
	}
	age := time.Duration(0)
	if oldest > 0 {
		age = max(0, b.clock().Sub(time.UnixMilli(oldest)))
	}
	if age > 2*b.life {
		age = 0 // a producer stamped nonsense: Kafka holds nothing of that age
	}
	b.age.Store(int64(age))
	b.gauge.Set(age.Seconds())
}

// Refuse says whether the pipeline is too far behind.
func (b *Backlog) Refuse() (retryAfter time.Duration, reason string, refuse bool) {
	if age := time.Duration(b.age.Load()); age > b.life/2 {
		return time.Minute, fmt.Sprintf("ingest is behind: the oldest event that waits is %s old, and none may wait longer than %s; nothing new is taken until it has caught up",
			age.Round(time.Second), b.life/2), true
	}
	return 0, "", false
}
