package images

import (
	"fmt"
	"sync/atomic"
	"time"

	"mailtrail/schemas/retention"
)

// Config is what the operator decides.
type Config struct {
	// MaxBody bounds the body of one request in bytes (gateway.max_body).
	MaxBody int64
	// PackBytes and PackAge end a pack (images.pack_bytes, images.pack_age).
	PackBytes int64
	PackAge   time.Duration
	// Row is the schedule's row of class mailpiece_images; Ahead is how far in the future a capture may lie (ingest.ahead).
	Row    *retention.Row
	Ahead  time.Duration
	Limits Limits
}

// Limits bound what the door holds at once, and how long it waits.
type Limits struct {
	// Images is how many pictures one request may hold, Event how many bytes its part event.
	Images int
	Event  int64
	// Requests is how many requests are worked on at once (each waits for its
	// pack), BytesInFlight how many bytes of memory their contents take together.
	// Packs hold each picture once more.
	Requests      int
	BytesInFlight int64
	// Uploads is how many packs are on their way to the store at once.
	Uploads int
	// Read, Put and Produce bound the time for a request's body, for a pack to be stored and for Kafka's acknowledgement of its index.
	Read, Put, Produce time.Duration
	// Rest is how long nothing is taken after a pack could not be stored; then one more is tried.
	Rest time.Duration
}

// DefaultLimits fit a body of maxBody bytes.
func DefaultLimits(maxBody int64) Limits {
	return Limits{
		Images: 1000, Event: 64 << 10, Requests: 4096, BytesInFlight: max(192<<20, 4*maxBody), Uploads: 4,
		Read: time.Minute, Put: 10 * time.Second, Produce: 15 * time.Second, Rest: 2 * time.Second,
	}
}

// packLimit bounds a pack in bytes: offsets and lengths in the index have 32 bits.
const packLimit = 1 << 31

func (c *Config) check() error {
	switch l := c.Limits; {
	case c.Row == nil || !c.Row.Flows() || !c.Row.Sliced():
		return fmt.Errorf("the retention schedule has no stores for class %s", retention.MailpieceImages)
	case c.MaxBody < 1 || c.MaxBody > packLimit/2:
		return fmt.Errorf("gateway.max_body is %d bytes: expected 1 to %d", c.MaxBody, packLimit/2)
	case c.PackBytes < 1 || c.PackBytes > packLimit/2:
		return fmt.Errorf("images.pack_bytes is %d bytes: expected 1 to %d", c.PackBytes, packLimit/2)
	case c.PackAge <= 0:
		return fmt.Errorf("images.pack_age is %s: expected more than 0", c.PackAge)
	case l.BytesInFlight < c.MaxBody:
		return fmt.Errorf("%d bytes in flight have no room for one body of gateway.max_body, %d bytes", l.BytesInFlight, c.MaxBody)
	case l.Images < 1 || l.Event < 1 || l.Requests < 1 || l.Uploads < 1 || l.Read <= 0 || l.Put <= 0 || l.Produce <= 0 || l.Rest <= 0:
		return fmt.Errorf("limits: expected more than 0 of each")
	case c.Ahead < 0:
		return fmt.Errorf("ingest.ahead is %s: expected 0 or more", c.Ahead)
	}
	return nil
}

// budget is an amount that is taken and given back, never waited for: whoever
// waits while holding something is part of a queue.
type budget struct {
	limit int64
	used  atomic.Int64
}

// take takes n and reports whether so much was left.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) > b.limit {
		b.used.Add(-n)
		return false
	}
	return true
}

func (b *budget) give(n int64) { b.used.Add(-n) }
