package kafka

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// maxBatchBytes bounds one batch of records when it is decompressed: sixteen
// times the largest event message.
const maxBatchBytes = 256 << 20

// inflater decompresses batches. What it needs for a codec is made on first use and kept.
type inflater struct {
	limit  int // bytes of one batch when it is decompressed
	source bytes.Reader
	gzip   *gzip.Reader
	zstd   *zstd.Decoder
}

// Codecs of a batch.
const (
	gzipCodec = iota + 1
	snappyCodec
	lz4Codec
	zstdCodec
)

// append decompresses src behind what dst holds.
func (f *inflater) append(dst, src []byte, codec int16) ([]byte, error) {
	switch codec {
	case gzipCodec:
		return f.appendGzip(dst, src)
	case snappyCodec:
		return f.appendSnappy(dst, src)
	case lz4Codec:
		return f.appendLZ4(dst, src)
	case zstdCodec:
		return f.appendZstd(dst, src)
	}
	return dst, fmt.Errorf("codec %d is not known, expected gzip (1), snappy (2), lz4 (3) or zstd (4)", codec)
}

func (f *inflater) appendGzip(dst, src []byte) ([]byte, error) {
	f.source.Reset(src)
	var err error
	if f.gzip == nil {
		f.gzip, err = gzip.NewReader(&f.source)
	} else {
		err = f.gzip.Reset(&f.source)
	}
	if err != nil {
		return dst, fmt.Errorf("gzip: %w", damaged(err))
	}
	limit := len(dst) + f.limit
	for {
		dst = slices.Grow(dst, 1)
		n, err := f.gzip.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst) > limit:
			return dst, fmt.Errorf("gzip: %w", f.tooLarge())
		case errors.Is(err, io.EOF):
			return dst, nil
		case err != nil:
			return dst, fmt.Errorf("gzip: %w", damaged(err))
		}
	}
}

func (f *inflater) appendZstd(dst, src []byte) ([]byte, error) {
	if f.zstd == nil {
		// Its own bound counts what dst holds already, which is less than a piece.
		bound := uint64(f.limit + pieceBytes)
		var err error
		if f.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(bound)); err != nil {
			return dst, fmt.Errorf("zstd: %w", err)
		}
	}
	out, err := f.zstd.DecodeAll(src, dst)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded), len(out)-len(dst) > f.limit:
		return dst, fmt.Errorf("zstd: %w", f.tooLarge())
	case err != nil:
		return dst, fmt.Errorf("zstd: %w", damaged(err))
	}
	return out, nil
}

// Java's producers send snappy in the frame of the xerial library: a head of
// 16 bytes, then blocks behind their sizes. Others send one block alone.
const (
	xerialMagic = "\x82SNAPPY\x00"
	xerialHead  = 16
)

func (f *inflater) appendSnappy(dst, src []byte) ([]byte, error) {
	limit := len(dst) + f.limit
	if !bytes.HasPrefix(src, []byte(xerialMagic)) {
		return f.appendSnappyBlock(dst, src, limit)
	}
	for rest := src[min(xerialHead, len(src)):]; len(rest) > 0; {
		if len(rest) < 4 {
			return dst, fmt.Errorf("snappy: %w", damaged(io.ErrUnexpectedEOF))
		}
		size := int64(binary.BigEndian.Uint32(rest))
		if rest = rest[4:]; size > int64(len(rest)) {
			return dst, fmt.Errorf("snappy: %w", damaged(io.ErrUnexpectedEOF))
		}
		var err error
		if dst, err = f.appendSnappyBlock(dst, rest[:size], limit); err != nil {
			return dst, err
		}
		rest = rest[size:]
	}
	return dst, nil
}

// appendSnappyBlock decompresses a block that may reach up to the limit of dst.
func (f *inflater) appendSnappyBlock(dst, src []byte, limit int) ([]byte, error) {
	size, err := snappy.DecodedLen(src)
	if err != nil {
		return dst, fmt.Errorf("snappy: %w", err)
	}
	if size > limit-len(dst) {
		return dst, fmt.Errorf("snappy: %w", f.tooLarge())
	}
	dst = slices.Grow(dst, size)
	end := len(dst) + size
	if _, err := snappy.Decode(dst[len(dst):end:end], src); err != nil {
		return dst, fmt.Errorf("snappy: %w", err)
	}
	return dst[:end], nil
}

// errTooLarge means that a batch is not read because of its size.
var errTooLarge = errors.New("too large")

func (f *inflater) tooLarge() error {
	return fmt.Errorf("%w: it has more than %d bytes when it is decompressed", errTooLarge, f.limit)
}

// damaged gives the end of compressed bytes a name of its own: io.EOF would
// count as a connection that broke, which heals.
func damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: its compressed bytes end too early", errBatch)
	}
	return err
}
