// Package header tells from the bytes of a picture what it is: TIFF, PNG or
// JPEG, how large, and whether it is all there. It follows the file's own
// structure from end to end and decodes no pixel, so that a picture that would
// unfold to gigabytes costs no more than another.
package header

import "fmt"

// The media types that are taken (IANA).
const (
	TIFF = "image/tiff"
	PNG  = "image/png"
	JPEG = "image/jpeg"
)

// Types are all of them.
func Types() []string { return []string{TIFF, PNG, JPEG} }

const (
	// MaxPixels bounds width times height: the largest flat (12 by 15 inches) at 600 dots an inch has 65 million.
	MaxPixels = 100_000_000
	// MaxPages bounds the pictures of one TIFF.
	MaxPages = 16
	// maxBits bounds the bits of a pixel: four channels of 16.
	maxBits = 64
)

// Info is what a picture says of itself; of a TIFF with several, the first.
type Info struct {
	MediaType     string
	Width, Height uint32 // pixels
	Pages         int
}

// Code says in one word what is wrong with a picture. The list is closed.
type Code string

// The codes.
const (
	Empty     Code = "empty_value"       // there are no bytes
	Unknown   Code = "unsupported_image" // neither TIFF, PNG nor JPEG, or a kind of them that is not taken
	Truncated Code = "truncated_image"   // it ends before it says that it does
	Broken    Code = "broken_image"      // its parts contradict each other
	TooLarge  Code = "too_many_pixels"   // it would unfold to more than MaxPixels
)

// Error says what is wrong with a picture. It never quotes its bytes.
type Error struct {
	Code    Code
	Message string
}

// Error implements error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

func wrong(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

// Read tells what the bytes are.
func Read(data []byte) (Info, *Error) {
	switch {
	case len(data) == 0:
		return Info{}, wrong(Empty, "the picture has no bytes")
	case isPNG(data):
		return readPNG(data)
	case isJPEG(data):
		return readJPEG(data)
	case isTIFF(data):
		return readTIFF(data)
	}
	return Info{}, wrong(Unknown, "expected a TIFF, PNG or JPEG; its first bytes are those of none")
}

// checkSize refuses what would unfold to too much, bits being those of a pixel.
func checkSize(width, height, bits uint64) *Error {
	switch {
	case width == 0 || height == 0:
		return wrong(Broken, "width and height must be at least 1 pixel")
	case width > MaxPixels || height > MaxPixels || width*height > MaxPixels:
		return wrong(TooLarge, "%d by %d pixels, at most %d in all", width, height, MaxPixels)
	case bits > maxBits:
		return wrong(TooLarge, "%d bits a pixel, at most %d", bits, maxBits)
	}
	return nil
}
