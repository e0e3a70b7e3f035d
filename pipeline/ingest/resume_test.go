package ingest

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"mailtrail/schemas/event"
)

func TestResumeStopsWhereGoingOnWouldLoseOrDouble(t *testing.T) {
	rules := testRules(t)
	epoch, _ := NewEpoch(rules)
	intent := func(last int64) string { return Intent{Last: last, At: testNow, Epoch: epoch.Name}.String() }
	receipt := func(topic string, first, last int64) event.Receipt {
		return event.Receipt{Topic: topic, First: first, Last: last}
	}
	cases := map[string]struct {
		offset, start, end int64
		metadata, label    string
		receipts           []event.Receipt
		position           int64  // where it goes on
		stop               string // or why it stops
	}{
		"a new group":                        {offset: -1, end: 10, position: 0},
		"a new group, topic begins late":     {offset: -1, start: 4, end: 10, position: 4},
		"after a commit":                     {offset: 5, end: 10, receipts: []event.Receipt{receipt(event.ScansTopic, 0, 4)}, position: 5},
		"an open block without receipt":      {offset: 5, end: 10, metadata: intent(7), receipts: []event.Receipt{receipt(event.ScansTopic, 0, 4)}, position: 5},
		"an open block with its receipt":     {offset: 5, end: 10, metadata: intent(7), receipts: []event.Receipt{receipt(event.ScansTopic, 5, 7)}, position: 5},
		"the group was renamed":              {offset: -1, end: 10, receipts: []event.Receipt{receipt(event.ScansTopic, 0, 4)}, stop: "set ingest.group to the name used before"},
		"the offset was set back":            {offset: 2, end: 10, receipts: []event.Receipt{receipt(event.ScansTopic, 0, 4)}, stop: "lies below the receipts"},
		"receipts behind the open block":     {offset: 2, end: 10, metadata: intent(3), receipts: []event.Receipt{receipt(event.ScansTopic, 0, 4)}, stop: "a block is open at offsets 2 to 3"},
		"the topic was made anew":            {offset: 8, end: 3, receipts: []event.Receipt{receipt(event.ScansTopic, 0, 7)}, stop: "mailtrail migrate --new-topic mail.scans"},
		"made anew, the offset with it":      {offset: -1, end: 3, receipts: []event.Receipt{receipt(event.ScansTopic, 0, 7)}, stop: "receipts cover the partition up to offset 7, but it ends at 3: the topic was made anew"},
		"Kafka deleted what was not read":    {offset: 2, start: 4, end: 10, stop: "the topic begins at 4"},
		"somebody else's metadata":           {offset: 2, end: 10, metadata: "hello", stop: "give mailtrail a group of its own"},
		"made anew and labelled":             {offset: 8, end: 3, label: "mail.scans#2", receipts: []event.Receipt{receipt(event.ScansTopic, 0, 7)}, position: 0},
		"labelled, with blocks of the label": {offset: 3, end: 9, label: "mail.scans#2", receipts: []event.Receipt{receipt(event.ScansTopic, 0, 7), receipt("mail.scans#2", 0, 2)}, position: 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			broker, store := newFakeBroker(), newFakeStore()
			broker.log = make([]entry, c.end)
			broker.start, broker.offset, broker.metadata = c.start, c.offset, c.metadata
			store.label, store.receipts = c.label, c.receipts
			w := testWorker(t, broker, store, rules, func() int64 { return testNow })
			open, err := w.resume(context.Background())
			if c.stop != "" {
				var stop *stopError
				require.ErrorAs(t, err, &stop)
				require.ErrorContains(t, err, c.stop)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.position, w.position)
			require.Equal(t, c.metadata != "", open != nil)
		})
	}
}

func TestIntentIsReadAsItWasWritten(t *testing.T) {
	want := Intent{Last: 99, At: testNow, Epoch: "0a1b", Topic: "mail.scans#2", Elsewhere: []int64{0, 7}}
	got, err := ParseIntent(5, want.String())
	require.NoError(t, err)
	require.Equal(t, &want, got)

	got, err = ParseIntent(5, "")
	require.NoError(t, err)
	require.Nil(t, got)

	for _, metadata := range []string{"x", `{"last":4,"at":1,"epoch":"a"}`, `{"last":9,"at":0,"epoch":"a"}`, `{"last":9,"at":1}`} {
		_, err := ParseIntent(5, metadata)
		require.Error(t, err, metadata)
	}
}

func TestLargestIntentFitsTheBrokersLimit(t *testing.T) {
	i := Intent{Last: 1 << 50, At: testNow, Epoch: "0123456789abcdef01234567", Topic: "mail.scans#100"}
	for n := range maxElsewhere {
		i.Elsewhere = append(i.Elsewhere, int64(n)+1_000_000)
	}
	require.Less(t, len(i.String()), 4096)
}

func FuzzParseIntent(f *testing.F) {
	f.Add(int64(5), Intent{Last: 9, At: testNow, Epoch: "a"}.String())
	f.Add(int64(0), "{}")
	f.Fuzz(func(t *testing.T, offset int64, metadata string) {
		got, err := ParseIntent(offset, metadata)
		if err == nil && got != nil {
			again, err := ParseIntent(offset, got.String())
			require.NoError(t, err)
			require.Equal(t, got, again)
		}
	})
}

func TestEpochIsMadeAgainFromItsParts(t *testing.T) {
	rules := testRules(t)
	epoch, parts := NewEpoch(rules)
	again, err := LoadEpoch(Scans(nil), rules.Tables.Version(), epoch.Name, parts)
	require.NoError(t, err)
	require.Equal(t, epoch.Name, again.Name)
	require.Equal(t, rules.Ahead, again.Rules.Ahead)

	other := rules
	other.Ahead++
	changed, _ := NewEpoch(other)
	require.NotEqual(t, epoch.Name, changed.Name)

	parts[0].Content = []byte("decoder 0, classifier 0")
	_, err = LoadEpoch(Scans(nil), rules.Tables.Version(), epoch.Name, parts)
	var version *OtherVersionError
	require.ErrorAs(t, err, &version)
	require.ErrorContains(t, err, "decoder 0, classifier 0")

	_, err = LoadEpoch(Scans(nil), rules.Tables.Version(), epoch.Name, nil)
	require.ErrorContains(t, err, "is not in the table epochs")
}

// TestChangedRulesFinishTheOpenBlockUnderTheOld kills after an intent, changes
// what decides, and expects the block as the old rules make it.
func TestChangedRulesFinishTheOpenBlockUnderTheOld(t *testing.T) {
	old, changed := testRules(t), testRules(t)
	changed.Ahead = 1 // everything ahead of the clock is rejected from now on
	broker, store := newFakeBroker(), newFakeStore()
	clock := func() int64 { return testNow }
	for i := range 3 {
		broker.add(event.Message{Time: testNow, Value: scanJSON("e"+strconv.Itoa(i), testNow+60_000)})
	}
	broker.fuse = &fuse{at: AfterIntent}
	store.fuse = broker.fuse
	require.NoError(t, runToEnd(testWorker(t, broker, store, old, clock), broker))
	require.True(t, broker.fuse.blown)
	broker.fuse = &fuse{}
	store.fuse = broker.fuse
	broker.add(event.Message{Time: testNow, Value: scanJSON("late", testNow+60_000)})
	require.NoError(t, runToEnd(testWorker(t, broker, store, changed, clock), broker))
	require.Len(t, store.rows, 3, "the open block belongs to the old rules")
	require.Len(t, broker.rejects, 1, "what came later belongs to the new ones")
}
