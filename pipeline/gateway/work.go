package gateway

import (
	"mailtrail/schemas/event"
)

// work is the memory of one request to /v1/scans, used again for the next one.
type work struct {
	data  []byte // the decompressed body
	taken int64  // of the budget of bytes in flight
	body  event.Body
	scan  event.Scan

	encoded  []byte // accepted events as entries of a ScanBatch, part after part
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
	w.body.Reset()
	clear(w.refused)
	*w = work{data: w.data[:0], body: w.body, scan: w.scan, encoded: w.encoded[:0], parts: w.parts[:0], refused: w.refused[:0]}
	g.works.Put(w)
}
