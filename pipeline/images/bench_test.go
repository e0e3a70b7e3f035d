package images

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mailtrail/schemas/event"
)

// BenchmarkDoor is a request of 20 pictures from its bytes to its answer, with stores that cost nothing; the figures are a picture's.
func BenchmarkDoor(b *testing.B) {
	for _, size := range []int{4_000, 40_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			const pictures = 20
			w := newWorld(b, func(c *Config) { c.MaxBody, c.PackBytes, c.Limits = 16<<20, 1, DefaultLimits(16<<20) })
			w.door.deps.Store, w.door.deps.Producer = nothing{}, nothing{}
			w.door.packer.deps = &w.door.deps
			var parts []part
			for i := range pictures {
				parts = append(parts, part{"event", "", told(now, imb)}, part{"image", "image/tiff", tiff(size, i)})
			}
			contentType, text := body(parts...)
			b.SetBytes(int64(size))
			b.ResetTimer()
			for range b.N/pictures + 1 {
				if answer := w.send(contentType, strings.NewReader(text), nil); answer.Code != http.StatusCreated {
					b.Fatal(answer.Body)
				}
			}
		})
	}
}

// nothing is a store and a Kafka that take everything.
type nothing struct{ *world }

func (nothing) Put(_ context.Context, _ string, _ []byte) error    { return nil }
func (nothing) Produce(_ context.Context, _ []event.Message) error { return nil }

// tiff is a TIFF of so many bytes.
func tiff(size, number int) string {
	b := binary.LittleEndian.AppendUint32([]byte("II*\x00"), uint32(8+size))
	b = append(b, bytes.Repeat([]byte{byte(number)}, size)...)
	b = binary.LittleEndian.AppendUint16(b, 4)
	for _, entry := range [][2]uint32{{256, 8}, {257, uint32(size)}, {273, 8}, {279, uint32(size)}} {
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, uint16(entry[0])), 4), 1)
		b = binary.LittleEndian.AppendUint32(b, entry[1])
	}
	return string(binary.LittleEndian.AppendUint32(b, 0))
}
