package kafka

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/pierrec/lz4/v4"
)

// Parts of an LZ4 frame (LZ4 Frame Format Description 1.6.1).
const (
	lz4Magic       = 0x184D2204
	lz4Version     = 0b01 << 6
	lz4VersionBits = 0b11 << 6
	lz4Independent = 1 << 5 // blocks do not refer to those before them
	lz4BlockSum    = 1 << 4
	lz4ContentSize = 1 << 3
	lz4Dictionary  = 1 << 0
	lz4Stored      = 1 << 31 // of a block's size: it is not compressed
	lz4Window      = 64 << 10
	lz4MostRatio   = 255 // no byte of a block stands for more
)

// appendLZ4 decompresses one frame block by block, straight to where the
// records are read. Its checksums are not looked at: the batch's own covers
// the same bytes.
func (f *inflater) appendLZ4(dst, src []byte) ([]byte, error) {
	if len(src) < 7 || binary.LittleEndian.Uint32(src) != lz4Magic || src[4]&lz4VersionBits != lz4Version {
		return dst, fmt.Errorf("lz4: %w: it does not begin with a frame", errBatch)
	}
	flags, blockCode := src[4], src[5]>>4&0b111
	if flags&lz4Dictionary != 0 || blockCode < 4 {
		return dst, fmt.Errorf("lz4: %w: its frame needs a dictionary or has blocks of an unknown size", errBatch)
	}
	blockMax := 1 << (8 + 2*int(blockCode)) // 64 KiB, 256 KiB, 1 MiB, 4 MiB
	at := 7
	if flags&lz4ContentSize != 0 {
		at += 8
	}
	start := len(dst)
	for {
		if at > len(src)-4 {
			return dst, fmt.Errorf("lz4: %w: its frame ends too early", errBatch)
		}
		word := binary.LittleEndian.Uint32(src[at:])
		at += 4
		if word == 0 {
			return dst, nil
		}
		size, sum := int(word&^lz4Stored), 0
		if flags&lz4BlockSum != 0 {
			sum = 4
		}
		if size > len(src)-at-sum || size > blockMax {
			return dst, fmt.Errorf("lz4: %w: a block of %d bytes is too large", errBatch, size)
		}
		block := src[at : at+size]
		at += size + sum
		if word&lz4Stored != 0 {
			dst = append(dst, block...)
		} else {
			var err error
			if dst, err = appendLZ4Block(dst, block, min(blockMax, lz4MostRatio*size), window(dst[start:], flags)); err != nil {
				return dst, fmt.Errorf("lz4: %w: %w", errBatch, err)
			}
		}
		if len(dst)-start > f.limit {
			return dst, fmt.Errorf("lz4: %w", f.tooLarge())
		}
	}
}

// window is what a block may refer to.
func window(before []byte, flags byte) []byte {
	if flags&lz4Independent != 0 {
		return nil
	}
	return before[max(0, len(before)-lz4Window):]
}

// appendLZ4Block decompresses a block that may become as large as most. How
// large it becomes it does not say: it is given more room until it fits, and
// mostly the buffer has it from the batches before.
func appendLZ4Block(dst, block []byte, most int, window []byte) ([]byte, error) {
	for room := min(most, 4*len(block)); ; room = min(most, 2*room) {
		dst = slices.Grow(dst, room)
		room = min(most, cap(dst)-len(dst))
		n, err := lz4.UncompressBlockWithDict(block, dst[len(dst):len(dst)+room], window)
		if err == nil {
			return dst[:len(dst)+n], nil
		}
		if room == most {
			return dst, err
		}
	}
}
