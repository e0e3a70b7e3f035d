package audit

import (
	"context"
	"fmt"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// PackIndex is what ClickHouse says of packs.
type PackIndex interface {
	// PackEnds goes by slot (start, Unix seconds) and leaves out rows of slots that are due.
	PackEnds(ctx context.Context, slot int64) ([]PackEnd, error)
}

// PackEnd is what the index says of one pack: up to where it must reach, in bytes, and how many images it holds.
type PackEnd struct {
	Pack   string // SLOT/NAME
	End    int64
	Images uint64
}

// PackStore is the object store.
type PackStore interface {
	// Packs lists the packs of a slot with their sizes in bytes.
	Packs(ctx context.Context, slot int64) (map[string]int64, error)
}

// Packs sums up a comparison of packs and index.
type Packs struct {
	Findings []Finding
	// Packs are those that the index names, and Images what it says that they hold.
	Packs, Images uint64
	// Orphans are packs that the index does not name: nobody was told of them, as where the process ended
	// between storing the pack and writing its index, or they are on their way. They go with their slot.
	Orphans     uint64
	OrphanBytes int64
}

// CheckPacks holds the index against the object store, slot by slot: each pack
// that the index names is there and long enough. now is Unix milliseconds. The
// index is read first: a pack is there before its index is.
func CheckPacks(ctx context.Context, schedule *retention.Schedule, clock func() int64, index PackIndex, store PackStore) (*Packs, error) {
	row := schedule.Row(retention.MailpieceImages)
	seen := &Packs{}
	step := row.SlotOf(0) - row.SlotOf(-1)
	for slot := row.CompleteFrom(clock() / 1000); slot*1000 <= clock(); slot += step {
		ends, err := index.PackEnds(ctx, slot)
		if err != nil {
			return nil, err
		}
		sizes, err := store.Packs(ctx, slot)
		if err != nil {
			return nil, err
		}
		if row.DestroyAt(slot)*1000 <= clock() {
			continue // it fell due while this looked at it
		}
		seen.slot(slot, ends, sizes)
	}
	return seen, nil
}

func (p *Packs) slot(slot int64, ends []PackEnd, sizes map[string]int64) {
	for _, end := range ends {
		size, there := sizes[end.Pack]
		delete(sizes, end.Pack)
		p.Packs, p.Images = p.Packs+1, p.Images+end.Images
		f := Finding{
			Topic: event.ImagesTopic, Partition: -1, First: -1, Last: -1, Class: retention.MailpieceImages, Slot: slot, Expected: end.End, Found: size,
			Remedy: "the images of the pack are lost: machines that still have them may send them again, and the index goes with its slot",
		}
		switch {
		case !there:
			f.Kind, f.Text = PackMissing, fmt.Sprintf("pack %s is not in the object store; the index says that it holds %d images", end.Pack, end.Images)
		case size < end.End:
			f.Kind, f.Text = PackShort, fmt.Sprintf("pack %s has %d bytes; the index says that its %d images reach to %d", end.Pack, size, end.Images, end.End)
		default:
			continue
		}
		p.Findings = append(p.Findings, f)
	}
	for _, size := range sizes {
		p.Orphans++
		p.OrphanBytes += size
	}
}
