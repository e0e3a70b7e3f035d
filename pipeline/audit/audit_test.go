package audit

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// place is what a test expects of a finding.
type place struct {
	kind            Kind
	first, last     int64
	expected, found int64
}

func (w *world) check(t *testing.T) *Report {
	t.Helper()
	report, err := w.audit(t).Check(t.Context())
	require.NoError(t, err)
	return report
}

func placesOf(report *Report) (found []place) {
	for _, f := range report.Findings {
		found = append(found, place{f.Kind, f.First, f.Last, f.Expected, f.Found})
	}
	return found
}

func TestEveryKindOfDamageIsFoundByRange(t *testing.T) {
	slots := func(r *event.Receipt) { r.Slots[0].Rows-- }
	cases := map[string]struct {
		damage func(w *world)
		finds  []place
		// left is what a repair does not mend.
		left []place
	}{
		"nothing": {damage: func(*world) {}},
		"a row deleted": {
			damage: func(w *world) { w.delete(12) },
			finds:  []place{{RowsMissing, 10, 19, 10, 9}},
		},
		"a part attached twice": {
			damage: func(w *world) { w.rows = append(w.rows, placeOf(12), placeOf(13)) },
			finds:  []place{{RowsTwice, 10, 19, 10, 12}},
			left:   []place{{RowsTwice, 10, 19, 10, 12}},
		},
		"one row missing and another twice": {
			damage: func(w *world) { w.delete(12); w.rows = append(w.rows, placeOf(13)) },
			finds:  []place{{RowsMissing, 10, 19, 10, 9}, {RowsTwice, 10, 19, 9, 10}},
			left:   []place{{RowsTwice, 10, 19, 10, 11}},
		},
		"a row at a position that the receipt does not count": {
			damage: func(w *world) { p := placeOf(12); p.Index = 7; w.rows = append(w.rows, p) },
			finds:  []place{{RowsUncounted, 10, 19, 10, 11}},
			left:   []place{{RowsUncounted, 10, 19, 10, 11}},
		},
		"a receipt removed": {
			damage: func(w *world) { w.forget(10) },
			finds:  []place{{Gap, 10, 19, 10, 0}, {RowsWithoutReceipt, 10, 19, 0, 10}},
		},
		"the first receipt removed": {
			damage: func(w *world) { w.forget(0) },
			finds:  []place{{Gap, 0, 9, 10, 0}, {RowsWithoutReceipt, 0, 9, 0, 10}},
		},
		"the last receipt removed": {
			damage: func(w *world) { w.forget(40) },
			finds:  []place{{Gap, 40, 49, 10, 0}, {RowsWithoutReceipt, 40, 49, 0, 10}},
		},
		"all receipts removed": {
			damage: func(w *world) { w.receipts = nil },
			finds:  []place{{Gap, 0, 49, 50, 0}, {RowsWithoutReceipt, 0, 49, 0, 50}},
		},
		"a receipt removed and some of its rows deleted": {
			damage: func(w *world) { w.forget(10); w.delete(15) },
			finds:  []place{{Gap, 10, 19, 10, 0}, {RowsWithoutReceipt, 10, 19, 0, 9}},
		},
		"offsets skipped": {
			damage: func(w *world) { w.span.End, w.commit.Offset = 1050, 1050 },
			finds:  []place{{Gap, 50, 1049, 1000, 0}},
		},
		"a receipt that stands twice": {
			damage: func(w *world) { w.receipts = append(w.receipts, w.receipts[1]) },
			finds:  []place{{ReceiptTwice, 10, 19, 1, 2}},
			left:   []place{{ReceiptTwice, 10, 19, 1, 2}},
		},
		"receipts that overlap": {
			damage: func(w *world) { w.receipts = append(w.receipts, w.receipt(15, 24, testNow)) },
			finds:  []place{{Overlap, 15, 19, 1, 2}, {Overlap, 20, 24, 1, 2}},
			left:   []place{{Overlap, 15, 19, 1, 2}, {Overlap, 20, 24, 1, 2}},
		},
		"a receipt whose outcomes do not add up": {
			damage: func(w *world) {
				w.receipts[1].Outcomes[0].Events = 9
				slots(&w.receipts[1])
				w.delete(12)
			},
			finds: []place{{ReceiptSums, 10, 19, 10, 9}},
			left:  []place{{ReceiptSums, 10, 19, 10, 9}},
		},
		"a receipt whose slots do not add up": {
			damage: func(w *world) {
				slots(&w.receipts[1])
				w.delete(12)
			},
			finds: []place{{ReceiptSums, 10, 19, 10, 9}},
			left:  []place{{ReceiptSums, 10, 19, 10, 9}},
		},
		"a receipt with more empty offsets than offsets": {
			damage: func(w *world) { w.receipts[1].Control, w.receipts[1].Aborted = 6, 5 },
			finds:  []place{{ReceiptSums, 10, 19, 10, 11}},
			left:   []place{{ReceiptSums, 10, 19, 10, 11}},
		},
		"the group renamed": {
			damage: func(w *world) { w.commit = Commit{Offset: -1} },
			finds:  []place{{CommitMissing, 50, 50, 50, -1}},
		},
		"the group renamed while a block was open": {
			damage: func(w *world) { w.commit = Commit{Offset: -1}; w.span.End = 100; w.land(50, 54) },
			finds:  []place{{CommitMissing, 50, 50, 50, -1}, {RowsWithoutReceipt, 50, 99, 0, 5}},
		},
		"the group's offset set back": {
			damage: func(w *world) { w.commit = Commit{Offset: 20} },
			finds:  []place{{CommitBelow, 20, 49, 50, 20}},
		},
		"receipts behind the open block": {
			damage: func(w *world) { w.commit = Commit{Offset: 20, Open: &Open{Last: 29}} },
			finds:  []place{{CommitBelow, 20, 49, 50, 20}},
		},
		"offsets lost before they were taken in": {
			damage: func(w *world) { w.span = Span{80, 100} },
			finds:  []place{{Lost, 50, 79, 30, 0}},
			left:   []place{{Lost, 50, 79, 30, 0}},
		},
		"a receipt removed of which Kafka holds a part": {
			damage: func(w *world) { w.forget(10); w.span.Start = 15 },
			finds:  []place{{Lost, 10, 14, 5, 0}, {Gap, 15, 19, 5, 0}, {RowsWithoutReceipt, 10, 19, 0, 10}},
			left:   []place{{Lost, 10, 14, 5, 0}, {RowsWithoutReceipt, 10, 14, 0, 5}},
		},
		"a row deleted that Kafka no longer holds": {
			damage: func(w *world) { w.delete(12); w.span.Start = 20 },
			finds:  []place{{RowsMissing, 10, 19, 10, 9}},
			left:   []place{{RowsMissing, 10, 19, 10, 9}},
		},
		"the topic made anew": {
			damage: func(w *world) { w.span.End = 30 },
			finds:  []place{{TopicAnew, 30, 49, 30, 50}},
			left:   []place{{TopicAnew, 30, 49, 30, 50}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			for first := int64(0); first < 50; first += 10 {
				w.stored(first, first+9)
			}
			c.damage(w)
			report := w.check(t)
			require.ElementsMatch(t, c.finds, placesOf(report))
			require.Equal(t, len(c.finds) == 0, report.Clean())
			for _, f := range report.Findings {
				require.NotEmpty(t, f.Text)
				require.NotEmpty(t, f.Remedy)
			}
			for range 2 {
				before := len(w.rows)
				require.NoError(t, w.audit(t).Repair(t.Context(), report, func(Action) {}))
				require.GreaterOrEqual(t, len(w.rows), before, "nothing is removed")
				report = w.check(t)
				require.ElementsMatch(t, c.left, placesOf(report))
			}
		})
	}
}

func TestTheSameDamageIsMendedAgain(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 19)
	for range 3 {
		w.delete(5)
		w.forget(10)
		report := w.check(t)
		require.NoError(t, w.audit(t).Repair(t.Context(), report, func(Action) {}))
		require.True(t, w.check(t).Clean())
		require.Len(t, w.rows, 20)
	}
}

func TestRunningIngestMakesNoFalseAlarm(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	t.Run("it goes on between two readings", func(t *testing.T) {
		w.beforeReceipts = func() { w.stored(w.span.End, w.span.End+9) }
		w.stored(10, 19)
		require.True(t, w.check(t).Clean())
		require.EqualValues(t, 30, w.span.End, "there was no need for a second look")
		w.beforeReceipts = nil
	})
	t.Run("what is wrong at one look alone", func(t *testing.T) {
		whole := slices.Clone(w.receipts)
		looks := 0
		w.beforeReceipts = func() {
			// Each look misses another receipt: a gap that moves.
			w.receipts = slices.Clone(whole)
			w.forget(int64(10 * (looks % 3)))
			looks++
		}
		for _, f := range w.check(t).Findings {
			require.Equal(t, RowsWithoutReceipt, f.Kind, "%+v", f)
		}
		require.Greater(t, looks, 1)
		w.beforeReceipts, w.receipts = nil, whole
	})
	t.Run("a block is open, with rows and without", func(t *testing.T) {
		w.span.End, w.commit = 40, Commit{Offset: 30, Open: &Open{Last: 34, At: testNow}}
		report := w.check(t)
		require.True(t, report.Clean())
		require.Len(t, report.Notes, 2)
		require.Contains(t, report.Notes[0].Text, "a block is open since 2026-11-18T11:06:40Z")
		require.Equal(t, Note{0, 30, 39, "10 offsets wait to be taken in"}, report.Notes[1])
		w.land(30, 34)
		require.True(t, w.check(t).Clean())
		w.receipts = append(w.receipts, w.receipt(30, 34, testNow))
		require.True(t, w.check(t).Clean())
		w.commit = Commit{Offset: 35}
	})
}

func TestWhatIsDueIsNotMissed(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 19)
	w.stored(20, 29)
	w.span.Start = 30
	w.rows = nil
	w.forget(10)
	schedule := retention.Builtin()
	w.now = schedule.Row(retention.MailTracking).DestroyAt(today)*1000 - 1
	require.Equal(t, []place{{RowsMissing, 0, 9, 10, 0}, {Lost, 10, 19, 10, 0}, {RowsMissing, 20, 29, 10, 0}}, placesOf(w.check(t)))
	w.now++
	require.Equal(t, []place{{Lost, 10, 19, 10, 0}}, placesOf(w.check(t)), "other classes may still have had rows there")
	w.now = schedule.Row(retention.PackageTracking).DestroyAt(today) * 1000
	require.True(t, w.check(t).Clean())
}

// Records of other kinds may be kept for years, and receipts are not: what outlives its receipt is no finding, and what has one is compared.
func TestRowsThatOutliveTheirReceipts(t *testing.T) {
	schedule := retention.Builtin()
	receipts := schedule.Row(retention.Receipts)
	w := newWorld()
	w.label = event.RecordsTopic
	for first := int64(0); first < 40; first += 10 {
		w.stored(first, first+9)
	}
	w.span.Start = 40
	const kept = "special_services"
	for i := range w.rows {
		w.rows[i].Class = kept
	}
	for i := range w.receipts {
		w.receipts[i].Slots[0].Class, w.receipts[i].Outcomes[0].Class = kept, kept
	}
	require.True(t, w.check(t).Clean())
	gone := receipts.DestroyAt(receipts.SlotOf(today*1000-1)) * 1000 // the oldest that a row of today's slot can have
	require.Less(t, gone, schedule.Row(kept).DestroyAt(today)*1000)

	w.forget(0)
	w.forget(20)
	w.now = gone - 1
	require.Equal(t, []place{{RowsWithoutReceipt, 0, 9, 0, 10}, {Lost, 20, 29, 10, 0}, {RowsWithoutReceipt, 20, 29, 0, 10}}, placesOf(w.check(t)))
	w.now = gone
	require.True(t, w.check(t).Clean(), "their receipts may have gone in their time")
	w.delete(12)
	require.Equal(t, []place{{RowsMissing, 10, 19, 10, 9}}, placesOf(w.check(t)), "a receipt that stands is held against its rows")
	w.receipts = nil
	w.now += 86_400_000
	require.True(t, w.check(t).Clean(), "all receipts are gone")
}

func TestATopicThatWasMadeAnewIsCountedApart(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	w.stored(10, 19)
	w.label, w.span = "mail.scans#2", Span{0, 5}
	report := w.check(t)
	require.True(t, report.Clean(), "the group's offset is that of the old one: %v", report.Findings)
	require.EqualValues(t, 2, report.Totals.Partitions)
	require.EqualValues(t, 20, report.Totals.Outcomes[event.Stored])

	w.forget(0)
	w.delete(12)
	report = w.check(t)
	require.Equal(t, []place{{RowsWithoutReceipt, 0, 9, 0, 10}, {RowsMissing, 10, 19, 10, 9}}, placesOf(report))
	require.Equal(t, event.ScansTopic, report.Findings[0].Topic)
	require.Contains(t, report.Findings[1].Remedy, "Kafka no longer holds")
	var actions []Action
	require.NoError(t, w.audit(t).Repair(t.Context(), report, func(a Action) { actions = append(actions, a) }))
	require.Len(t, actions, 1)
	require.Equal(t, "not mended: Kafka no longer holds offsets 10 to 19", actions[0].Text)
}

func TestTotals(t *testing.T) {
	w := newWorld()
	w.stored(0, 9)
	r := w.receipt(10, 19, testNow)
	r.Events, r.Control, r.Aborted = 12, 1, 2
	r.Outcomes = append(r.Outcomes, event.OutcomeCount{Outcome: event.Rejected, Reason: "not_readable", Events: 2})
	w.receipts, w.commit, w.span.End = append(w.receipts, r), Commit{Offset: 20}, 20
	w.land(10, 19)
	report := w.check(t)
	require.True(t, report.Clean(), "%v", report.Findings)
	require.Equal(t, Totals{
		Partitions: 1, Receipts: 2, Offsets: 20, Events: 22, Control: 1, Aborted: 2, Outcomes: [event.NumOutcomes]uint64{event.Stored: 20, event.Rejected: 2},
		By: map[event.OutcomeCount]uint64{{Class: retention.MailTracking, Outcome: event.Stored}: 20, {Outcome: event.Rejected, Reason: "not_readable"}: 2},
	}, report.Totals)
}
