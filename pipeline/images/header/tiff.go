package header

import (
	"bytes"
	"encoding/binary"
)

// A TIFF (Adobe TIFF 6.0, section 2) is a header with the offset of the first
// directory. A directory (IFD) has entries of 12 bytes (tag, type, count, value
// or its offset) in rising order of tags, and the offset of the next directory.
// Its pixels lie in strips or tiles, which are anywhere in the file.

// The tags that are looked at.
const (
	imageWidth      = 256
	imageLength     = 257
	bitsPerSample   = 258
	stripOffsets    = 273
	samplesPerPixel = 277
	stripByteCounts = 279
	tileOffsets     = 324
	tileByteCounts  = 325
)

// maxStrips bounds the strips or tiles of one picture.
const maxStrips = 1 << 16

func isTIFF(data []byte) bool {
	return bytes.HasPrefix(data, []byte("II*\x00")) || bytes.HasPrefix(data, []byte("MM\x00*")) ||
		bytes.HasPrefix(data, []byte("II+\x00")) || bytes.HasPrefix(data, []byte("MM\x00+"))
}

// tiffFile is the bytes of a TIFF and their order.
type tiffFile struct {
	data  []byte
	order binary.ByteOrder
}

func readTIFF(data []byte) (first Info, _ *Error) {
	f := tiffFile{data, binary.LittleEndian}
	if data[0] == 'M' {
		f.order = binary.BigEndian
	}
	if data[2] == '+' || data[3] == '+' {
		return Info{}, wrong(Unknown, "a BigTIFF: write a TIFF 6.0")
	}
	if len(data) < 8 {
		return Info{}, wrong(Truncated, "the TIFF ends within its header")
	}
	pages := 0
	for at := f.order.Uint32(data[4:]); at != 0; pages++ {
		if pages == MaxPages {
			return Info{}, wrong(TooLarge, "the TIFF has more than %d pictures, or its directories lead back to each other", MaxPages)
		}
		page, next, err := f.directory(at)
		if err != nil {
			return Info{}, err
		}
		if pages == 0 {
			first = page
		}
		at = next
	}
	if pages == 0 {
		return Info{}, wrong(Truncated, "the TIFF has no directory")
	}
	first.Pages = pages
	return first, nil
}

// part is a stretch of the file; nil where the file ends before it does.
func (f *tiffFile) part(offset uint32, length uint64) []byte {
	if uint64(offset)+length > uint64(len(f.data)) {
		return nil
	}
	return f.data[offset : uint64(offset)+length]
}

// directory reads the directory at an offset, and where the next one is; 0 where there is none.
func (f *tiffFile) directory(at uint32) (info Info, next uint32, _ *Error) {
	count := f.part(at, 2)
	if count == nil {
		return info, 0, wrong(Truncated, "the TIFF ends before its directory")
	}
	n := uint64(f.order.Uint16(count))
	raw := f.part(at, 2+12*n+4)
	if raw == nil {
		return info, 0, wrong(Truncated, "the TIFF ends within its directory")
	}
	fields := map[uint16]field{}
	for i := range n {
		entry := raw[2+12*i:]
		fields[f.order.Uint16(entry)] = field{f.order.Uint16(entry[2:]), f.order.Uint32(entry[4:]), entry[8:12]}
	}
	width, err1 := f.number(fields, imageWidth, 0)
	height, err2 := f.number(fields, imageLength, 0)
	samples, err3 := f.number(fields, samplesPerPixel, 1)
	bits, err4 := f.number(fields, bitsPerSample, 1)
	for _, err := range []*Error{err1, err2, err3, err4, checkSize(uint64(width), uint64(height), uint64(bits)*uint64(samples)), f.pixels(fields)} {
		if err != nil {
			return info, 0, err
		}
	}
	return Info{TIFF, width, height, 1}, f.order.Uint32(raw[2+12*n:]), nil
}

// field is an entry of a directory: its type, how many values, and the value or where it is.
type field struct {
	kind  uint16
	count uint32
	value []byte
}

// numbers reads the values of a field of type SHORT or LONG.
func (f *tiffFile) numbers(fields map[uint16]field, tag uint16) ([]uint32, *Error) {
	entry, there := fields[tag]
	size := uint64(map[uint16]uint64{3: 2, 4: 4}[entry.kind])
	switch {
	case !there:
		return nil, nil
	case size == 0 || entry.count == 0:
		return nil, wrong(Broken, "tag %d of the TIFF is no number", tag)
	case entry.count > maxStrips:
		return nil, wrong(TooLarge, "tag %d of the TIFF has %d values, at most %d", tag, entry.count, maxStrips)
	}
	raw := entry.value
	if size*uint64(entry.count) > 4 {
		if raw = f.part(f.order.Uint32(entry.value), size*uint64(entry.count)); raw == nil {
			return nil, wrong(Truncated, "the TIFF ends within the values of tag %d", tag)
		}
	}
	values := make([]uint32, entry.count)
	for i := range values {
		if size == 2 {
			values[i] = uint32(f.order.Uint16(raw[2*i:]))
		} else {
			values[i] = f.order.Uint32(raw[4*i:])
		}
	}
	return values, nil
}

// number reads a field's largest value; absent is what it is where it is not there.
func (f *tiffFile) number(fields map[uint16]field, tag uint16, absent uint32) (largest uint32, err *Error) {
	values, err := f.numbers(fields, tag)
	if values == nil {
		return absent, err
	}
	for _, value := range values {
		largest = max(largest, value)
	}
	return largest, nil
}

// pixels makes sure that every strip or tile lies within the file.
func (f *tiffFile) pixels(fields map[uint16]field) *Error {
	for _, tags := range [][2]uint16{{stripOffsets, stripByteCounts}, {tileOffsets, tileByteCounts}} {
		offsets, err1 := f.numbers(fields, tags[0])
		lengths, err2 := f.numbers(fields, tags[1])
		switch {
		case err1 != nil:
			return err1
		case err2 != nil:
			return err2
		case offsets == nil && lengths == nil:
			continue
		case len(offsets) != len(lengths):
			return wrong(Broken, "the TIFF has %d strips and the lengths of %d", len(offsets), len(lengths))
		}
		for i, offset := range offsets {
			if lengths[i] == 0 || f.part(offset, uint64(lengths[i])) == nil {
				return wrong(Truncated, "the TIFF ends within strip %d of %d", i+1, len(offsets))
			}
		}
		return nil
	}
	return wrong(Broken, "the TIFF names no strips and no tiles")
}
