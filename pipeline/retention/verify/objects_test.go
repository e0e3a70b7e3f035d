package verify

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

// bucket is an object store in which all is well until a test changes it.
type bucket struct {
	buckets           []string
	state             BucketState
	rules             []BucketRule
	versions, uploads []Stored
	// errs are by what is asked.
	errs map[string]error
}

const imagesAtEleven = "mailpiece_images/20261125T110000Z/"

func newBucket() *bucket {
	stored := noon.Add(-30 * time.Minute)
	return &bucket{
		buckets: []string{"pictures"}, rules: []BucketRule{{Prefix: "mailpiece_images/", Days: 3}},
		versions: []Stored{{Key: imagesAtEleven + "a", At: stored}, {Key: imagesAtEleven + "b", At: stored}},
		uploads:  []Stored{{Key: "mailpiece_images/20261124T110000Z/u", At: noon.Add(-day)}},
		errs:     map[string]error{},
	}
}

func (b *bucket) inspector() Objects {
	return Objects{Bucket: "pictures", Open: func() (ObjectStore, error) { return b, b.errs["open"] }}
}

func (b *bucket) Buckets(context.Context) ([]string, error)          { return b.buckets, b.errs["buckets"] }
func (b *bucket) State(context.Context, string) (BucketState, error) { return b.state, b.errs["state"] }
func (b *bucket) Rules(context.Context, string) ([]BucketRule, error) {
	return b.rules, b.errs["rules"]
}
func (b *bucket) Versions(context.Context, string) iter.Seq2[Stored, error] {
	return each(b.versions, b.errs["versions"])
}
func (b *bucket) Uploads(context.Context, string) iter.Seq2[Stored, error] {
	return each(b.uploads, b.errs["uploads"])
}

func each(all []Stored, err error) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		for _, s := range all {
			if !yield(s, nil) {
				return
			}
		}
		if err != nil {
			yield(Stored{}, err)
		}
	}
}

func TestFaultsOfObjects(t *testing.T) {
	const class = retention.MailpieceImages
	old := time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	away := errors.New("away")
	for _, c := range []struct {
		name  string
		plant func(b *bucket)
		want  Finding
	}{
		{"a second bucket", func(b *bucket) { b.buckets = append(b.buckets, "copies") }, Finding{Kind: NotInSchedule, Object: "copies"}},
		{"a versioned bucket", func(b *bucket) { b.state.Versioning = "Enabled" }, Finding{Kind: BucketSettings, Object: "pictures versioning"}},
		{"object lock", func(b *bucket) { b.state.Locked = true }, Finding{Kind: BucketSettings, Object: "pictures object lock"}},
		{"a policy", func(b *bucket) { b.state.Policy = true }, Finding{Kind: BucketSettings, Object: "pictures policy"}},
		{"no rule", func(b *bucket) { b.rules = nil }, Finding{Kind: NoExpiry, Object: "pictures", Class: class}},
		{"a rule of another prefix", func(b *bucket) { b.rules[0].Prefix = "images/" }, Finding{Kind: NoExpiry, Object: "pictures", Class: class}},
		{"a rule that is late", func(b *bucket) { b.rules[0].Days = 4 }, Finding{Kind: LateExpiry, Object: "pictures", Class: class}},
		{"a rule that moves objects", func(b *bucket) { b.rules = append(b.rules, BucketRule{Strange: "it moves objects elsewhere"}) },
			Finding{Kind: BucketSettings, Object: "pictures rule of "}},
		{"an object past its limit", func(b *bucket) { b.versions[0].Key = "mailpiece_images/20261122T110000Z/a" },
			Finding{Kind: OverLimit, Object: "pictures/mailpiece_images/20261122T110000Z/", Class: class, Slot: old}},
		{"an object whose prefix hides its age", func(b *bucket) { b.versions[0].At = noon.Add(-3*day - time.Second) },
			Finding{Kind: OverLimit, Object: "pictures/" + imagesAtEleven, Class: class, Slot: noon.Add(-time.Hour)}},
		{"an unfinished upload past its slot", func(b *bucket) { b.uploads[0].Key = "mailpiece_images/20261122T110000Z/u" },
			Finding{Kind: OverLimit, Object: "pictures/mailpiece_images/20261122T110000Z/ (unfinished upload)", Class: class, Slot: old}},
		{"an object of another class", func(b *bucket) { b.versions[0].Key = "mail_tracking/20261125T000000Z/a" },
			Finding{Kind: UnknownClass, Object: "pictures/mail_tracking/", Class: "mail_tracking"}},
		{"an object without a prefix", func(b *bucket) { b.versions[0].Key = "copy.tar" }, Finding{Kind: UnknownClass, Object: "pictures"}},
		{"an unfinished upload without a prefix", func(b *bucket) { b.uploads[0].Key = "copy.tar" }, Finding{Kind: UnknownClass, Object: "pictures (unfinished upload)"}},
		{"an object without a slot", func(b *bucket) { b.versions[0].Key = "mailpiece_images/a" }, Finding{Kind: UnalignedSlot, Object: "pictures/mailpiece_images/", Class: class}},
		{"a slot that is no time", func(b *bucket) { b.versions[0].Key = "mailpiece_images/20261325T110000Z/a" },
			Finding{Kind: UnalignedSlot, Object: "pictures/mailpiece_images/", Class: class}},
		{"a slot of no calendar", func(b *bucket) { b.versions[0].Key = "mailpiece_images/20261125T113000Z/a" },
			Finding{Kind: UnalignedSlot, Object: "pictures/mailpiece_images/", Class: class}},
		{"a slot in the future", func(b *bucket) { b.versions[0].Key = "mailpiece_images/20261125T130000Z/a" },
			Finding{Kind: FutureSlot, Object: "pictures/mailpiece_images/20261125T130000Z/", Class: class, Slot: noon.Add(time.Hour)}},
		{"an older version", func(b *bucket) { b.versions[0].Hidden = true }, Finding{Kind: HiddenVersion, Object: "pictures"}},
		{"a store without a way in", func(b *bucket) { b.errs["open"] = away }, Finding{Kind: NotInspected, Object: "objects"}},
		{"buckets that are not told", func(b *bucket) { b.buckets, b.errs["buckets"] = nil, away }, Finding{Kind: NotInspected, Object: "buckets"}},
		{"settings that are not told", func(b *bucket) { b.errs["state"] = away }, Finding{Kind: NotInspected, Object: "pictures settings"}},
		{"rules that are not told", func(b *bucket) { b.rules, b.errs["rules"] = nil, away }, Finding{Kind: NotInspected, Object: "pictures rules"}},
		{"a list that breaks off", func(b *bucket) { b.errs["versions"] = away }, Finding{Kind: NotInspected, Object: "pictures objects"}},
		{"uploads that are not told", func(b *bucket) { b.errs["uploads"] = away }, Finding{Kind: NotInspected, Object: "pictures uploads"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			require.Empty(t, w.check(t).Findings, "all is well before")
			c.plant(w.bucket)
			findings := w.check(t).Findings
			require.Len(t, findings, 1)
			c.want.Store = InObjects
			require.True(t, c.want.same(&findings[0]), "%+v", findings[0])
			require.NotEmpty(t, findings[0].Text)
		})
	}
}

// The answer names the oldest slot of the class, and what is not the bucket's own is not counted.
func TestRoomOfObjects(t *testing.T) {
	room := func(b *bucket) Room {
		w := newWorld(t)
		w.bucket = b
		rooms := w.check(t).Rooms
		require.Equal(t, InObjects, rooms[len(rooms)-1].Store)
		return rooms[len(rooms)-1]
	}
	slot := time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)
	require.Equal(t, Room{Class: retention.MailpieceImages, Store: InObjects, Object: "pictures", Oldest: slot, Limit: slot.Add(3 * day), Rows: 3}, room(newBucket()))
	require.Equal(t, Room{Class: retention.MailpieceImages, Store: InObjects, Object: "pictures"}, room(&bucket{}))
}
