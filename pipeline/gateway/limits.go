package gateway

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Limits bound what the gateway holds at once, and how long it waits.
type Limits struct {
	// Events is how many events one request may hold.
	Events int
	// Requests is how many requests are worked on at once, BytesInFlight how many
	// bytes of decompressed bodies they hold together. The process needs up to
	// three times BytesInFlight: bodies, what is written to Kafka, and slack.
	Requests      int
	BytesInFlight int64
	// Connections is how many connections are open at once; others wait in the
	// kernel's own bounded backlog.
	Connections int
	// HeaderBytes bounds a request's header.
	HeaderBytes int
	// Header, Read, Produce and Idle bound the time for a request's header, for
	// the whole request, for Kafka's acknowledgement or a look-up in a store, and
	// between two requests of a connection.
	Header, Read, Produce, Idle time.Duration
	// Grace is how long requests in flight may take to end when the gateway stops.
	Grace time.Duration
}

// DefaultLimits fit a body of maxBody bytes: a quarter of a gigabyte in flight,
// or four of the largest bodies where that is more.
func DefaultLimits(maxBody int64) Limits {
	return Limits{
		Events:        100_000,
		Requests:      256,
		BytesInFlight: max(256<<20, 4*maxBody),
		Connections:   4096,
		HeaderBytes:   16 << 10,
		Header:        10 * time.Second,
		Read:          time.Minute,
		Produce:       20 * time.Second,
		Idle:          2 * time.Minute,
		Grace:         15 * time.Second,
	}
}

const smallestMessage = 64 << 10 // bytes; room for any one event many times over

func (c *Config) check() error {
	switch l := c.Limits; {
	case c.MaxMessage < smallestMessage:
		return fmt.Errorf("kafka.max_message is %d bytes: expected at least %d", c.MaxMessage, smallestMessage)
	case c.MaxBody < 1:
		return fmt.Errorf("gateway.max_body is %d bytes: expected at least 1", c.MaxBody)
	case l.BytesInFlight < c.MaxBody:
		return fmt.Errorf("%d bytes in flight have no room for one body of gateway.max_body, %d bytes", l.BytesInFlight, c.MaxBody)
	case l.Events < 1 || l.Requests < 1 || l.Connections < 1 || l.HeaderBytes < 1:
		return fmt.Errorf("limits of events, requests, connections and header bytes: expected at least 1 of each")
	case l.Header <= 0 || l.Read <= 0 || l.Produce <= 0 || l.Idle <= 0 || l.Grace <= 0:
		return fmt.Errorf("limits of time: expected more than 0 of each")
	case c.Behind <= 0 || c.Ahead < 0:
		return fmt.Errorf("behind %s and ahead %s: expected a window of time around now", c.Behind, c.Ahead)
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
