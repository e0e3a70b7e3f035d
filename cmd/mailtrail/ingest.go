package main

import (
	"context"
	"runtime/debug"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"mailtrail/cmd/mailtrail/config"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
)

func newIngestCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "ingest",
		Short: "Take events from Kafka into ClickHouse, each exactly once",
		Long: `ingest is one member of the consumer group ingest.group; run any number of them.
Killed at any moment, it or another member finishes the open block without losing or doubling an event.`,
		Example: `  mailtrail ingest --config site.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runRole(c.Context(), "ingest", startIngest)
		},
	}
}

// role is what the parts of one process share.
type role struct {
	*app
	config   *config.Loaded
	log      zerolog.Logger
	observer *observer
	parts    *components
	// keeper is what the process has where it is the keeper of the installation.
	keeper *keeper
}

// newRole makes a role in which nothing runs yet.
func (a *app) newRole() (*role, error) {
	r, err := a.plainRole()
	if err != nil {
		return nil, err
	}
	r.observer, r.parts = newObserver(string(r.config.Metrics.Listen)), newComponents(r.log)
	return r, nil
}

// runRole runs one role with its metrics until ctx ends.
func (a *app) runRole(ctx context.Context, name string, start func(context.Context, *role) error) error {
	r, err := a.newRole()
	if err != nil {
		return err
	}
	defer r.parts.stop()
	return r.run(ctx, name, start)
}

// run starts the role's parts and waits for the end of ctx or of one of them; stopping them is the caller's.
func (r *role) run(ctx context.Context, name string, start func(context.Context, *role) error) error {
	r.parts.start("metrics", r.observer.run)
	if err := start(ctx, r); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	r.observer.startedAll()
	r.log.Info().Str("role", name).Str("metrics", string(r.config.Metrics.Listen)).Msg("running")
	return r.parts.wait(ctx)
}

// deviceZones lists the time zones of devices; an access file that is not there names none.
func deviceZones(store *access.Editor) ([]string, error) {
	book, err := store.List()
	if err != nil {
		return nil, err
	}
	var zones []string
	for _, device := range book.Devices {
		if device.Zone != "" {
			zones = append(zones, device.Zone)
		}
	}
	slices.Sort(zones)
	return slices.Compact(zones), nil
}

func (r *role) rules() (*ruleBook, error) {
	zones, err := deviceZones(access.NewEditor(r.config.AccessFile(), r.now))
	if err != nil {
		return nil, err
	}
	return loadRules(r.config, zones)
}

// startIngest starts one member of the group.
func startIngest(ctx context.Context, r *role) error {
	c := r.config
	sealer, err := r.startSealer()
	if err != nil {
		return err
	}
	stores, err := r.connect(embedded.Writer)
	if err != nil {
		return err
	}
	// The runtime collects garbage harder as the process nears the bound.
	debug.SetMemoryLimit(int64(c.Ingest.Memory))
	r.observer.ready("clickhouse", stores.clickhouse.Ping)
	var members []*ingest.Ingest
	room := ingest.NewRoom(int64(c.Ingest.Memory))
	records := ingest.RecordDeps{Keys: ingestKeys(sealer), Metrics: r.observer.registry}
	if slices.Contains(frontTopics(stores.rules.schedule), event.RecordsTopic) {
		key, err := loadRecordKey(c.RecordKeyFile())
		if err != nil {
			return err
		}
		records.Hash = recordHash(key)
	}
	for _, stream := range r.ingestStreams(stores, records) {
		topic := stream.Topic()
		part, err := ingest.New(ingest.Config{
			BlockRows: c.Ingest.BlockRows, BlockBytes: int(c.Ingest.BlockBytes), BlockAge: c.Ingest.BlockAge, Rules: stream.rules,
		}, ingest.Deps{
			Log: r.log.With().Str("part", "ingest").Logger(), Metrics: r.observer.registry, Clock: wallClock,
			Broker: newFrontTopic(c, stores.kafka, topic), Store: rowStore{stores.clickhouse},
			Stream: stream.Stream, Room: room, Keys: ingestKeys(sealer), Reached: faultPoint[ingest.Point](),
		})
		if err != nil {
			return err
		}
		r.observer.ready("ingest of "+topic, part.Healthy)
		members = append(members, part)
	}
	r.parts.start("ingest", func(ctx context.Context) error {
		defer stores.close()
		all, ctx := errgroup.WithContext(ctx)
		for _, part := range members {
			all.Go(func() error { return part.Run(ctx) })
		}
		return all.Wait()
	})
	return r.startRepair(stores.rules, sealer)
}

// ingestStream is a topic with the rules that decide about its events.
type ingestStream struct {
	ingest.Stream
	rules ingest.Rules
	// table is the base table of its rows, and same are the columns in which two rows of one event are equal.
	table string
	same  []string
}

// ingestStreams are the topics that ingest takes in; records is what those of other kinds need besides the store.
func (r *role) ingestStreams(stores *connections, records ingest.RecordDeps) []ingestStream {
	store, rules := stores.clickhouse, stores.rules
	streams := []ingestStream{
		{ingest.Scans(store.InsertScans), rules.scanRules(r.config), "scans",
			[]string{"retention_class", "slot", "piece", "scanDatetime", "offset", "position", "place"}},
		{ingest.Images(store.InsertImages, store.KnownImages), rules.imageRules(r.config), "images",
			[]string{"retention_class", "slot", "id", "topic", "partition", "offset", "index"}},
	}
	if !slices.Contains(frontTopics(rules.schedule), event.RecordsTopic) {
		return streams // a replaced schedule that leaves such records out
	}
	records.Insert = store.InsertRecords
	tables := ingest.NewRecordTables(rules.kinds(), rules.schedule, records)
	return append(streams, ingestStream{ingest.Records(records), ingest.Rules{Schedule: rules.schedule, Tables: tables, Ahead: r.config.Ingest.Ahead}, "records",
		[]string{"retention_class", "slot", "kind", "topic", "partition", "offset", "index"}})
}

func wallClock() int64 { return time.Now().UnixMilli() }
