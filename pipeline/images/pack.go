package images

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"

	"mailtrail/schemas/event"
)

// The form of a pack; README.md tells it in words.
const (
	packMagic = "mailtrail pack 1\n"
	packHead  = len(packMagic) + 8
	entryHead = event.ImageIDBytes + 4
)

// pack is one that is being filled, and then stored.
type pack struct {
	slot    int64  // start, Unix seconds
	name    string // SLOT/NAME
	body    []byte
	entries []event.Message
	bytes   int64 // of the pictures themselves
	began   time.Time
	age     *time.Timer

	done chan struct{} // closed when err is known
	err  error
}

func newPack(slot int64, body []byte) *pack {
	name := make([]byte, 16)
	rand.Read(name) // never fails: the runtime ends the process instead
	body = binary.BigEndian.AppendUint64(append(body[:0], packMagic...), uint64(slot))
	return &pack{slot: slot, name: event.PackName(slot, hex.EncodeToString(name)), body: body, began: time.Now(), done: make(chan struct{})}
}

// add puts a sealed picture behind the others, and its entry of the index with it.
func (p *pack) add(picture *picture, sealed []byte) {
	e := &picture.entry
	p.body = append(p.body, e.ID[:]...)
	p.body = binary.BigEndian.AppendUint32(p.body, uint32(len(sealed)))
	e.Pack, e.Offset, e.Length = p.name, int64(len(p.body)), int64(len(sealed))
	p.body = append(p.body, sealed...)
	p.bytes += int64(e.Bytes)
	id := []byte(e.ID.String())
	p.entries = append(p.entries, event.Message{
		Topic: event.ImagesTopic, Key: id, Value: e.AppendJSON(nil), Time: picture.received,
		Headers: []event.Header{
			{Key: event.ContentTypeHeader, Value: []byte(event.JSONType)},
			{Key: event.BatchIDHeader, Value: id},
			{Key: event.ReceivedHeader, Value: strconv.AppendInt(nil, picture.received, 10)},
			{Key: event.DeviceHeader, Value: []byte(picture.device)},
		},
	})
}

// finish tells everybody who waits what became of the pack.
func (p *pack) finish(err error) {
	p.err = err
	close(p.done)
}
