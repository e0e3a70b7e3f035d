package broker

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/ports"
)

const topic = "mail.scans"

// The test program plays one more part: a broker in a process that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "broker" {
		b, err := New(testConfig(os.Args[2], os.Args[3]), Deps{Log: zerolog.Nop()})
		if err == nil {
			err = b.Run(context.Background())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func testConfig(dir, addr string) Config {
	return Config{Dir: dir, Addr: addr, Partitions: 2, MaxMessage: 1 << 20, RetentionCheck: 100 * time.Millisecond, SegmentBytes: 4 << 20}
}

func freeConfig(t *testing.T) Config {
	t.Helper()
	addrs, err := ports.Free(1)
	require.NoError(t, err)
	return testConfig(t.TempDir(), addrs[0])
}

func up(t *testing.T, config Config) (stop func()) {
	t.Helper()
	b, err := New(config, Deps{Log: zerolog.Nop()})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	require.NoError(t, b.Ready(t.Context()))
	stop = sync.OnceFunc(func() { cancel(); require.NoError(t, <-ended) })
	t.Cleanup(stop)
	return stop
}

func client(config Config) *kafka.Client {
	return &kafka.Client{Addr: kafka.TCP(config.Addr), Timeout: 10 * time.Second, Transport: &kafka.Transport{}}
}

func makeTopic(t *testing.T, config Config, entries ...kafka.ConfigEntry) {
	t.Helper()
	response, err := client(config).CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{
		{Topic: topic, NumPartitions: -1, ReplicationFactor: 1, ConfigEntries: entries}}})
	require.NoError(t, err)
	require.NoError(t, response.Errors[topic])
}

func produce(ctx context.Context, config Config, values ...[]byte) error {
	records := make([]kafka.Record, len(values))
	for i, value := range values {
		records[i] = kafka.Record{Value: kafka.NewBytes(value)}
	}
	response, err := client(config).Produce(ctx, &kafka.ProduceRequest{Topic: topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...)})
	if err != nil {
		return err
	}
	return response.Error
}

// offsets returns the first offset and the end of partition 0.
func offsets(t *testing.T, config Config) (first, last int64) {
	t.Helper()
	response, err := client(config).ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		topic: {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}}})
	require.NoError(t, err)
	require.NoError(t, response.Topics[topic][0].Error)
	return response.Topics[topic][0].FirstOffset, response.Topics[topic][0].LastOffset
}

func TestTopicsGetTheConfiguredPartitionsAndSizes(t *testing.T) {
	config := freeConfig(t)
	up(t, config)
	makeTopic(t, config)
	meta, err := client(config).Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
	require.NoError(t, err)
	require.Len(t, meta.Topics[0].Partitions, config.Partitions)
	require.NoError(t, produce(t.Context(), config, bytes.Repeat([]byte("x"), int(config.MaxMessage)+Envelope/2)), "the largest event with its envelope")
	require.Error(t, produce(t.Context(), config, bytes.Repeat([]byte("x"), int(config.MaxMessage)+2*Envelope)))
}

func TestPortTaken(t *testing.T) {
	config := freeConfig(t)
	listener, err := net.Listen("tcp", config.Addr)
	require.NoError(t, err)
	defer listener.Close()
	b, err := New(config, Deps{Log: zerolog.Nop()})
	require.NoError(t, err)
	err = b.Run(t.Context())
	require.ErrorIs(t, err, ports.ErrTaken)
	require.ErrorContains(t, err, "kafka.brokers")
	require.ErrorContains(t, err, config.Addr)
}

// Offsets name rows, so they are never given twice, however empty a partition became before a restart.
func TestEmptiedPartitionGoesOnWhereItEnded(t *testing.T) {
	config := freeConfig(t)
	stop := up(t, config)
	makeTopic(t, config, kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: "1500"})
	require.NoError(t, produce(t.Context(), config, []byte("a"), []byte("b"), []byte("c")))
	require.Eventually(t, func() bool { first, _ := offsets(t, config); return first == 3 }, 10*time.Second, 20*time.Millisecond, "retention removes all")
	for range 2 {
		stop()
		stop = up(t, config)
		first, last := offsets(t, config)
		require.EqualValues(t, 3, first)
		require.EqualValues(t, 3, last)
	}
	require.NoError(t, produce(t.Context(), config, []byte("d")))
	_, last := offsets(t, config)
	require.EqualValues(t, 4, last)
}

// A producer's clock deletes nothing and keeps nothing: the time of a record is the broker's.
func TestRecordsHaveTheTimeOfTheBroker(t *testing.T) {
	config := freeConfig(t)
	stop := up(t, config)
	makeTopic(t, config, kafka.ConfigEntry{ConfigName: "retention.ms", ConfigValue: "604800000"})
	require.NoError(t, produce(t.Context(), config, []byte("now")))
	for _, nonsense := range []time.Time{time.UnixMilli(1), time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		response, err := client(config).Produce(t.Context(), &kafka.ProduceRequest{Topic: topic, RequiredAcks: kafka.RequireAll,
			Records: kafka.NewRecordReader(kafka.Record{Value: kafka.NewBytes([]byte("nonsense")), Time: nonsense}), Compression: kafka.Gzip})
		require.NoError(t, err)
		require.NoError(t, response.Error)
	}
	stop()
	up(t, config) // applies retention
	first, last := offsets(t, config)
	require.Zero(t, first, "nothing is deleted")
	require.EqualValues(t, 3, last)
	conn, err := kafka.DialLeader(t.Context(), "tcp", config.Addr, topic, 0)
	require.NoError(t, err)
	defer conn.Close()
	for range 3 {
		message, err := conn.ReadMessage(1 << 20)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), message.Time, time.Minute)
	}
}

func TestKilledBrokerKeepsWhatItAcknowledged(t *testing.T) {
	config := freeConfig(t)
	start := func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "broker", config.Dir, config.Addr)
		cmd.Stderr = os.Stderr
		require.NoError(t, cmd.Start())
		require.Eventually(t, func() bool {
			conn, err := net.Dial("tcp", config.Addr)
			if err == nil {
				_ = conn.Close()
			}
			return err == nil
		}, 10*time.Second, 10*time.Millisecond)
		return cmd
	}
	kill := func(cmd *exec.Cmd) { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	broker := start()
	defer func() { kill(broker) }()
	makeTopic(t, config)

	var acknowledged []string
	for round := range 3 {
		enough, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for n := 0; ; n++ {
				value := fmt.Sprintf("%d/%d", round, n)
				if produce(t.Context(), config, []byte(value)) != nil {
					return
				}
				acknowledged = append(acknowledged, value)
				if n == 50 {
					close(enough)
				}
			}
		}()
		<-enough
		commit(t, config, int64(round), fmt.Sprintf("intent %d", round))
		kill(broker)
		<-ended
		broker = start()
		offset, metadata := committed(t, config)
		require.EqualValues(t, round, offset)
		require.Equal(t, fmt.Sprintf("intent %d", round), metadata)
	}
	stored := consume(t, config)
	for _, value := range acknowledged {
		require.Contains(t, stored, value)
	}
}

func commit(t *testing.T, config Config, offset int64, metadata string) {
	t.Helper()
	response, err := client(config).OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{GroupID: "g", GenerationID: -1,
		Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: 0, Offset: offset, Metadata: metadata}}}})
	require.NoError(t, err)
	require.NoError(t, response.Topics[topic][0].Error)
}

func committed(t *testing.T, config Config) (int64, string) {
	t.Helper()
	response, err := client(config).OffsetFetch(t.Context(), &kafka.OffsetFetchRequest{GroupID: "g", Topics: map[string][]int{topic: {0}}})
	require.NoError(t, err)
	return response.Topics[topic][0].CommittedOffset, response.Topics[topic][0].Metadata
}

func consume(t *testing.T, config Config) map[string]bool {
	t.Helper()
	first, last := offsets(t, config)
	conn, err := kafka.DialLeader(t.Context(), "tcp", config.Addr, topic, 0)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Seek(first, kafka.SeekAbsolute)
	require.NoError(t, err)
	values := make(map[string]bool)
	for range last - first {
		message, err := conn.ReadMessage(1 << 20)
		require.NoError(t, err)
		values[string(message.Value)] = true
	}
	return values
}
