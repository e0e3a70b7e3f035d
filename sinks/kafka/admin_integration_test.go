package kafka

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func TestEnsureTopic(t *testing.T) {
	onBoth(t, func(t *testing.T, s server, c *Client) {
		settings := map[string]string{"retention.ms": "86400000", "segment.ms": "3600000", "cleanup.policy": "delete"}
		want := TopicSpec{Name: "ensured." + t.Name()[len("TestEnsureTopic/"):], Partitions: 2, Replication: 1, Settings: settings}
		changes, err := c.EnsureTopic(within(t), want)
		require.NoError(t, err)
		require.Equal(t, []string{"topic " + want.Name + ": made with 2 partitions"}, changes)
		unchanged := func() {
			t.Helper()
			require.Eventually(t, func() bool {
				changes, err := c.EnsureTopic(within(t), want)
				return err == nil && len(changes) == 0
			}, 10*time.Second, 200*time.Millisecond, "run again, nothing is changed")
		}
		unchanged()

		settings["retention.ms"] = "1000000"
		settings["max.message.bytes"] = strconv.Itoa(largest)
		changes, err = c.EnsureTopic(within(t), want)
		require.NoError(t, err)
		require.Len(t, changes, 2)
		require.Regexp(t, `^topic \S+: max\.message\.bytes \d+ -> 16777216$`, changes[0])
		require.Regexp(t, `^topic \S+: retention\.ms 86400000 -> 1000000$`, changes[1])
		unchanged()
		now, err := c.TopicSettings(within(t), want.Name)
		require.NoError(t, err)
		require.Equal(t, "1000000", now["retention.ms"])
		require.Equal(t, "3600000", now["segment.ms"], "what was not asked to change stays")

		want.Partitions = 5
		changes, err = c.EnsureTopic(within(t), want)
		require.NoError(t, err)
		require.Equal(t, []string{"topic " + want.Name + ": partitions 2 -> 5"}, changes)
		awaitLeaders(t, c, want.Name, 5)
		unchanged()
		want.Partitions = 3
		unchanged()
		partitions, err := c.Partitions(within(t), want.Name)
		require.NoError(t, err)
		require.Equal(t, []int32{0, 1, 2, 3, 4}, partitions, "partitions are never taken away")

		if s.name() == "apache" { // the embedded broker takes any value
			settings["retention.ms"] = "soon"
			_, err = c.EnsureTopic(within(t), want)
			require.ErrorContains(t, err, want.Name)
			require.False(t, Transient(err), "%v", err)
		}
	})
}

// What the retention schedule asks of a topic, a broker must take and give back.
func TestTopicSettingsOfTheSchedule(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 1)
		settings, err := retention.TopicSettings(topic, retention.Builtin().TopicLife(event.ScansTopic), retention.KafkaDefaults)
		require.NoError(t, err)
		settings["max.message.bytes"] = strconv.Itoa(largest + 2*EnvelopeBytes)
		changes, err := c.EnsureTopic(within(t), TopicSpec{Name: topic, Partitions: 1, Replication: 1, Settings: settings})
		require.NoError(t, err)
		require.NotEmpty(t, changes)
		require.Eventually(t, func() bool {
			now, err := c.TopicSettings(within(t), topic)
			if err != nil {
				return false
			}
			for name, value := range settings {
				if now[name] != value {
					t.Logf("%s is %q, not %q", name, now[name], value)
					return false
				}
			}
			return true
		}, 10*time.Second, 200*time.Millisecond)
		again, err := c.EnsureTopic(within(t), TopicSpec{Name: topic, Partitions: 1, Replication: 1, Settings: settings})
		require.NoError(t, err)
		require.Empty(t, again)

		made := topic + ".made"
		_, err = c.EnsureTopic(within(t), TopicSpec{Name: made, Partitions: 1, Replication: 1, Settings: settings})
		require.NoError(t, err, "and the same when the topic is made with them")
		awaitLeaders(t, c, made, 1)
		again, err = c.EnsureTopic(within(t), TopicSpec{Name: made, Partitions: 1, Replication: 1, Settings: settings})
		require.NoError(t, err)
		require.Empty(t, again)
	})
}

// What a broker really does about what is due, and what a topic holds that is oldest.
func TestIntervalsAreTheBrokersOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, s server, c *Client) {
		got, err := c.Intervals(within(t))
		require.NoError(t, err)
		want := retention.Intervals{Check: 500 * time.Millisecond, Delete: 100 * time.Millisecond} // as the tests' broker is told
		if s.name() != "apache" {
			want = retention.Intervals{Check: 100 * time.Millisecond}
		}
		require.Equal(t, want, got)
		times, err := c.OldestTimes(within(t), makeTopic(t, c, 3))
		require.NoError(t, err)
		require.Equal(t, []int64{0, 0, 0}, times)
	})
}

func TestDriftChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 1)
		want := TopicSpec{Name: topic, Partitions: 2, Replication: 1, Settings: map[string]string{"retention.ms": "77000"}}
		for range 2 {
			drift, err := c.Drift(within(t), want)
			require.NoError(t, err)
			require.Len(t, drift.Changes, 2)
			require.Equal(t, "topic "+topic+": partitions 1 -> 2", drift.Changes[0])
			require.Regexp(t, `: retention\.ms -1 -> 77000$`, drift.Changes[1])
		}
		want.Name = topic + ".missing"
		drift, err := c.Drift(within(t), want)
		require.NoError(t, err)
		require.Equal(t, []string{"topic " + topic + ".missing: made with 2 partitions"}, drift.Changes)
		_, err = c.Partitions(within(t), want.Name)
		require.Error(t, err, "it is not made")
	})
}

// The newest record of each partition bears the broker's time, from both brokers, whatever the producer said.
func TestNewestStampsAreTheBrokersTime(t *testing.T) {
	onBoth(t, func(t *testing.T, s server, c *Client) {
		topic := "stamps." + s.name()
		_, err := c.EnsureTopic(within(t), TopicSpec{Name: topic, Partitions: 2, Replication: 1, Settings: map[string]string{"message.timestamp.type": "LogAppendTime"}})
		require.NoError(t, err)
		awaitLeaders(t, c, topic, 2)
		stamps, err := c.NewestStamps(within(t), topic)
		require.NoError(t, err)
		require.Empty(t, stamps)
		before := time.Now().Add(-time.Millisecond)
		old := time.Now().AddDate(-1, 0, 0).UnixMilli()
		require.NoError(t, c.ProduceTo(within(t), topic, 1, []event.Message{{Value: []byte("a"), Time: old}, {Value: []byte("b"), Time: old}}))
		stamps, err = c.NewestStamps(within(t), topic)
		require.NoError(t, err)
		require.Len(t, stamps, 1)
		require.EqualValues(t, 1, stamps[0].Partition)
		require.EqualValues(t, 2, stamps[0].End)
		require.WithinRange(t, time.UnixMilli(stamps[0].Time), before, time.Now())

		_, err = c.EnsureTopic(within(t), TopicSpec{Name: topic + ".own", Partitions: 1, Replication: 1, Settings: map[string]string{"message.timestamp.type": "CreateTime"}})
		require.NoError(t, err)
		_, err = c.NewestStamps(within(t), topic+".own")
		require.ErrorContains(t, err, "expected LogAppendTime")
	})
}
