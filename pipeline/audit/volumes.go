package audit

import (
	"context"
	"fmt"
)

// Volumes has no offsets, and a block on its way is in scans a moment before it
// is in volumes. So a slot differs only if it differs at every reading, and by
// the same at two readings between which every block that was open at the first
// was finished: no single block can be why.
const (
	fewestReadings = 3
	mostReadings   = 8
)

type classSlot struct {
	class string
	slot  int64
}

// checkVolumes compares the counts of volumes with the scans.
func (a *Audit) checkVolumes(ctx context.Context, report *Report) error {
	differ, unsure, err := a.volumes(ctx)
	if err != nil {
		return err
	}
	for _, d := range unsure {
		report.Notes = append(report.Notes, Note{-1, -1, -1, fmt.Sprintf(
			"volumes counts %d of the %d scans of %s: a block that is open may be why; audit again when it is finished", d.Volume, d.Rows, slotName(d.Class, d.Slot))})
	}
	for _, d := range differ {
		report.Findings = append(report.Findings, Finding{
			Kind: ViewDiffers, Partition: -1, First: -1, Last: -1, Class: d.Class, Slot: d.Slot, Expected: int64(d.Rows), Found: int64(d.Volume),
			Text:   "volumes does not count what scans holds",
			Remedy: "run `mailtrail audit --repair`, which brings its sums to what scans holds",
		})
	}
	return nil
}

// volumes returns the slots in which volumes differs from scans, and those of
// which that cannot be told while a block stays open.
func (a *Audit) volumes(ctx context.Context) (differ, unsure []VolumeDifference, err error) {
	var opens []map[int32]Open // after each reading
	by, sure := map[classSlot][]uint64{}, map[classSlot]bool{}
	for reading := range mostReadings {
		if reading > 0 {
			if err := a.settle(ctx); err != nil {
				return nil, nil, err
			}
		}
		found, err := a.deps.Store.VolumeDifferences(ctx)
		if err != nil {
			return nil, nil, err
		}
		differ, unsure = differ[:0], unsure[:0]
		for _, d := range found {
			key := classSlot{d.Class, d.Slot}
			if a.due(d.Class, d.Slot) || len(by[key]) < reading {
				continue // or it agreed before
			}
			by[key] = append(by[key], d.Rows-d.Volume)
			sure[key] = sure[key] || steady(by[key], opens, func(x, y uint64) bool { return x == y })
			if sure[key] && reading+1 >= fewestReadings {
				differ = append(differ, d)
			} else {
				unsure = append(unsure, d)
			}
		}
		if len(unsure) == 0 {
			return differ, nil, nil
		}
		open, err := a.openBlocks(ctx)
		if err != nil {
			return nil, nil, err
		}
		opens = append(opens, open)
	}
	return differ, unsure, nil
}

// steady reports whether the last of several readings is equal to an earlier
// one of which no block is still open. opens are the blocks that were open
// after each reading but the last.
func steady[T any](readings []T, opens []map[int32]Open, equal func(x, y T) bool) bool {
	last := len(readings) - 1
	for i := range last {
		if equal(readings[i], readings[last]) && !shareBlock(opens[i], opens[last-1]) {
			return true
		}
	}
	return false
}

func shareBlock(x, y map[int32]Open) bool {
	for partition, open := range x {
		if y[partition] == open {
			return true
		}
	}
	return false
}

// openBlocks returns the open block of each partition that has one.
func (a *Audit) openBlocks(ctx context.Context) (map[int32]Open, error) {
	spans, err := a.deps.Kafka.Spans(ctx)
	if err != nil {
		return nil, err
	}
	open := map[int32]Open{}
	for i := range spans {
		commit, err := a.deps.Kafka.Commit(ctx, int32(i))
		if err != nil {
			return nil, err
		}
		if commit.Open != nil {
			open[int32(i)] = *commit.Open
		}
	}
	return open, nil
}
