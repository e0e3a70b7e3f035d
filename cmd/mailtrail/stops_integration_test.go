package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"mailtrail/schemas/event"
)

// administer sends one request of Kafka's protocol, as an operator's tools do.
func administer[R kmsg.Response](s *site, request interface {
	RequestWith(context.Context, kmsg.Requestor) (R, error)
}) R {
	s.t.Helper()
	client := s.writer()
	defer client.Close()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	answer, err := request.RequestWith(ctx, client)
	require.NoError(s.t, err)
	return answer
}

// write writes n good events over all partitions, straight to Kafka.
func (s *site) write(from, n int) {
	s.t.Helper()
	client := s.writer()
	defer client.Close()
	for i := range n {
		require.NoError(s.t, client.ProduceSync(s.t.Context(), &kgo.Record{Topic: event.ScansTopic, Partition: int32(i % 4), Value: []byte(scan(from + i))}).FirstErr())
	}
}

func (s *site) deleteOffsets(group string) {
	s.t.Helper()
	request := kmsg.NewPtrOffsetDeleteRequest()
	request.Group = group
	topic := kmsg.NewOffsetDeleteRequestTopic()
	topic.Topic = event.ScansTopic
	for partition := range int32(4) {
		p := kmsg.NewOffsetDeleteRequestTopicPartition()
		p.Partition = partition
		topic.Partitions = append(topic.Partitions, p)
	}
	request.Topics = append(request.Topics, topic)
	eventually(s.t, 30*time.Second, func() error { // until the group has no members
		answer := administer(s, request)
		if answer.ErrorCode != 0 {
			return fmt.Errorf("code %d", answer.ErrorCode)
		}
		for _, p := range answer.Topics[0].Partitions {
			if p.ErrorCode != 0 {
				return fmt.Errorf("partition %d: code %d", p.Partition, p.ErrorCode)
			}
		}
		return nil
	})
}

// makeAnew deletes the topic and lets migrate make it again.
func (s *site) makeAnew() {
	s.t.Helper()
	request := kmsg.NewPtrDeleteTopicsRequest()
	topic := kmsg.NewDeleteTopicsRequestTopic()
	topic.Topic = kmsg.StringPtr(event.ScansTopic)
	request.Topics, request.TopicNames = append(request.Topics, topic), []string{event.ScansTopic}
	require.Zero(s.t, administer(s, request).Topics[0].ErrorCode)
	eventually(s.t, 20*time.Second, func() error { // Kafka deletes it after the answer
		if got := s.owner().run("migrate"); got.status != 0 {
			return fmt.Errorf("%s", got.stderr)
		}
		ends, err := s.ends(event.ScansTopic)
		if err == nil && (len(ends) != 4 || ends[0] != 0) {
			err = fmt.Errorf("it is not made anew yet: %v", ends)
		}
		return err
	})
}

// deleteBefore lets Kafka delete what stands before an offset.
func (s *site) deleteBefore(partition int32, offset int64) {
	s.t.Helper()
	request := kmsg.NewPtrDeleteRecordsRequest()
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = event.ScansTopic
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	topic.Partitions = append(topic.Partitions, p)
	request.Topics = append(request.Topics, topic)
	require.Zero(s.t, administer(s, request).Topics[0].Partitions[0].ErrorCode)
}

// hasStopped waits until the process says of the partitions that they stopped, and asserts that the log names the
// remedy and /readyz the partitions.
func (s *site) hasStopped(p *process, partitions []int32, remedy ...string) {
	s.t.Helper()
	said := map[int32]string{}
	eventually(s.t, 40*time.Second, func() error {
		for line := range strings.Lines(p.stderr.String()) {
			var entry struct {
				Level, Message, Error string
				Partition             int32
			}
			if json.Unmarshal([]byte(line), &entry) == nil && strings.HasPrefix(entry.Message, "partition stopped") {
				require.Equal(s.t, "error", entry.Level)
				said[entry.Partition] = entry.Error
			}
		}
		for _, partition := range partitions {
			if said[partition] == "" {
				return fmt.Errorf("partition %d does not say that it stopped: %s", partition, lastBytes(p.stderr.String(), 3000))
			}
		}
		return nil
	})
	for partition, reason := range said {
		for _, words := range append(remedy, fmt.Sprintf("topic %s partition %d", event.ScansTopic, partition)) {
			require.Contains(s.t, reason, words)
		}
	}
	eventually(s.t, 10*time.Second, func() error {
		status, body := s.readyz()
		if status != 503 || !strings.Contains(body, "have stopped; the log says why and what to do") {
			return fmt.Errorf("/readyz says %d %s", status, body)
		}
		for _, partition := range partitions {
			if !strings.Contains(body, fmt.Sprint(partition)) {
				return fmt.Errorf("/readyz does not name partition %d: %s", partition, body)
			}
		}
		return nil
	})
}

// ready waits until the process can work.
func (s *site) ready() {
	s.t.Helper()
	eventually(s.t, 40*time.Second, func() error {
		if status, body := s.readyz(); status != 200 {
			return fmt.Errorf("/readyz says %d %s", status, body)
		}
		return nil
	})
}

// audit runs an audit and returns what it printed.
func (s *site) audit(wantStatus int, args ...string) string {
	s.t.Helper()
	got := s.run(append([]string{"audit"}, args...)...)
	require.Equal(s.t, wantStatus, got.status, "%s%s", got.stdout, got.stderr)
	return got.stdout + got.stderr
}

var everyPartition = []int32{0, 1, 2, 3}

// Whatever is done to the group and the topic from outside: the partitions stop and say what to do, nothing is stored
// twice, and doing what they say brings everything in.
func TestPartitionsStopWithTheirRemedy(t *testing.T) {
	s := external(t)
	const batch = 200
	p := s.start("ingest")
	s.write(0, batch)
	s.accounted(30 * time.Second)
	p.stop()

	t.Run("group renamed", func(t *testing.T) {
		s := s.as(t)
		s.write(batch, batch)
		renamed := s.with("--set", "ingest.group=another")
		p := renamed.start("ingest")
		renamed.hasStopped(p, everyPartition, "the group has no offset", "set ingest.group to the name used before", "audit --repair")
		require.EqualValues(t, batch, s.count("SELECT count() FROM mailtrail_data.scans"), "nothing more is taken in")
		p.stop()

		again := s.start("ingest")
		require.EqualValues(t, 2*batch, s.accounted(30 * time.Second).outcomes["stored"], "the name used before goes on")
		s.ready()
		again.stop()
	})

	t.Run("offsets lost", func(t *testing.T) {
		s := s.as(t)
		s.write(2*batch, batch)
		s.deleteOffsets("mailtrail")
		p := s.start("ingest")
		s.hasStopped(p, everyPartition, "the group has no offset", "audit --repair")
		require.EqualValues(t, 2*batch, s.count("SELECT count() FROM mailtrail_data.scans"))
		p.stop()
		s.audit(0, "--repair")
		again := s.start("ingest")
		require.EqualValues(t, 3*batch, s.accounted(30 * time.Second).outcomes["stored"])
		again.stop()
	})

	t.Run("offsets deleted by Kafka", func(t *testing.T) {
		s := s.as(t)
		ends, err := s.ends(event.ScansTopic)
		require.NoError(t, err)
		s.write(3*batch, batch)
		s.deleteBefore(1, ends[1]+10)
		p := s.start("ingest")
		s.hasStopped(p, []int32{1}, fmt.Sprintf("offset %d is the next", ends[1]), fmt.Sprintf("the topic begins at %d", ends[1]+10), "audit")
		eventually(t, 20*time.Second, func() error { // the others go on
			return expect(uint64(3*batch+batch*3/4), s.count("SELECT count() FROM mailtrail_data.scans"))
		})
		p.stop()
		s.audit(1)
		s.audit(1, "--repair") // what Kafka deleted is lost, and the audit says so
		again := s.start("ingest")
		eventually(t, 30*time.Second, func() error {
			return expect(uint64(4*batch-10), s.count("SELECT count() FROM mailtrail_data.scans"))
		})
		s.ready()
		again.stop()
	})

	t.Run("topic made anew", func(t *testing.T) {
		s := s.as(t)
		before := s.count("SELECT count() FROM mailtrail_data.scans")
		s.makeAnew()
		s.write(4*batch, batch)
		p := s.start("ingest")
		s.hasStopped(p, everyPartition, "made anew", "migrate --new-topic "+event.ScansTopic)
		require.Equal(t, before, s.count("SELECT count() FROM mailtrail_data.scans"), "nothing is stored")
		s.owner().do("migrate", "--new-topic", event.ScansTopic)
		s.ready() // by itself, without a restart
		require.EqualValues(t, batch, s.accountedAs(event.ScansTopic+"#2", 30*time.Second).outcomes["stored"])
		require.Equal(t, before+batch, s.count("SELECT count() FROM mailtrail_data.scans"))
		s.write(5*batch, batch)
		require.EqualValues(t, 2*batch, s.accountedAs(event.ScansTopic+"#2", 30*time.Second).outcomes["stored"])
		p.stop()
	})
}
