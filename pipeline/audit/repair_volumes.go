package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// mendVolumes brings the sums of volumes to what scans holds, by adding what
// they lack: what other inserts add at the same time stays.
func (r *repair) mendVolumes(ctx context.Context) error {
	differ, unsure, err := r.Audit.volumes(ctx)
	if err != nil {
		return err
	}
	finding := func(d VolumeDifference) *Finding {
		return &Finding{Kind: ViewDiffers, Partition: -1, First: -1, Last: -1, Class: d.Class, Slot: d.Slot}
	}
	for _, d := range unsure {
		r.report(finding(d), 0, false, "not mended: a block that is open may be why it differs; let ingest finish it and run again")
	}
	for _, d := range differ {
		f := finding(d)
		if err := r.refused(f, r.mendSlot(ctx, f)); err != nil {
			return err
		}
	}
	return nil
}

// lacking returns what volumes lacks of a slot, as soon as that is steady.
func (r *repair) lacking(ctx context.Context, class string, slot int64) ([]VolumeShare, error) {
	var opens []map[int32]Open
	var seen [][]VolumeShare
	for range mostReadings {
		shares, err := r.deps.Store.VolumeShares(ctx, class, slot)
		if err != nil {
			return nil, err
		}
		if seen = append(seen, shares); steady(seen, opens, slices.Equal) {
			return shares, nil
		}
		open, err := r.openBlocks(ctx)
		if err != nil {
			return nil, err
		}
		opens = append(opens, open)
		if err := r.settle(ctx); err != nil {
			return nil, err
		}
	}
	return nil, cannotf("the slot is being written to; run again when it rests")
}

func (r *repair) mendSlot(ctx context.Context, f *Finding) error {
	lacking, err := r.lacking(ctx, f.Class, f.Slot)
	if err != nil || len(lacking) == 0 {
		return err
	}
	hash := sha256.New()
	var added, taken int64
	for _, s := range lacking {
		fmt.Fprintf(hash, "%d %q %q %q %d\n", s.Hour, s.Locale, s.EventCode, s.Object, s.Lacking)
		added, taken = added+max(s.Lacking, 0), taken+max(-s.Lacking, 0)
	}
	token := fmt.Sprintf("volumes:%s:%d:repair:%s", f.Class, f.Slot, hex.EncodeToString(hash.Sum(nil)[:12]))
	err = until(ctx, token, func(token string) error {
		return r.deps.Store.InsertVolumeShares(ctx, token, f.Class, f.Slot, lacking)
	}, func() (bool, error) {
		now, err := r.deps.Store.VolumeShares(ctx, f.Class, f.Slot)
		return !slices.Equal(now, lacking), err
	})
	if err != nil {
		return err
	}
	r.report(f, len(lacking), true, "added %d events to the sums of volumes and took %d from them", added, taken)
	return nil
}
