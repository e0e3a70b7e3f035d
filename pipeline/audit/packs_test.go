package audit

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// packWorld is an index and a store of packs, by slot.
type packWorld struct {
	index map[int64][]PackEnd
	store map[int64]map[string]int64
	asked []int64
}

func (w *packWorld) PackEnds(_ context.Context, slot int64) ([]PackEnd, error) {
	w.asked = append(w.asked, slot)
	return w.index[slot], nil
}

func (w *packWorld) Packs(_ context.Context, slot int64) (map[string]int64, error) {
	return w.store[slot], nil
}

func TestPacksAreHeldAgainstTheIndex(t *testing.T) {
	schedule := retention.Builtin()
	row := schedule.Row(retention.MailpieceImages)
	slot := row.SlotOf(testNow - 5*3_600_000)
	due := row.SlotOf(testNow - row.Longest().Milliseconds())
	name := func(n string) string { return event.PackName(slot, n) }
	w := &packWorld{
		index: map[int64][]PackEnd{
			slot: {{name("whole"), 900, 9}, {name("missing"), 500, 5}, {name("short"), 300, 3}},
			due:  {{event.PackName(due, "due"), 100, 1}},
		},
		store: map[int64]map[string]int64{slot: {name("whole"): 1000, name("short"): 299, name("orphan"): 70}},
	}
	seen, err := CheckPacks(t.Context(), schedule, func() int64 { return testNow }, w, w)
	require.NoError(t, err)
	require.Equal(t, []any{uint64(3), uint64(17), uint64(1), int64(70)}, []any{seen.Packs, seen.Images, seen.Orphans, seen.OrphanBytes})
	require.Len(t, seen.Findings, 2)
	require.Equal(t, []any{PackMissing, slot, int64(500), int64(0)}, []any{seen.Findings[0].Kind, seen.Findings[0].Slot, seen.Findings[0].Expected, seen.Findings[0].Found})
	require.Equal(t, []any{PackShort, int64(300), int64(299)}, []any{seen.Findings[1].Kind, seen.Findings[1].Expected, seen.Findings[1].Found})
	require.Len(t, w.asked, 71, "every slot that is not due, and the one that is being filled")
	require.NotContains(t, w.asked, due)
}
