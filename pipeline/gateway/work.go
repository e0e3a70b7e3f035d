package gateway

import (
	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
)

// work is the memory of one request to /v1/scans or /v1/records, used again for the next one.
type work struct {
	data  []byte // the decompressed body
	taken int64  // of the budget of bytes in flight
	body  event.Body
	scan  event.Scan
	// kind is that of records, nil for scans.
	kind   *records.Kind
	record records.Record

	encoded  []byte // accepted events as entries of a ScanBatch, or records as lines of JSON, part after part
	parts    []part
	refused  []refusal
	previews []preview
	accepted int
}

const keptMemory = 4 << 20 // bytes of one buffer that are kept for the next request

// giveBack returns the work's share of the budget, and its memory for the next
// request. Where reuse is false something else may still read the memory.
func (g *Gateway) giveBack(w *work, reuse bool) {
	g.bytes.give(w.taken)
	if !reuse || cap(w.data) > keptMemory || cap(w.encoded) > keptMemory {
		return
	}
	w.scan.Reset()
	w.record.Forget()
	w.body.Reset()
	clear(w.refused)
	*w = work{data: w.data[:0], body: w.body, scan: w.scan, record: w.record, encoded: w.encoded[:0], parts: w.parts[:0], refused: w.refused[:0]}
	g.works.Put(w)
}
