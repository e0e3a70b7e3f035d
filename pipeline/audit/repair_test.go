package audit

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// repaired finds, mends, and returns what was done.
func (w *world) repaired(t *testing.T) (actions []Action) {
	t.Helper()
	require.NoError(t, w.audit(t).Repair(t.Context(), w.check(t), func(a Action) { actions = append(actions, a) }))
	return actions
}

func texts(actions []Action) (list []string) {
	for _, a := range actions {
		list = append(list, a.Text)
	}
	return list
}

func TestGapIsMendedBlockByBlockUnderTheClockOfItsNeighbour(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 34)
	w.stored(35, 44)
	w.forget(10)
	w.delete(12)
	actions := w.repaired(t)
	require.Equal(t, []string{
		"inserted 1 rows that were absent", "wrote the receipt of 10 events", "wrote the receipt of 10 events", "wrote the receipt of 5 events",
	}, texts(actions))
	require.Equal(t, []int64{10, 20, 30}, []int64{actions[1].First, actions[2].First, actions[3].First})
	require.Equal(t, 3, w.rejects, "rejects may never have been written")
	for _, r := range w.sorted(event.ScansTopic)[1:4] {
		require.Equal(t, testNow-3_600_000+35, r.At, "that of the receipt behind the gap")
	}
	require.True(t, w.check(t).Clean())

	w.forget(35)
	w.repaired(t)
	last := w.sorted(event.ScansTopic)
	require.Equal(t, testNow, last[len(last)-1].At, "nothing is behind the gap")
}

func TestRowsThatAreThereHold(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 19)
	w.stored(20, 29)
	w.forget(10)
	other := classSlot{retention.PackageTracking, today - 86400}
	for i := range w.rows {
		if w.rows[i].Offset == 15 {
			w.rows[i].Class, w.rows[i].Slot = other.class, other.slot
		}
	}
	w.repaired(t)
	require.True(t, w.check(t).Clean())
	r := w.sorted(event.ScansTopic)[1]
	require.Equal(t, []event.SlotCount{{Class: retention.MailTracking, Slot: today, Rows: 9}, {Class: other.class, Slot: other.slot, Rows: 1}}, r.Slots)
	require.Equal(t, []event.OutcomeCount{{Class: retention.MailTracking, Outcome: event.Stored, Events: 9}, {Class: other.class, Outcome: event.Stored, Events: 1}}, r.Outcomes)

	w.forget(10)
	strange := placeOf(15)
	strange.Index = 9
	w.rows = append(w.rows, strange)
	require.Contains(t, texts(w.repaired(t)), "not mended: offsets 10 to 19: 1 rows stand there that the block, made again from Kafka, does not store")
	require.Len(t, w.receipts, 2)
}

func TestWhatIsAbsentAndDueIsExpired(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 19)
	w.forget(10)
	w.rows = nil
	w.now = retention.Builtin().Row(retention.MailTracking).DestroyAt(today) * 1000
	require.Equal(t, []string{"wrote the receipt of 10 events"}, texts(w.repaired(t)))
	require.Empty(t, w.rows)
	r := w.sorted(event.ScansTopic)[1]
	require.Empty(t, r.Slots)
	require.Equal(t, []event.OutcomeCount{{Class: retention.MailTracking, Outcome: event.Expired, Events: 10}}, r.Outcomes)
	require.True(t, w.check(t).Clean())
}

func TestBlockThatComesOutOtherwiseIsLeftAlone(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.delete(3)
	for text, change := range map[string]func(*event.Receipt){
		"it has offsets 0-9, now 0-8":                                        func(r *event.Receipt) { r.Last-- },
		"it has 10 events, 0 control records and 0 aborted, now 10, 1 and 0": func(r *event.Receipt) { r.Control++ },
		"its events have other outcomes now":                                 func(r *event.Receipt) { r.Outcomes[0].Outcome = event.Rejected },
		"its rows lie in other slots now":                                    func(r *event.Receipt) { r.Slots[0].Slot -= 86400 },
	} {
		other := w.receipt(0, 9, testNow)
		change(&other)
		w.another = &other
		require.Equal(t, []string{"not mended: made again from Kafka, the block does not agree with its receipt: " + text}, texts(w.repaired(t)))
		require.Len(t, w.rows, 9)
	}
}

func TestGroupIsSetOnlyWithoutMembersAndBehindWholeReceipts(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 19)
	w.commit, w.members = Commit{Offset: -1}, true
	require.Equal(t, []string{"not mended: group g has members: stop all ingest and run `mailtrail audit --repair` again"}, texts(w.repaired(t)))
	require.EqualValues(t, -1, w.commit.Offset)

	w.members = false
	w.forget(0)
	strange := placeOf(3)
	strange.Index = 9
	w.rows = append(w.rows, strange) // so that the gap cannot be mended
	require.Contains(t, texts(w.repaired(t)), "not mended: offsets 0 to 9 below the receipts' end have no receipt yet")
	require.EqualValues(t, -1, w.commit.Offset)

	w.rows = slices.DeleteFunc(w.rows, func(p Place) bool { return p == strange })
	require.Contains(t, texts(w.repaired(t)), "set the offset of group g to 20 (it was -1)")
	require.True(t, w.check(t).Clean())
}

// A block that was open when the group was renamed, or when Kafka deleted its
// beginning, has rows behind the receipts: ingest would store them a second time.
func TestWhatWasOpenIsFinishedBeforeTheGroupIsSet(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.span.End = 30
	w.land(12, 14)
	w.commit = Commit{Offset: -1}
	w.repaired(t)
	require.Equal(t, Commit{Offset: 15}, w.commit)
	require.True(t, w.check(t).Clean())
	require.Len(t, w.rows, 15)

	w.commit = Commit{Offset: 15, Open: &Open{Last: 24, At: testNow - 5, Epoch: "e"}}
	w.land(21, 22)
	w.span.Start = 20
	w.repaired(t)
	require.Equal(t, Commit{Offset: 25}, w.commit)
	receipts := w.sorted(event.ScansTopic)
	require.Equal(t, testNow-5, receipts[len(receipts)-1].At, "under the clock of its intent")
	require.Equal(t, []place{{Lost, 15, 19, 5, 0}}, placesOf(w.check(t)))
}

// Records whose key has ended cannot be put back: the repair says so and goes on with the rest.
func TestRowsThatCannotBePutBackStopNothing(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 19)
	w.delete(12)
	w.commit = Commit{Offset: -1}
	w.ended = true
	actions := w.repaired(t)
	require.Len(t, actions, 2)
	require.False(t, actions[0].Mended)
	require.Regexp(t, "^not mended: .* still absent after 100 attempts: .* has the key of its slot ended", actions[0].Text)
	require.EqualValues(t, 20, w.commit.Offset, "the group is set behind the receipts")
}
