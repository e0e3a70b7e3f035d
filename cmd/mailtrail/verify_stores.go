package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/cmd/mailtrail/config"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/ledger"
	"mailtrail/pipeline/retention/verify"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/kafka"
)

// verifySettle is the pause before the second look at what seems wrong.
const verifySettle = time.Second

// verifyState is the file in which the auditor that runs with the sweeper keeps its last result.
func (r *role) verifyState() string { return filepath.Join(r.config.Data, "verify.json") }

// verifier is the auditor with what it holds.
type verifier struct {
	auditor *verify.Auditor
	kafka   *kafka.Client
	store   *clickhouse.Store
	ledger  *verifiedLedger
	objects *verifiedObjects // nil where there is no object store
}

func (v *verifier) close() {
	if v.objects != nil {
		v.objects.close()
	}
	v.kafka.Close()
	v.store.Close()
	v.ledger.close()
}

// verifyOptions tell the auditor that runs with the sweeper from the one that looks once.
type verifyOptions struct {
	metrics prometheus.Registerer
	// log is the ledger in which results are entered; nil: they are not, and no last result is kept.
	log *ledger.Log
}

// openVerifier makes the auditor, with its own credentials. Nothing is connected yet.
func (r *role) openVerifier(options verifyOptions) (*verifier, error) {
	rules, err := r.rules()
	if err != nil {
		return nil, err
	}
	c := asAuditor(r.config)
	v := &verifier{ledger: &verifiedLedger{dir: r.config.LedgerDir()}}
	if v.kafka, err = newKafka(c); err != nil {
		return nil, err
	}
	if v.store, err = openClickHouse(c, rules, embedded.Auditor); err != nil {
		return nil, err
	}
	if r.hasObjects(rules.schedule) {
		v.objects = &verifiedObjects{config: r.config}
	}
	settings := verify.Config{Schedule: rules.schedule.Source(), Settle: verifySettle}
	for _, w := range r.config.Verify.Waive {
		settings.Waivers = append(settings.Waivers, verify.Waiver(w))
	}
	deps := verify.Deps{Clock: r.now, Log: r.log.With().Str("part", "verify").Logger(), Metrics: options.metrics, Inspectors: v.inspectors(r.config)}
	if options.log != nil {
		settings.State = r.verifyState()
		deps.Record = verifyRecorder{options.log, v.ledger}
	}
	v.auditor, err = verify.New(settings, deps)
	if err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

// asAuditor is the configuration with the auditor's credentials in place of the roles'.
func asAuditor(c *config.Loaded) *config.Loaded {
	auditor := *c
	if c.Verify.ClickHouse.User != "" {
		auditor.ClickHouse.User, auditor.ClickHouse.PasswordFile = c.Verify.ClickHouse.User, c.Verify.ClickHouse.PasswordFile
	} else if c.Mode == config.Embedded {
		auditor.ClickHouse.User = "" // the server's own auditor
	}
	if c.Verify.Kafka.SASL.Mechanism != "" {
		auditor.Kafka.SASL = c.Verify.Kafka.SASL
	}
	return &auditor
}

// inspectors are the stores in the order in which they are asked; a store that joins is one more.
func (v *verifier) inspectors(c *config.Loaded) []verify.Named {
	files := verify.Files{Data: c.Data, Keys: c.KeysDir(), Access: c.AccessFile(), Tombstones: c.Tombstones(), Directories: c.Verify.Directories}
	if c.Mode == config.Embedded {
		files.Servers = map[string]verify.ServerKind{"clickhouse/store": verify.OfClickHouse, "kafka": verify.OfEmbeddedBroker, "minio/store": verify.OfMinIO}
		files.Bucket = c.Objects.Bucket
	}
	seen := func(path string) bool { return c.Mode == config.Embedded || files.Sees(path) }
	stores := []verify.Named{
		{Store: verify.InKafka, Inspector: verify.Kafka{Brokers: verifiedBrokers{v.kafka}, Folders: seen}},
		{Store: verify.InClickHouse, Inspector: verify.ClickHouse{
			Server: verifiedServer{v.store}, Public: c.ClickHouse.Database, Data: c.ClickHouse.Database + "_data", Views: v.store.Views(),
			Users:   []string{embedded.Owner, embedded.Writer, embedded.Auditor, embedded.Definer, c.ClickHouse.User, c.Verify.ClickHouse.User},
			Folders: seen, Seen: &verify.Seen{},
		}},
		{Store: verify.InFiles, Inspector: files},
		{Store: verify.InLedger, Inspector: verify.Ledger{Open: v.ledger.open}},
	}
	if v.objects != nil {
		stores = append(stores, verify.Named{Store: verify.InObjects, Inspector: verify.Objects{Open: v.objects.open, Bucket: c.Objects.Bucket}})
	}
	return stores
}

// startVerifier starts the auditor beside the sweeper, whose ledger takes its results.
func startVerifier(r *role, log *ledger.Log) error {
	v, err := r.openVerifier(verifyOptions{metrics: r.observer.registry, log: log})
	if err != nil {
		return err
	}
	r.parts.start("auditor", func(ctx context.Context) error {
		defer v.close()
		return v.auditor.Run(ctx)
	})
	return nil
}

// verifiedBrokers is Kafka as the auditor wants it.
type verifiedBrokers struct{ client *kafka.Client }

func (b verifiedBrokers) Topics(ctx context.Context) ([]verify.Topic, error) {
	topics, err := b.client.InspectTopics(ctx)
	return converted(topics, func(t kafka.InspectedTopic) verify.Topic { return verify.Topic(t) }), err
}

func (b verifiedBrokers) Brokers(ctx context.Context) ([]verify.Broker, error) {
	brokers, err := b.client.InspectBrokers(ctx)
	return converted(brokers, func(b kafka.InspectedBroker) verify.Broker { return verify.Broker(b) }), err
}

// verifiedServer is ClickHouse as the auditor wants it.
type verifiedServer struct{ store *clickhouse.Store }

func (s verifiedServer) User() string { return s.store.User() }

func (s verifiedServer) Tables(ctx context.Context) ([]verify.Table, error) {
	tables, err := s.store.InspectTables(ctx)
	return converted(tables, func(t clickhouse.InspectedTable) verify.Table { return verify.Table(t) }), err
}

func (s verifiedServer) Parts(ctx context.Context) ([]verify.Part, error) {
	parts, err := s.store.InspectParts(ctx)
	return converted(parts, func(p clickhouse.InspectedPart) verify.Part { return verify.Part(p) }), err
}

func (s verifiedServer) Mutations(ctx context.Context) ([]verify.Mutation, error) {
	mutations, err := s.store.InspectMutations(ctx)
	return converted(mutations, func(m clickhouse.InspectedMutation) verify.Mutation { return verify.Mutation(m) }), err
}

func (s verifiedServer) Grants(ctx context.Context) ([]verify.Grant, error) {
	grants, err := s.store.InspectGrants(ctx)
	return converted(grants, func(g clickhouse.InspectedGrant) verify.Grant { return verify.Grant(g) }), err
}

func (s verifiedServer) Disks(ctx context.Context) ([]verify.Disk, error) {
	disks, err := s.store.InspectDisks(ctx)
	return converted(disks, func(d clickhouse.InspectedDisk) verify.Disk { return verify.Disk(d) }), err
}

func (s verifiedServer) Expiries(ctx context.Context, expiry string, classes []string, slots []int64) ([]int64, error) {
	return s.store.InspectExpiries(ctx, expiry, classes, slots)
}

func (s verifiedServer) Clocks(ctx context.Context, database, table string, known []string) ([]verify.Clock, error) {
	clocks, err := s.store.InspectClocks(ctx, database, table, known)
	if errors.Is(err, clickhouse.ErrNoClock) {
		err = verify.ErrNoClock
	}
	return converted(clocks, func(c clickhouse.InspectedClock) verify.Clock { return verify.Clock(c) }), err
}
