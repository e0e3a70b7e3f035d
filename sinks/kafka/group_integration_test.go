package kafka

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// joined starts a member that hands over its generations; each is worked on until it ends.
func joined(t *testing.T, c *Client, group, topic string) (generations chan *Generation, leave func()) {
	t.Helper()
	member, err := c.Join(GroupConfig{ID: group, Topic: topic, Session: 6 * time.Second, Rebalance: 5 * time.Second})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	generations = make(chan *Generation, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			generation, err := member.Next(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				// A new cluster has no coordinator yet.
				if !Transient(err) {
					t.Errorf("join: %v", err)
					return
				}
				continue
			}
			generation.Start(func(ctx context.Context) { <-ctx.Done() })
			generations <- generation
		}
	}()
	left := false
	leave = func() {
		if !left {
			left = true
			cancel()
			_ = member.Close()
			<-ended
		}
	}
	t.Cleanup(leave)
	return generations, leave
}

func next(t *testing.T, generations chan *Generation) *Generation {
	t.Helper()
	select {
	case g := <-generations:
		return g
	case <-time.After(30 * time.Second):
		require.Fail(t, "no generation within 30 s")
		return nil
	}
}

func TestCommitUnderItsGenerationAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, _ server, c *Client) {
		topic := makeTopic(t, c, 2)
		group := topic + " group"
		firstMember, leaveFirst := joined(t, c, group, topic)
		old := next(t, firstMember)
		require.ElementsMatch(t, []int32{0, 1}, old.Partitions())

		offset, metadata, err := old.Committed(within(t), 1)
		require.NoError(t, err)
		require.EqualValues(t, -1, offset, "nothing is stored yet")
		require.Empty(t, metadata)

		intent := `{"last":41,"at":1790000000000,"epoch":"a1"}`
		require.NoError(t, old.Commit(within(t), 1, 17, intent))
		offset, metadata, err = old.Committed(within(t), 1)
		require.NoError(t, err)
		require.EqualValues(t, 17, offset)
		require.Equal(t, intent, metadata)

		secondMember, leaveSecond := joined(t, c, group, topic)
		var one, two *Generation
		for one == nil || two == nil || len(one.Partitions())+len(two.Partitions()) != 2 {
			select {
			case one = <-firstMember:
			case two = <-secondMember:
			case <-time.After(30 * time.Second):
				require.Fail(t, "the two members do not share the topic")
			}
		}
		err = old.Commit(within(t), 1, 99, "")
		require.ErrorIs(t, err, ErrNotOwner)
		require.False(t, Transient(err))
		offset, metadata, err = two.Committed(within(t), 1)
		require.NoError(t, err)
		require.EqualValues(t, 17, offset, "a commit under an old generation stores nothing")
		require.Equal(t, intent, metadata)

		owner := one
		if len(two.Partitions()) == 1 && two.Partitions()[0] == 1 {
			owner = two
		}
		require.NoError(t, owner.Commit(within(t), 1, 42, ""))
		_, metadata, err = one.Committed(within(t), 1)
		require.NoError(t, err)
		require.Empty(t, metadata)

		require.ErrorIs(t, c.SetCommitted(within(t), group, topic, Commit{Partition: 1, Offset: 7}), ErrNotOwner, "not while the group has members")
		leaveFirst()
		leaveSecond()
		require.ErrorIs(t, owner.Commit(within(t), 1, 43, ""), ErrNotOwner)
		require.Eventually(t, func() bool {
			return c.SetCommitted(within(t), group, topic, Commit{Partition: 1, Offset: 7, Metadata: "by hand"}) == nil
		}, 20*time.Second, 100*time.Millisecond)
		commits, err := c.Committed(within(t), group, topic, []int32{1, 0})
		require.NoError(t, err)
		require.Equal(t, []Commit{{Partition: 1, Offset: 7, Metadata: "by hand"}, {Partition: 0, Offset: -1}}, commits)
	})
}
