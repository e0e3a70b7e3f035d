package event

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPickOfRecords(t *testing.T) {
	c := &RecordColumns{Heads: Heads{Topic: RecordsTopic, Partition: 3}}
	for i := range int64(4) {
		c.Append(&Head{Class: "hold_mail", Slot: 86400 * i, Offset: 10 + i, Index: uint32(i), Received: i, Captured: i, Origin: "o"},
			RecordRow{Kind: "hold_mail", Sealed: true, Payload: []byte{byte('a' + i)}, Keys: []RecordKey{{Name: "name"}}})
	}
	picked := c.Pick([]int{1, 3}).(*RecordColumns)
	require.Equal(t, RecordsTopic, picked.Topic)
	require.EqualValues(t, 3, picked.Partition)
	require.Equal(t, 2, picked.Head().Len())
	for to, from := range map[int]int{0: 1, 1: 3} {
		require.Equal(t, c.HeadAt(from), picked.HeadAt(to))
		require.Equal(t, c.Rows[from], picked.Rows[to])
	}
}
