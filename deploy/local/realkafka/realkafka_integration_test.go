package realkafka

import (
	"os"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
)

func TestKilledBrokerComesBackWithItsRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("runs Apache Kafka")
	}
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	jars, err := fetcher.Kafka(t.Context())
	require.NoError(t, err)
	broker, err := Start(t.Context(), Config{Dir: t.TempDir(), Kafka: jars, Overrides: map[string]string{"num.partitions": "3"}})
	require.NoError(t, err)
	defer func() { broker.Stop() }()

	client := kafka.Client{Addr: kafka.TCP(broker.Addr()), Timeout: 20 * time.Second, Transport: &kafka.Transport{}}
	made, err := client.CreateTopics(t.Context(), &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{Topic: "t", NumPartitions: -1, ReplicationFactor: -1}}})
	require.NoError(t, err)
	require.NoError(t, made.Errors["t"])
	meta, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{"t"}})
	require.NoError(t, err)
	require.Len(t, meta.Topics[0].Partitions, 3, "overrides count")
	writer := kafka.Writer{Addr: kafka.TCP(broker.Addr()), Topic: "t", RequiredAcks: kafka.RequireAll, Balancer: kafka.BalancerFunc(func(kafka.Message, ...int) int { return 0 }), Transport: &kafka.Transport{}}
	require.Eventually(t, func() bool { _, last := offsets(t, broker); return last == 0 }, 20*time.Second, 50*time.Millisecond, "a new topic gets its leader in a moment")
	require.NoError(t, writer.WriteMessages(t.Context(), kafka.Message{Value: []byte("a")}, kafka.Message{Value: []byte("b")}))
	require.NoError(t, writer.Close())

	for _, end := range []func(){broker.Kill9, func() { broker.Stop() }} {
		end()
		require.NoError(t, broker.Restart(t.Context()))
		require.Eventually(t, func() bool { _, last := offsets(t, broker); return last == 2 }, 20*time.Second, 50*time.Millisecond)
	}
}

// offsets returns the first offset and the end of partition 0 of t, or -1 while there is no leader.
func offsets(t *testing.T, broker *Broker) (first, last int64) {
	t.Helper()
	client := kafka.Client{Addr: kafka.TCP(broker.Addr()), Timeout: 5 * time.Second, Transport: &kafka.Transport{}}
	listed, err := client.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{
		"t": {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}}})
	if err != nil || len(listed.Topics["t"]) == 0 || listed.Topics["t"][0].Error != nil {
		return -1, -1
	}
	return listed.Topics["t"][0].FirstOffset, listed.Topics["t"][0].LastOffset
}
