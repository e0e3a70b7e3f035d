package simulate

import (
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// Request is a batch of events as equipment sends it. It is valid until the
// function that was given it returns; Clone keeps it.
type Request struct {
	// Key is the Idempotency-Key, and the batch id. It follows from the seed and
	// the body, so that no other mail has it.
	Key string
	// Repeated: the request is sent a second time. Copy: this is that time.
	Repeated, Copy bool
	// Body is newline-delimited JSON, or a ScanBatch.
	Body []byte

	ends   []int // where each event ends in Body
	labels []label
	reads  []misread // of the events with damaged bars, in order

	pictures []photograph // of some of the events
}

// label is what the model knows of an event. The class is told where the event
// is stored as it comes.
type label struct {
	class  class
	damage damage
}

// Len returns the number of events.
func (r *Request) Len() int { return len(r.ends) }

// Event returns the bytes of one event: its line without the line feed, or its
// entry in the ScanBatch, which is a ScanBatch of one.
func (r *Request) Event(i int) []byte {
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	text := r.Body[start:r.ends[i]]
	if n := len(text); n > 0 && text[n-1] == '\n' && text[0] == '{' {
		return text[:n-1]
	}
	return text
}

// Clone copies the request into memory of its own.
func (r *Request) Clone() *Request {
	c := new(Request)
	c.set(r)
	return c
}

// set makes r a copy of from, in the memory that r has.
func (r *Request) set(from *Request) {
	body, ends, labels, reads, pictures := r.Body, r.ends, r.labels, r.reads, r.pictures
	*r = *from
	r.Body = append(body[:0], from.Body...)
	r.ends = append(ends[:0], from.ends...)
	r.labels = append(labels[:0], from.labels...)
	r.reads = append(reads[:0], from.reads...)
	r.pictures = append(pictures[:0], from.pictures...)
}

func (r *Request) reset() {
	*r = Request{Body: r.Body[:0], ends: r.ends[:0], labels: r.labels[:0], reads: r.reads[:0], pictures: r.pictures[:0]}
}

// name gives the request its key.
func (r *Request) name(seed, number uint64) {
	text := append(make([]byte, 0, 48), "sim-"...)
	text = appendHex(text, xxhash.Sum64(r.Body)^mix(seed))
	text = append(text, '-')
	r.Key = string(strconv.AppendUint(text, number, 10))
}

func appendHex(dst []byte, n uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789abcdef"[n>>shift&15])
	}
	return dst
}
