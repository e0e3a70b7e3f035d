package verify

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"time"
)

// BucketState is how a bucket keeps what is deleted, and whether a policy lets in others.
type BucketState struct {
	// Versioning is empty for a bucket that never kept versions.
	Versioning     string
	Locked, Policy bool
}

// BucketRule is a rule of a bucket's own expiry: what lies below Prefix goes after Days, 0 for never. Strange says in words what
// it does besides, or does not do.
type BucketRule struct {
	Prefix  string
	Days    int
	Strange string
}

// Stored is a version of an object, a mark of a deletion, or an unfinished upload.
type Stored struct {
	Key string
	// At is when the store took it in, or when the upload was begun.
	At time.Time
	// Hidden says that no reader gets it: an older version, or a mark.
	Hidden bool
}

// ObjectStore is the object store, as the auditor's account sees it.
type ObjectStore interface {
	// Buckets lists the names of all buckets.
	Buckets(ctx context.Context) ([]string, error)
	State(ctx context.Context, bucket string) (BucketState, error)
	Rules(ctx context.Context, bucket string) ([]BucketRule, error)
	// Versions lists everything that lies in a bucket, Uploads what was begun and not ended. They end with the first error.
	Versions(ctx context.Context, bucket string) iter.Seq2[Stored, error]
	Uploads(ctx context.Context, bucket string) iter.Seq2[Stored, error]
}

// Objects inspects the object store.
type Objects struct {
	// Open makes the way to the store; nothing is connected before.
	Open func() (ObjectStore, error)
	// Bucket is the one of mailtrail.
	Bucket string
}

// Inspect lists every bucket, and in that of mailtrail everything that lies there.
func (o Objects) Inspect(ctx context.Context, look *Look) error {
	store, err := o.Open()
	if err != nil {
		return err
	}
	buckets, err := store.Buckets(ctx)
	if err != nil {
		look.missed(InObjects, "buckets", err)
		buckets = []string{o.Bucket} // it may be seen all the same
	}
	there := false
	for _, bucket := range buckets {
		look.Inspected(1)
		if bucket == o.Bucket {
			there = true
			continue
		}
		look.Found(Finding{Kind: NotInSchedule, Store: InObjects, Object: clean(bucket), Text: "a bucket that the schedule does not have: nothing in it is destroyed"})
	}
	b := bucketLook{Look: look, store: store, name: o.Bucket, held: map[string]*heldPrefix{}}
	if there {
		b.state(ctx)
		b.rules(ctx)
		b.contents(ctx)
	}
	b.rooms()
	return ctx.Err()
}

// bucketLook is one look at the bucket.
type bucketLook struct {
	*Look
	store ObjectStore
	name  string
	// held is what lies there, by prefix.
	held   map[string]*heldPrefix
	hidden uint64
}

// heldPrefix is what lies below a class and slot.
type heldPrefix struct {
	class *class
	slot  time.Time
	rows  uint64
}

// state asks for the settings under which something outlives its deletion, or leaves.
func (b *bucketLook) state(ctx context.Context) {
	state, err := b.store.State(ctx, b.name)
	if err != nil {
		b.missed(InObjects, b.name+" settings", err)
		return
	}
	wrong := func(what, text string) {
		b.Found(Finding{Kind: BucketSettings, Store: InObjects, Object: b.name + " " + what, Text: text})
	}
	if state.Versioning != "" {
		wrong("versioning", fmt.Sprintf("its versioning is %.20q: what is deleted stays as a version", state.Versioning))
	}
	if state.Locked {
		wrong("object lock", "object lock is on: what is locked cannot be destroyed")
	}
	if state.Policy {
		wrong("policy", "it has a policy, which lets in others than mailtrail's own accounts")
	}
}

// rules holds the bucket's own expiry against the limit, in whole days rounded up: it counts in no others.
func (b *bucketLook) rules(ctx context.Context) {
	rules, err := b.store.Rules(ctx, b.name)
	if err != nil {
		b.missed(InObjects, b.name+" rules", err)
		return
	}
	for _, r := range rules {
		if r.Strange != "" {
			b.Found(Finding{Kind: BucketSettings, Store: InObjects, Object: b.name + " rule of " + clean(r.Prefix), Text: "a rule that the schedule does not ask for: " + r.Strange})
		}
	}
	for _, c := range b.schedule.inBucket() {
		days := 0
		for _, r := range rules {
			if r.Days > 0 && r.Strange == "" && strings.HasPrefix(c.name+"/", r.Prefix) && (days == 0 || r.Days < days) {
				days = r.Days
			}
		}
		most := int((c.until(b.Now).Sub(b.Now) + day - 1) / day)
		f := Finding{Store: InObjects, Object: b.name, Class: c.name}
		switch {
		case days == 0:
			f.Kind, f.Text = NoExpiry, "no rule of the bucket lets its objects go: what the sweeper leaves stays"
		case days > most:
			f.Kind, f.Text = LateExpiry, fmt.Sprintf("by the bucket's own rule its objects would go after %d days; expected at most %d", days, most)
		default:
			continue
		}
		b.Found(f)
	}
}

// contents looks at everything that lies in the bucket.
func (b *bucketLook) contents(ctx context.Context) {
	for v, err := range b.store.Versions(ctx, b.name) {
		if err != nil {
			b.missed(InObjects, b.name+" objects", err)
			break
		}
		b.Inspected(1)
		if v.Hidden {
			b.hidden++
		}
		b.object(&v, "")
	}
	for u, err := range b.store.Uploads(ctx, b.name) {
		if err != nil {
			b.missed(InObjects, b.name+" uploads", err)
			break
		}
		b.Inspected(1)
		b.object(&u, " (unfinished upload)")
	}
	if b.hidden > 0 {
		b.Found(Finding{Kind: HiddenVersion, Store: InObjects, Object: b.name, Rows: b.hidden, Text: "older versions and marks of deletions, which no reader gets: what was deleted still lies there"})
	}
	for prefix, h := range b.held {
		f := Finding{Store: InObjects, Object: b.name + "/" + prefix, Class: h.class.name, Slot: h.slot, Oldest: h.slot, Rows: h.rows}
		if h.slot.After(b.Now.Add(ahead)) {
			f.Kind, f.Text = FutureSlot, "the slot has not begun, so it would be destroyed too late"
		} else if f.Limit = h.class.until(h.slot); b.Now.After(f.Limit) {
			f.Kind, f.Text = OverLimit, "the slot is past its limit and still there"
		} else {
			continue
		}
		b.Found(f)
	}
}

var slotOfKey = regexp.MustCompile(`^([^/]+)/(\d{8}T\d{6}Z)/.`)

// object holds a key, CLASS/SLOT/NAME, against the schedule. Findings are told once a prefix, since a bucket holds millions of objects.
func (b *bucketLook) object(s *Stored, what string) {
	first, _, below := strings.Cut(s.Key, "/")
	f := Finding{Store: InObjects, Object: b.name + "/" + clean(first) + "/" + what, Class: clean(first)}
	if !below {
		f.Object, f.Class = b.name+what, ""
	}
	var c *class
	for _, known := range b.schedule.inBucket() {
		if known.name == first {
			c = known
		}
	}
	if c == nil {
		f.Kind, f.Text = UnknownClass, fmt.Sprintf("%s lies outside of the prefixes of the schedule's classes: nothing destroys it", clean(s.Key))
		b.Found(f)
		return
	}
	part := slotOfKey.FindStringSubmatch(s.Key)
	var slot time.Time
	if part != nil {
		slot, _ = time.Parse("20060102T150405Z", part[2]) // what is no time is the zero time, of no slot
	}
	if slot.IsZero() || !c.names(slot) {
		f.Kind, f.Text = UnalignedSlot, fmt.Sprintf("%s lies below no slot of the class: nothing destroys it", clean(s.Key))
		b.Found(f)
		return
	}
	prefix := part[1] + "/" + part[2] + "/" + what
	if b.held[prefix] == nil {
		b.held[prefix] = &heldPrefix{class: c, slot: slot}
	}
	b.held[prefix].rows++
	// What it holds was captured before it was stored, whatever its label says.
	if limit := c.until(s.At); b.Now.After(limit) && !b.Now.After(c.until(slot)) {
		b.Found(Finding{Kind: OverLimit, Store: InObjects, Object: b.name + "/" + prefix, Class: c.name, Slot: slot, Oldest: s.At, Limit: limit,
			Text: "an object was stored longer ago than its limit, before the slot that its prefix names"})
	}
}

// rooms tells the oldest slot of each class: the bytes are sealed, so the label is all that the store tells of their clock.
func (b *bucketLook) rooms() {
	for _, c := range b.schedule.inBucket() {
		room := Room{Class: c.name, Store: InObjects, Object: b.name}
		for _, h := range b.held {
			if h.class != c {
				continue
			}
			room.Rows += h.rows
			if room.Oldest.IsZero() || h.slot.Before(room.Oldest) {
				room.Oldest, room.Limit = h.slot, c.until(h.slot)
			}
		}
		b.Holds(room)
	}
}
