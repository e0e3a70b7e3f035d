package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// mendVolumes brings the sums of volumes to what scans holds, by adding what
// they lack: what other inserts add at the same time stays. A slot is mended
// only if it lacks the same at two readings, with no block open all the while.
func (r *repair) mendVolumes(ctx context.Context) error {
	differ, stuck, err := r.Audit.volumes(ctx)
	if err != nil {
		return err
	}
	for _, d := range differ {
		f := &Finding{Kind: ViewDiffers, Partition: -1, First: -1, Last: -1, Class: d.Class, Slot: d.Slot}
		if stuck {
			r.report(f, 0, false, "not mended: a block is open, which may be why it differs; let ingest finish it and run again")
			continue
		}
		if err := r.refused(f, r.mendSlot(ctx, f)); err != nil {
			return err
		}
	}
	return nil
}

func (r *repair) mendSlot(ctx context.Context, f *Finding) error {
	shares := func() ([]VolumeShare, error) { return r.deps.Store.VolumeShares(ctx, f.Class, f.Slot) }
	lacking, err := shares()
	if err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	again, err := shares()
	if err != nil {
		return err
	}
	if !slices.Equal(lacking, again) {
		return cannotf("the slot is being written to; run again when it rests")
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
		now, err := shares()
		return !slices.Equal(now, lacking), err
	})
	if err != nil {
		return err
	}
	r.report(f, len(lacking), true, "added %d events to the sums of volumes and took %d from them", added, taken)
	return nil
}
