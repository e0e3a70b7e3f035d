package event

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// The first byte of a packed value says how the rest stands.
const (
	packedAsIs = 0
	packedZstd = 1
)

const (
	// packFrom is the size in bytes from which a value is compressed: what is sealed cannot be any more, and a value that
	// came compressed in its batch may be many times as large as a topic takes. Smaller ones gain little.
	packFrom = 4 << 10
	// maxUnpacked bounds a value in bytes.
	maxUnpacked = 1 << 30
)

// errPacked: what was sealed is no packed value.
var errPacked = errors.New("the sealed payload is not of a form that this version knows")

// Packer makes of a value what is sealed, and the value of it again. It may be used by several goroutines.
type Packer struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// NewPacker makes one.
func NewPacker() (*Packer, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("compression of payloads: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, fmt.Errorf("compression of payloads: %w", err)
	}
	return &Packer{encoder, decoder}, nil
}

// Pack returns what is to be sealed of a value.
func (p *Packer) Pack(value []byte) []byte {
	if len(value) >= packFrom {
		if packed := p.encoder.EncodeAll(value, []byte{packedZstd}); len(packed) < len(value) {
			return packed
		}
	}
	return append([]byte{packedAsIs}, value...)
}

// Unpack returns the value of what Pack made.
func (p *Packer) Unpack(packed []byte) ([]byte, error) {
	switch {
	case len(packed) == 0:
	case packed[0] == packedAsIs:
		return packed[1:], nil
	case packed[0] == packedZstd:
		value, err := p.decoder.DecodeAll(packed[1:], nil)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errPacked, err)
		}
		return value, nil
	}
	return nil, errPacked
}
