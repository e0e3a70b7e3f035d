package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A list that goes on behind its last slot misses none, though the slots of several classes begin at one time.
func TestEndedSlotsGoOn(t *testing.T) {
	dir, clock := t.TempDir(), &testClock{slotN(9)}
	l := open(t, dir, clock)
	var want []string
	for n := 1; n >= 0; n-- {
		for _, class := range []string{"confirm", "mail_tracking", "rejects"} {
			want = append(want, class+stamp(slotN(n)))
			_, err := l.Append(Entry{Kind: PartitionDropped, By: "sweeper", Class: class, Slot: slotN(n), Store: "clickhouse", Object: class})
			require.NoError(t, err)
		}
	}
	r := read(t, dir)
	for limit := 1; limit < 8; limit++ {
		var got []string
		for before, after := slotN(9), ""; ; {
			slots, err := r.EndedSlots("", before, after, limit)
			require.NoError(t, err)
			if len(slots) == 0 {
				break
			}
			for _, s := range slots {
				got = append(got, s.Class+stamp(s.Slot))
				before, after = s.Slot, s.Class
			}
		}
		require.Equal(t, want, got, "pages of %d", limit)
	}
	slots, err := r.EndedSlots("", slotN(1), "", 9)
	require.NoError(t, err)
	require.Len(t, slots, 3, "before a time is before it")
}
