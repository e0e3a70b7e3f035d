package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/deploy/local"
	"mailtrail/deploy/local/broker"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
	"mailtrail/pipeline/access"
	"mailtrail/schemas/retention"
)

func newUpCommand(a *app) *cobra.Command {
	var demo bool
	command := &cobra.Command{
		Use:   "up",
		Short: "Start everything on this machine: a broker, ClickHouse, MinIO and every role",
		Long: `up starts the embedded stack and every role in one process. All state lies in the folder data.
Ctrl-C (or SIGTERM) ends it cleanly; killed, it takes up where it was.`,
		Example: `  mailtrail up --demo`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.up(c.Context(), demo)
		},
	}
	command.Flags().BoolVar(&demo, "demo", false, "also feed it a simulated day of mail, a million events, once a data folder")
	return command
}

// up runs the embedded stack until ctx ends.
func (a *app) up(ctx context.Context, demo bool) error {
	c, err := a.config()
	if err != nil {
		return err
	}
	if c.Mode != config.Embedded {
		return wrongUsage("`up` starts servers of its own, and mode is %q: set mode: embedded, or start the roles one by one (gateway, ingest)", c.Mode)
	}
	unlock, err := local.Lock(c.Data)
	if err != nil {
		return err
	}
	defer unlock()
	return a.runKeeper(ctx, "up", func(ctx context.Context, r *role) error {
		var day *demonstration
		if demo {
			if day, err = r.prepareDemo(ctx); err != nil {
				return err
			}
		}
		if err := startStack(ctx, r); err != nil {
			return err
		}
		r.tellWhere()
		if day != nil {
			r.parts.start("demonstration", day.run)
		}
		return nil
	})
}

// startStack starts the servers, brings them to what this version needs, and starts the roles.
func startStack(ctx context.Context, r *role) error {
	began := time.Now()
	// Known before anything is started: these open last, when the start has said where everything is.
	if err := errors.Join(ports.Check("gateway.listen", string(r.config.Gateway.Listen)), ports.Check("api.listen", string(r.config.API.Listen)), ports.Check("images.listen", string(r.config.Images.Listen))); err != nil {
		return err
	}
	rules, err := r.rules()
	if err != nil {
		return err
	}
	engine, program, err := r.findEngines(ctx, rules.schedule)
	if err != nil {
		return err
	}
	if err := startBroker(ctx, r, rules.schedule); err != nil {
		return err
	}
	if err := startClickHouse(ctx, r, engine, rules.schedule); err != nil {
		return err
	}
	if program != "" {
		if err := startMinIO(ctx, r, program, rules.schedule); err != nil {
			return err
		}
	}
	err = r.parts.check(ctx, func(ctx context.Context) error {
		return migrate(ctx, r, time.Minute, func(object, action, what string) error {
			r.log.Debug().Str("object", object).Str("action", action).Str("what", what).Msg("migrated")
			return nil
		})
	})
	if err != nil {
		return err
	}
	// What fell due while the machine was off goes before a door is opened.
	if err := startSweeper(ctx, r, applyPatience); err != nil {
		return err
	}
	if err := r.serveKeys(true); err != nil {
		return err
	}
	if err := startIngest(ctx, r); err != nil {
		return err
	}
	door, err := startImages(ctx, r)
	if err != nil {
		return err
	}
	if err := openGateway(r, door); err != nil {
		return err
	}
	if err := startAPI(ctx, r); err != nil {
		return err
	}
	fmt.Fprintf(r.stderr, "started in %s\n", time.Since(began).Round(100*time.Millisecond))
	return nil
}

// findEngines finds ClickHouse and MinIO, or fetches them; MinIO is empty where the schedule names no bucket.
func (r *role) findEngines(ctx context.Context, schedule *retention.Schedule) (engine engines.ClickHouse, minio string, err error) {
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: r.stderr})
	if err != nil {
		return engine, "", err
	}
	if engine, err = fetcher.ClickHouse(ctx); err != nil || !r.hasObjects(schedule) {
		return engine, "", err
	}
	minio, err = fetcher.MinIO(ctx)
	return engine, minio, err
}

func startBroker(ctx context.Context, r *role, schedule *retention.Schedule) error {
	kafka, err := broker.New(broker.Config{
		Dir: filepath.Join(r.config.Data, "kafka"), Addr: string(r.config.Kafka.Brokers[0]), Partitions: r.config.Kafka.Partitions,
		// Only whole segments leave the disk, so small ones keep what is left of a topic's past short.
		MaxMessage: int64(r.config.Kafka.MaxMessage), RetentionCheck: retentionCheck(schedule), SegmentBytes: 32 << 20,
	}, broker.Deps{Log: r.log.With().Str("part", "broker").Logger()})
	if err != nil {
		return err
	}
	r.parts.start("broker", kafka.Run)
	return r.parts.check(ctx, kafka.Ready)
}

// retentionCheck is how often the embedded broker looks for what is due: within a small part of the shortest life of a topic.
func retentionCheck(schedule *retention.Schedule) time.Duration {
	return min(time.Minute, schedule.ShortestTopicLife()/14)
}

func startClickHouse(ctx context.Context, r *role, engine engines.ClickHouse, schedule *retention.Schedule) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to start it again as ClickHouse: %w", err)
	}
	log := r.log.With().Str("part", "clickhouse").Logger()
	parties, err := access.Open(r.config.AccessFile(), access.Deps{Logger: log, Registerer: r.observer.part("clickhouse"), Now: r.now})
	if err != nil {
		return err
	}
	analysts := func() (list []embedded.Analyst, _ error) {
		for _, party := range parties.Analysts() {
			list = append(list, embedded.Analyst{Name: party.Name, PasswordSHA256: party.Digest.String()})
		}
		return list, nil
	}
	server, err := embedded.New(embedded.Config{
		Data: r.config.Data, Native: string(r.config.ClickHouse.Addr[0]), HTTP: string(r.config.ClickHouse.HTTP),
		Schedule: schedule, MemoryRatio: 0.6, Reader: embedded.DefaultReaderLimits(),
	}, embedded.Deps{Log: log, Metrics: r.observer.registry, Engine: engine, Self: []string{self, engineCommand}, Analysts: analysts})
	if err != nil {
		return err
	}
	r.parts.start("ClickHouse", server.Run)
	if err := r.parts.check(ctx, server.Ready); err != nil {
		return err
	}
	r.parts.start("watch over analysts", func(ctx context.Context) error {
		return restartForAnalysts(ctx, analysts, server, log)
	})
	return nil
}

// tellWhere says where everything is.
func (r *role) tellWhere() {
	c := r.config
	scheme := func(cert string) string {
		if cert != "" {
			return "https"
		}
		return "http"
	}
	fmt.Fprintf(r.stderr, `mailtrail is running. Everything it keeps lies in %s.
  equipment    %s://%s/v1/scans      (gateway, images at /v1/images; a token: mailtrail access add device NAME)
  Kafka        %s                  (topic mail.scans: JSON events or ScanBatch)
  SQL          %s native, %s HTTP  (a login: mailtrail access add analyst NAME)
  objects      http://%s                 (MinIO, bucket %s; for mailtrail alone)
  officers     %s://%s/officer       (a login: mailtrail access add officer NAME)
  API          %s://%s/v1/images/ID      (images for officers and mailers; no more yet)
  metrics      http://%s/metrics   (also /healthz and /readyz)
  in a shell   mailtrail status | piece BARCODE | query SQL | audit | rejects list
Ctrl-C ends it; what was acknowledged stays.
`, c.Data, scheme(c.Gateway.TLS.Cert), c.Gateway.Listen, c.Kafka.Brokers[0], c.ClickHouse.Addr[0], c.ClickHouse.HTTP, c.Objects.Endpoint, c.Objects.Bucket, scheme(c.API.TLS.Cert), c.API.Listen,
		scheme(c.API.TLS.Cert), c.API.Listen, c.Metrics.Listen)
}
