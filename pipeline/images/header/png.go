package header

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A PNG (W3C PNG, third edition, section 5) is a signature and chunks: 4 bytes
// length, 4 bytes type, the data, 4 bytes CRC-32 of type and data. IHDR is the
// first, IEND the last.

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	chunkFrame   = 4 + 4 + 4
)

func isPNG(data []byte) bool { return bytes.HasPrefix(data, []byte(pngSignature)) }

// chunk takes the first chunk off. Its check sum covers what was cut off or altered on the way.
func chunk(rest []byte) (kind string, data, behind []byte, err *Error) {
	if len(rest) < chunkFrame {
		return "", nil, nil, wrong(Truncated, "the PNG ends within a chunk")
	}
	length := binary.BigEndian.Uint32(rest)
	if uint64(length)+chunkFrame > uint64(len(rest)) {
		return "", nil, nil, wrong(Truncated, "the PNG ends within a chunk")
	}
	kind, data, behind = string(rest[4:8]), rest[8:8+length], rest[chunkFrame+length:]
	if crc32.ChecksumIEEE(rest[4:8+length]) != binary.BigEndian.Uint32(rest[8+length:]) {
		return "", nil, nil, wrong(Broken, "the check sum of a PNG chunk does not fit")
	}
	return kind, data, behind, nil
}

func readPNG(data []byte) (Info, *Error) {
	kind, head, rest, err := chunk(data[len(pngSignature):])
	if err != nil {
		return Info{}, err
	}
	if kind != "IHDR" || len(head) != 13 {
		return Info{}, wrong(Broken, "a PNG begins with a chunk IHDR of 13 bytes")
	}
	info, err := readIHDR(head)
	if err != nil {
		return Info{}, err
	}
	pixels := false
	for {
		kind, data, behind, err := chunk(rest)
		switch {
		case err != nil:
			return Info{}, err
		case kind == "IEND" && len(behind) > 0:
			return Info{}, wrong(Broken, "something stands behind the end of the PNG")
		case kind == "IEND" && !pixels:
			return Info{}, wrong(Truncated, "the PNG has no pixels")
		case kind == "IEND":
			return info, nil
		}
		pixels = pixels || kind == "IDAT" && len(data) > 0
		rest = behind
	}
}

// readIHDR reads the chunk IHDR (section 11.2.1).
func readIHDR(head []byte) (Info, *Error) {
	width, height := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:])
	depth, channels := uint64(head[8]), pngChannels(head[9])
	if channels == 0 || depth == 0 || depth > 16 || depth&(depth-1) != 0 || head[10] != 0 || head[11] != 0 || head[12] > 1 {
		return Info{}, wrong(Broken, "the PNG names a colour type, depth, compression, filter or interlace that there is not")
	}
	if err := checkSize(uint64(width), uint64(height), depth*channels); err != nil {
		return Info{}, err
	}
	return Info{PNG, width, height, 1}, nil
}

// pngChannels is the number of samples of a pixel by colour type, 0 for one that there is not.
func pngChannels(colour byte) uint64 {
	switch colour {
	case 0, 3:
		return 1
	case 4:
		return 2
	case 2:
		return 3
	case 6:
		return 4
	}
	return 0
}
