package objectstore

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	retries *prometheus.CounterVec
}

// newMetrics registers the metrics, or takes those of another Store of the same process.
func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	retries := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "mailtrail", Subsystem: "objects", Name: "retries_total",
		Help: "Requests to the object store that were tried again, by what they do and why.",
	}, []string{"request", "reason"})
	if err := registerer.Register(retries); err != nil {
		var there prometheus.AlreadyRegisteredError
		if !errors.As(err, &there) {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
		retries = there.ExistingCollector.(*prometheus.CounterVec)
	}
	return &metrics{retries}, nil
}
