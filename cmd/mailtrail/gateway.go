package main

import (
	"context"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/gateway"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
	"mailtrail/sinks/kafka"
)

func newGatewayCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "gateway",
		Short:   "Take events from mail processing equipment over HTTP",
		Long:    `gateway is the door for equipment. It acknowledges an event only after Kafka has it; run any number of them.`,
		Example: `  mailtrail gateway --config site.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runRole(c.Context(), "gateway", startGateway)
		},
	}
}

// startGateway starts the door for equipment.
func startGateway(_ context.Context, r *role) error { return openGateway(r, nil) }

// openGateway starts the door for equipment, whose port serves the door for images too, where there is one.
func openGateway(r *role, images http.Handler) error {
	c := r.config
	stores, err := r.connect(embedded.Writer)
	if err != nil {
		return err
	}
	log := r.log.With().Str("part", "gateway").Logger()
	parties, err := access.Open(c.AccessFile(), access.Deps{Logger: log, Registerer: r.observer.part("gateway"), Now: r.now})
	if err != nil {
		return err
	}
	waiting := r.watchBacklog(stores, event.ScansTopic, log)
	var waitingRecords gateway.Pressure
	if stores.rules.schedule.TopicLife(event.RecordsTopic) > 0 {
		waitingRecords = r.watchBacklog(stores, event.RecordsTopic, log)
	}
	producer := stores.kafka.NewProducer(int(c.Kafka.MaxMessage))
	scans := ingest.ScanTables{Tables: stores.rules.tables}
	door, err := gateway.New(gateway.Config{
		Listen: string(c.Gateway.Listen), TLS: gateway.TLS{Cert: c.Gateway.TLS.Cert, Key: c.Gateway.TLS.Key, ClientCA: c.Gateway.TLS.ClientCA},
		MaxBody: int64(c.Gateway.MaxBody), MaxMessage: int(c.Kafka.MaxMessage),
		Behind: stores.rules.schedule.Behind(event.ScansTopic), Ahead: c.Ingest.Ahead, Limits: gateway.DefaultLimits(int64(c.Gateway.MaxBody)),
	}, gateway.Deps{
		Records: gateway.Records{
			Kinds: stores.rules.kinds(), Schedule: stores.rules.schedule, Pressure: waitingRecords,
			Preview: func(class string, captured, now int64) (event.Outcome, *event.Error) {
				return ingest.PreviewRecord(stores.rules.schedule, c.Ingest.Ahead, class, captured, now)
			},
		},
		Producer: producer, Authenticator: devices{parties}, Batches: stores.clickhouse, Pressure: waiting,
		LocalTime: stores.rules.tables.Instant,
		Preview: func(s *event.Scan, zone string) (string, event.Outcome, *event.Error) {
			return scans.Preview(stores.rules.schedule, c.Ingest.Ahead, s, zone, wallClock())
		},
		Images: images, Clock: time.Now, Logger: log, Registerer: r.observer.registry,
	})
	if err != nil {
		return err
	}
	r.parts.start("gateway", func(ctx context.Context) error {
		defer stores.close()
		defer producer.Close()
		return door.Run(ctx)
	})
	return nil
}

// watchBacklog starts a watch over what ingest has not taken in of a topic.
func (r *role) watchBacklog(stores *connections, topic string, log zerolog.Logger) *gateway.Backlog {
	backlog := gateway.NewBacklog(topic, stores.rules.schedule.TopicLife(topic), oldestUnconsumed(stores.kafka, groupOf(r.config, topic), topic), r.now, log, r.observer.registry)
	r.parts.start("watch over the backlog of "+topic, backlog.Run)
	return backlog
}

// oldestUnconsumed looks for the oldest record that the group has not consumed.
func oldestUnconsumed(client *kafka.Client, group, topic string) func(context.Context) (int64, error) {
	return func(ctx context.Context) (oldest int64, err error) {
		backlogs, err := client.Backlogs(ctx, group, topic)
		for _, b := range backlogs {
			if b.Oldest > 0 && (oldest == 0 || b.Oldest < oldest) {
				oldest = b.Oldest
			}
		}
		return oldest, err
	}
}

// devices lets in the devices of the access file.
type devices struct{ store *access.Store }

func (d devices) Authenticate(shown gateway.Credentials) (gateway.Device, bool) {
	if shown.Certificate != nil {
		return d.byCertificate(shown.Certificate)
	}
	who, err := d.store.Authenticate(access.KindDevice, shown.Device, shown.Token)
	return gateway.Device{Name: who.Name, Zone: who.Zone}, err == nil
}

func (d devices) byCertificate(certificate *x509.Certificate) (gateway.Device, bool) {
	who, ok := d.store.DeviceByName(certificate.Subject.CommonName)
	return gateway.Device{Name: who.Name, Zone: who.Zone}, ok
}
