package header

import (
	"bytes"
	"encoding/binary"
)

// A JPEG (ITU-T T.81, annex B) is a row of segments: 0xFF, a marker, and for
// most of them 2 bytes length and the data. SOF tells the size, SOS begins the
// pixels, in which 0xFF is followed by 0 or a restart marker; EOI is the end.

const (
	soi   = 0xD8
	eoi   = 0xD9
	sos   = 0xDA
	dnl   = 0xDC
	rst0  = 0xD0
	rst7  = 0xD7
	tem   = 0x01
	sof0  = 0xC0
	sof15 = 0xCF
	dht   = 0xC4
	jpg   = 0xC8
	dac   = 0xCC
)

func isJPEG(data []byte) bool { return bytes.HasPrefix(data, []byte{0xFF, soi, 0xFF}) }

func readJPEG(data []byte) (info Info, _ *Error) {
	rest, scans := data[2:], 0
	for {
		marker, segment, behind, err := segment(rest)
		if err != nil {
			return Info{}, err
		}
		rest = behind
		switch {
		case marker == eoi && (info.Width == 0 || scans == 0):
			return Info{}, wrong(Truncated, "the JPEG ends before its pixels")
		case marker == eoi && len(bytes.Trim(rest, "\x00")) > 0:
			return Info{}, wrong(Broken, "something stands behind the end of the JPEG")
		case marker == eoi:
			return info, nil
		case isFrame(marker) && info.Width > 0:
			return Info{}, wrong(Broken, "the JPEG tells its size twice")
		case isFrame(marker):
			if info, err = readFrame(segment); err != nil {
				return Info{}, err
			}
		case marker == sos && info.Width == 0:
			return Info{}, wrong(Broken, "the pixels of the JPEG come before its size")
		case marker == sos:
			scans++
			rest = behindScan(rest)
		case marker == dnl:
			return Info{}, wrong(Unknown, "the JPEG tells its height behind the pixels (DNL): write it into the frame")
		}
	}
}

// segment takes the first segment off. Markers may be preceded by any number of 0xFF.
func segment(rest []byte) (marker byte, data, behind []byte, err *Error) {
	at := 0
	for at < len(rest) && rest[at] == 0xFF {
		at++
	}
	switch {
	case at == len(rest):
		return 0, nil, nil, wrong(Truncated, "the JPEG ends without its end marker")
	case at == 0 || rest[at] == 0:
		return 0, nil, nil, wrong(Broken, "a marker was expected in the JPEG")
	}
	marker, rest = rest[at], rest[at+1:]
	if marker == eoi || marker == tem || marker >= rst0 && marker <= rst7 {
		return marker, nil, rest, nil
	}
	if len(rest) < 2 {
		return 0, nil, nil, wrong(Truncated, "the JPEG ends within a segment")
	}
	length := int(binary.BigEndian.Uint16(rest))
	switch {
	case marker == soi || length < 2:
		return 0, nil, nil, wrong(Broken, "a segment of the JPEG has no length, or it begins twice")
	case length > len(rest):
		return 0, nil, nil, wrong(Truncated, "the JPEG ends within a segment")
	}
	return marker, rest[2:length], rest[length:], nil
}

func isFrame(marker byte) bool {
	return marker >= sof0 && marker <= sof15 && marker != dht && marker != jpg && marker != dac
}

// readFrame reads a frame header (section B.2.2).
func readFrame(frame []byte) (Info, *Error) {
	if len(frame) < 6 || len(frame) != 6+3*int(frame[5]) {
		return Info{}, wrong(Broken, "the frame of the JPEG has another length than it says")
	}
	height, width := binary.BigEndian.Uint16(frame[1:]), binary.BigEndian.Uint16(frame[3:])
	if height == 0 {
		return Info{}, wrong(Unknown, "the JPEG tells its height behind the pixels (DNL): write it into the frame")
	}
	if err := checkSize(uint64(width), uint64(height), uint64(frame[0])*uint64(frame[5])); err != nil {
		return Info{}, err
	}
	return Info{JPEG, uint32(width), uint32(height), 1}, nil
}

// behindScan is what follows the pixels of a scan, from the next marker on.
func behindScan(rest []byte) []byte {
	for {
		at := bytes.IndexByte(rest, 0xFF)
		if at < 0 || at+1 == len(rest) {
			return nil
		}
		if next := rest[at+1]; next != 0 && next != 0xFF && (next < rst0 || next > rst7) {
			return rest[at:]
		}
		if rest[at+1] == 0xFF {
			rest = rest[at+1:] // fill bytes
		} else {
			rest = rest[at+2:]
		}
	}
}
