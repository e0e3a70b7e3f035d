// Package broker is the Kafka broker of the embedded stack: kfake, in this process, on a TCP port, with its log on disk.
//
// Every acknowledged write is synced. Committed offsets do not expire. Its folder is not locked here: the stack locks the data folder
// as a whole.
//
// What it does not do as Apache Kafka does: segments are cut by size alone (segment.ms has no effect), so a record that
// retention made invisible stays on disk until the last record of its segment is due too. Timestamps are the broker's,
// in all topics.
package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"

	"mailtrail/deploy/local/ports"
)

// Envelope is how much larger than an event a message may be: room for the envelope of a reject.
const Envelope = 64 << 10

// Config is where the broker listens and what it keeps.
type Config struct {
	// Dir is the folder of the log.
	Dir string
	// Addr is the loopback address, 127.0.0.1:port (key kafka.brokers).
	Addr string
	// Partitions is how many partitions a topic gets that is made without a number.
	Partitions int
	// MaxMessage is the largest event message in bytes (key kafka.max_message).
	MaxMessage int64
	// RetentionCheck is how often records that are past their topic's retention.ms are removed.
	RetentionCheck time.Duration
	// SegmentBytes is the size at which a new segment is begun; only whole segments are removed from disk.
	SegmentBytes int64
}

// Deps are what a Broker needs from outside.
type Deps struct {
	Log zerolog.Logger
}

// Broker runs one broker.
type Broker struct {
	config Config
	log    zerolog.Logger
	port   int
	ready  chan struct{}
	ended  chan struct{}
	err    error // why Run returned; read after ended
}

// New makes a Broker. It touches neither disk nor network.
func New(config Config, deps Deps) (*Broker, error) {
	host, text, err := net.SplitHostPort(config.Addr)
	port, err2 := strconv.Atoi(text)
	switch {
	case err != nil || err2 != nil || host != "127.0.0.1":
		return nil, fmt.Errorf("kafka.brokers: the embedded broker listens on this machine alone: want 127.0.0.1:port, not %q", config.Addr)
	case config.Dir == "":
		return nil, errors.New("broker: the folder of the log is missing")
	case config.Partitions < 1:
		return nil, fmt.Errorf("kafka.partitions: want at least 1, not %d", config.Partitions)
	case config.MaxMessage < 1 || config.RetentionCheck < time.Millisecond || config.SegmentBytes < 1:
		return nil, errors.New("broker: message size, retention check and segment size must be set")
	}
	return &Broker{config: config, log: deps.Log, port: port, ready: make(chan struct{}), ended: make(chan struct{})}, nil
}

// Run starts the broker and serves until ctx ends; then it closes the log and returns nil. Call it once.
func (b *Broker) Run(ctx context.Context) error {
	defer close(b.ended)
	b.err = b.run(ctx)
	return b.err
}

// Ready waits until the broker takes connections. It fails when Run does, or with ctx.
func (b *Broker) Ready(ctx context.Context) error {
	select {
	case <-b.ready:
		return nil
	case <-b.ended:
		return errors.Join(errors.New("the embedded broker was stopped"), b.err)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Broker) run(ctx context.Context) error {
	if err := ports.Check("kafka.brokers", b.config.Addr); err != nil {
		return err
	}
	if err := checkpoint(b.config.Dir); err != nil {
		return err
	}
	cluster, marks, err := b.open()
	if err != nil {
		return err
	}
	defer cluster.Close()
	cluster.ApplyRetention() // after a kill, what was removed may be back
	close(b.ready)
	b.log.Info().Str("addr", b.config.Addr).Msg("embedded broker is ready")
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return marks.save(cluster)
		case <-tick.C:
			if err := marks.save(cluster); err != nil {
				b.log.Error().Err(err).Msg("embedded broker cannot keep its watermarks, trying again")
			}
		}
	}
}

// open starts the broker, and once more when partitions have to be mended first.
func (b *Broker) open() (*kfake.Cluster, *watermarks, error) {
	cluster, err := b.start()
	if err != nil {
		return nil, nil, err
	}
	marks, err := loadWatermarks(b.config.Dir)
	if err != nil {
		cluster.Close()
		return nil, nil, err
	}
	fallen := marks.fallen(cluster)
	if len(fallen) == 0 {
		return cluster, marks, nil
	}
	cluster.Close()
	for _, p := range fallen {
		if err := seed(b.config.Dir, p); err != nil {
			return nil, nil, fmt.Errorf("mending the broker's log: %w", err)
		}
	}
	if cluster, err = b.start(); err != nil {
		return nil, nil, err
	}
	for _, p := range fallen {
		if err := cluster.DeleteRecords(p.Topic, p.Partition, p.Offset); err != nil {
			cluster.Close()
			return nil, nil, fmt.Errorf("mending the broker's log: partition %d of %s: %w", p.Partition, p.Topic, err)
		}
		b.log.Info().Str("topic", p.Topic).Int32("partition", p.Partition).Int64("offset", p.Offset).Msg("empty partition goes on where it ended")
	}
	return cluster, marks, nil
}

func (b *Broker) start() (*kfake.Cluster, error) {
	cluster, err := kfake.NewCluster(
		kfake.ClusterID("mailtrail"),
		kfake.Ports(b.port),
		kfake.DataDir(b.config.Dir),
		kfake.SyncWrites(),
		kfake.DefaultNumPartitions(b.config.Partitions),
		kfake.WithLogger(logger{b.log}),
		kfake.BrokerConfigs(map[string]string{
			"message.max.bytes":         strconv.FormatInt(b.config.MaxMessage+Envelope, 10),
			"log.segment.bytes":         strconv.FormatInt(b.config.SegmentBytes, 10),
			"log.cleaner.backoff.ms":    strconv.FormatInt(b.config.RetentionCheck.Milliseconds(), 10),
			"offsets.retention.minutes": strconv.Itoa(tenYearsInMinutes),
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("starting the embedded broker in %s: %w", b.config.Dir, ports.Explain("kafka.brokers", b.config.Addr, err))
	}
	stampOnAppend(cluster)
	return cluster, nil
}

// tenYearsInMinutes keeps committed offsets when nobody consumed for long: a group without offsets stops ingest.
const tenYearsInMinutes = 10 * 365 * 24 * 60

// logger passes on what the broker has to say about trouble.
type logger struct{ log zerolog.Logger }

// Logf implements kfake.Logger.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error().Msgf("embedded broker: "+format, args...)
	case kfake.LogLevelWarn:
		l.log.Warn().Msgf("embedded broker: "+format, args...)
	}
}
