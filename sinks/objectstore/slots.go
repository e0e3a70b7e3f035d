package objectstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/minio/minio-go/v7"
)

// HeldSlot is what the bucket holds of a class and slot.
type HeldSlot struct {
	Class string
	// Slot is the start of the slot, Unix seconds.
	Slot int64
	// Objects, unfinished uploads among them, and Bytes are 0 where they were not counted.
	Objects, Bytes uint64
	// Strange is the prefix or key where it is no class and slot of the schedule; else empty.
	Strange string
}

// HeldSlots lists the slots of which the bucket holds anything. It looks at
// prefixes, not at objects, of which there are millions; those of a slot for
// which count says so are counted. A bucket that is not there holds nothing.
func (s *Store) HeldSlots(ctx context.Context, count func(class string, slot int64) bool) (held []HeldSlot, err error) {
	prefixes, err := s.slotPrefixes(ctx)
	if code(err) == minio.NoSuchBucket {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("objects: list the slots: %w", withRemedy(err))
	}
	uploads, err := s.uploadsBySlot(ctx, &prefixes)
	if err != nil {
		return nil, err
	}
	for _, prefix := range prefixes {
		h := s.heldSlot(prefix)
		if h.Strange == "" && count(h.Class, h.Slot) {
			for object, err := range s.List(ctx, prefix) {
				if err != nil {
					return nil, err
				}
				h.Objects, h.Bytes = h.Objects+1, h.Bytes+uint64(object.Size)
			}
			h.Objects += uploads[prefix]
		}
		held = append(held, h)
	}
	return held, nil
}

// heldSlot reads a prefix, CLASS/SLOT/.
func (s *Store) heldSlot(prefix string) HeldSlot {
	class, slot, _, err := ParseKey(prefix + "-")
	if err != nil {
		return HeldSlot{Strange: prefix}
	}
	row := s.deps.Schedule.Row(class)
	if row == nil || !row.Sliced() || len(row.Buckets) == 0 || row.SlotOf(slot*1000) != slot {
		return HeldSlot{Class: class, Strange: prefix}
	}
	return HeldSlot{Class: class, Slot: slot}
}

// slotPrefixes lists the second level of the bucket, and what lies above it, where nothing should.
func (s *Store) slotPrefixes(ctx context.Context) (prefixes []string, err error) {
	classes, err := s.level(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, class := range classes {
		if !strings.HasSuffix(class, "/") {
			prefixes = append(prefixes, class)
			continue
		}
		slots, err := s.level(ctx, class)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, slots...)
	}
	return prefixes, nil
}

// level lists what lies directly below a prefix: prefixes, with a slash at their end, and keys.
func (s *Store) level(ctx context.Context, prefix string) (names []string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for info := range s.client.ListObjectsIter(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: prefix}) {
		if info.Err != nil {
			return nil, info.Err
		}
		names = append(names, info.Key)
	}
	return names, ctx.Err()
}

// uploadsBySlot counts the unfinished uploads of each prefix, and adds the prefixes that hold nothing else.
func (s *Store) uploadsBySlot(ctx context.Context, prefixes *[]string) (map[string]uint64, error) {
	known, counts := map[string]bool{}, map[string]uint64{}
	for _, prefix := range *prefixes {
		known[prefix] = true
	}
	for upload, err := range s.uploads(ctx, s.cfg.Bucket) {
		if err != nil {
			return nil, fmt.Errorf("objects: %w", withRemedy(err))
		}
		prefix := upload.Key
		if class, slot, _, err := ParseKey(upload.Key); err == nil {
			prefix = Prefix(class, slot)
		}
		counts[prefix]++
		if !known[prefix] {
			known[prefix] = true
			*prefixes = append(*prefixes, prefix)
		}
	}
	return counts, nil
}
