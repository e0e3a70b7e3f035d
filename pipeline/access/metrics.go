package access

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	reloads *prometheus.CounterVec
	parties *prometheus.GaugeVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "mailtrail_access_reloads_total",
			Help: "Times that a changed access file was read, by result (done, failed).",
		}, []string{"result"}),
		parties: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "mailtrail_access_parties",
			Help: "Who may come in, by kind (device, mailer, analyst, officer).",
		}, []string{"kind"}),
	}
	return m, errors.Join(registerer.Register(m.reloads), registerer.Register(m.parties))
}

func (m *metrics) count(book *Book) {
	m.parties.WithLabelValues(string(KindDevice)).Set(float64(len(book.Devices)))
	m.parties.WithLabelValues(string(KindMailer)).Set(float64(len(book.Mailers)))
	m.parties.WithLabelValues(string(KindAnalyst)).Set(float64(len(book.Analysts)))
	m.parties.WithLabelValues(string(KindOfficer)).Set(float64(len(book.Officers)))
}
