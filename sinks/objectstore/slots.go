package objectstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/minio/minio-go/v7"

	"mailtrail/schemas/retention"
)

// HeldSlot is what the bucket holds of a class and slot.
type HeldSlot struct {
	Class string
	// Slot is the start of the slot, Unix seconds.
	Slot int64
	// Objects, unfinished uploads among them, and Bytes are 0 where they were not counted.
	Objects, Bytes uint64
	// Strange is the prefix or key where it is no class and slot of the schedule; else empty. Class is empty where
	// the schedule has no objects of it.
	Strange string
}

// HeldSlots lists the slots of which the bucket holds anything. It looks at
// prefixes, not at objects, of which there are millions; those of a slot for
// which count says so are counted. A bucket that is not there holds nothing.
func (s *Store) HeldSlots(ctx context.Context, count func(class string, slot int64) bool) ([]HeldSlot, error) {
	return slots{s.connection, s.cfg.Bucket, s.deps.Schedule}.held(ctx, count)
}

// HeldSlots lists the slots of which the bucket holds anything, and counts what that is.
func (a *Auditor) HeldSlots(ctx context.Context, bucket string, schedule *retention.Schedule) ([]HeldSlot, error) {
	return slots{a.connection, bucket, schedule}.held(ctx, func(string, int64) bool { return true })
}

// slots are those of a bucket under a schedule.
type slots struct {
	*connection
	bucket   string
	schedule *retention.Schedule
}

func (s slots) held(ctx context.Context, count func(class string, slot int64) bool) (held []HeldSlot, err error) {
	prefixes, err := s.prefixes(ctx)
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
		h := s.read(prefix)
		if h.Strange == "" && count(h.Class, h.Slot) {
			if err := s.count(ctx, prefix, &h); err != nil {
				return nil, fmt.Errorf("objects: count %s: %w", prefix, withRemedy(err))
			}
			h.Objects += uploads[prefix]
		}
		held = append(held, h)
	}
	return held, nil
}

// count adds up what lies below the prefix. Like level it asks for versions: MinIO's plain listing leaves out what its own
// expiry is due to remove, which lies on the disk all the same.
func (s slots) count(ctx context.Context, prefix string, h *HeldSlot) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for info := range s.versions(ctx, s.bucket, prefix) {
		if info.Err != nil {
			return info.Err
		}
		h.Objects, h.Bytes = h.Objects+1, h.Bytes+uint64(max(info.Size, 0))
	}
	return ctx.Err()
}

// read reads a prefix, CLASS/SLOT/.
func (s slots) read(prefix string) HeldSlot {
	class, _, _ := strings.Cut(prefix, "/")
	row := s.schedule.Row(class)
	if row == nil || !row.Sliced() || len(row.Buckets) == 0 {
		return HeldSlot{Strange: prefix}
	}
	_, slot, _, err := ParseKey(prefix + "-")
	if err != nil || row.SlotOf(slot*1000) != slot {
		return HeldSlot{Class: class, Strange: prefix}
	}
	return HeldSlot{Class: class, Slot: slot}
}

// prefixes lists the second level of the bucket, and what lies above it, where nothing should.
func (s slots) prefixes(ctx context.Context) (prefixes []string, err error) {
	classes, err := s.level(ctx, "")
	if err != nil {
		return nil, err
	}
	for _, class := range classes {
		if !strings.HasSuffix(class, "/") {
			prefixes = append(prefixes, class)
			continue
		}
		below, err := s.level(ctx, class)
		if err != nil {
			return nil, err
		}
		prefixes = append(prefixes, below...)
	}
	return prefixes, nil
}

// level lists what lies directly below a prefix: prefixes, with a slash at their end, and keys.
func (s slots) level(ctx context.Context, prefix string) (names []string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for info := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Prefix: prefix, WithVersions: true}) {
		if info.Err != nil {
			return nil, info.Err
		}
		names = append(names, info.Key)
	}
	return names, ctx.Err()
}

// uploadsBySlot counts the unfinished uploads of each prefix, and adds the prefixes that hold nothing else.
func (s slots) uploadsBySlot(ctx context.Context, prefixes *[]string) (map[string]uint64, error) {
	known, counts := map[string]bool{}, map[string]uint64{}
	for _, prefix := range *prefixes {
		known[prefix] = true
	}
	for upload, err := range s.uploads(ctx, s.bucket) {
		if err != nil {
			return nil, fmt.Errorf("objects: %w", withRemedy(err))
		}
		prefix := twoLevels(upload.Key)
		counts[prefix]++
		if !known[prefix] {
			known[prefix] = true
			*prefixes = append(*prefixes, prefix)
		}
	}
	return counts, nil
}

// twoLevels is the part of a key up to its second slash, where its class and slot stand.
func twoLevels(key string) string {
	if parts := strings.SplitAfterN(key, "/", 3); len(parts) == 3 {
		return parts[0] + parts[1]
	}
	return key
}
