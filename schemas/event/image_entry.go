package event

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ImagesTopic holds the index of packs: one entry a picture. Its form is in README.md beside this file.
const ImagesTopic = "mail.images"

// ImageIDBytes is the length of a picture's id: 6 bytes Unix milliseconds of
// its capture, big-endian, and 14 bytes of a keyed hash over device, capture and
// bytes. So ids sort by time, and one tells its slot when nothing else does any more.
const ImageIDBytes = 6 + 14

// ImageID names a picture; its text is 40 hexadecimal digits in lower case.
type ImageID [ImageIDBytes]byte

// NewImageID puts an id together.
func NewImageID(captured int64, hash []byte) (id ImageID) {
	for i := range 6 {
		id[i] = byte(captured >> (8 * (5 - i)))
	}
	copy(id[6:], hash)
	return id
}

// ParseImageID reads the text of an id.
func ParseImageID(text string) (id ImageID, err error) {
	if len(text) == 2*ImageIDBytes {
		if _, err := hex.Decode(id[:], []byte(text)); err == nil && id.String() == text {
			return id, nil
		}
	}
	return ImageID{}, fmt.Errorf("an image's id: expected %d hexadecimal digits in lower case", 2*ImageIDBytes)
}

// Captured is when the picture was taken, Unix milliseconds.
func (id ImageID) Captured() (unixMilli int64) {
	for _, b := range id[:6] {
		unixMilli = unixMilli<<8 | int64(b)
	}
	return unixMilli
}

func (id ImageID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText is String.
func (id ImageID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText is ParseImageID.
func (id *ImageID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseImageID(string(text))
	return err
}

// SHA256 is a hash in 64 hexadecimal digits.
type SHA256 [32]byte

// MarshalText writes the digits.
func (h SHA256) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

// UnmarshalText reads them.
func (h *SHA256) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("expected %d hexadecimal digits", 2*len(h))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// packSlot is how a slot stands in the name of a pack: RFC 3339 in the basic form, UTC.
const packSlot = "20060102T150405Z"

// PackName is where a pack lies below the class: SLOT/NAME, the slot by its start in Unix seconds.
func PackName(slot int64, name string) string {
	return time.Unix(slot, 0).UTC().Format(packSlot) + "/" + name
}

// SplitPackName takes the name apart again.
func SplitPackName(pack string) (slot int64, name string, err error) {
	written, name, _ := strings.Cut(pack, "/")
	at, err := time.Parse(packSlot, written)
	if err != nil || name == "" || strings.Contains(name, "/") || PackName(at.Unix(), name) != pack {
		return 0, "", fmt.Errorf("a pack's name: expected SLOT/NAME with a slot such as 20261125T140000Z")
	}
	return at.Unix(), name, nil
}

func isPackName(pack string) bool {
	_, _, err := SplitPackName(pack)
	return err == nil
}

// ImageEntry is a message of mail.images: where one picture lies, and what is known of it.
type ImageEntry struct {
	ID ImageID `json:"id"`
	// Pack is where the pack lies, see [PackName]; the sealed picture is its bytes from Offset on, Length of them.
	Pack   string `json:"pack"`
	Offset int64  `json:"packOffset"`
	Length int64  `json:"packLength"`
	// Hash is the SHA-256 of the sealed bytes.
	Hash SHA256 `json:"sha256"`

	Captured time.Time `json:"capturedDatetime"` // to the millisecond
	// Shift is the distance of the local clock from UTC, minutes east.
	Shift         int16  `json:"capturedOffsetMinutes,omitempty"`
	MachineID     string `json:"machineId,omitempty"`
	ScanLocaleKey string `json:"scanLocaleKey,omitempty"`
	Side          string `json:"side,omitempty"`

	// Object, Code and PieceKey are as those of a scan, MID the mailer
	// identifier in the barcode; all are empty where no barcode was read.
	Object   string `json:"object,omitempty"`
	Code     string `json:"code,omitempty"`
	PieceKey string `json:"pieceKey,omitempty"`
	MID      string `json:"mid,omitempty"`
	// Bars are the bars of an Intelligent Mail barcode as they were read.
	Bars string `json:"bars,omitempty"`

	MediaType string `json:"mediaType"`
	Width     uint32 `json:"width"`  // pixels
	Height    uint32 `json:"height"` // pixels
	Pages     uint32 `json:"pages"`
	Bytes     uint32 `json:"bytes"` // of the picture itself
}

// AppendJSON appends the entry's JSON form.
func (e *ImageEntry) AppendJSON(dst []byte) []byte {
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // texts, numbers and times between 1970 and 2199 always have a JSON form
	}
	return append(dst, text...)
}

// DecodeJSON reads an entry and checks its form.
func (e *ImageEntry) DecodeJSON(data []byte) *Error {
	*e = ImageEntry{}
	if err := json.Unmarshal(data, e); err != nil {
		return &Error{Code: NotReadable, Message: "an entry of the index of packs: " + place(err)}
	}
	return e.check()
}

// place is where a text stopped being JSON, without quoting it.
func place(err error) string {
	switch err := err.(type) {
	case *json.SyntaxError:
		return "expected JSON at byte " + strconv.FormatInt(err.Offset, 10)
	case *json.UnmarshalTypeError:
		return "field " + err.Field + ": expected another type at byte " + strconv.FormatInt(err.Offset, 10)
	}
	return "a time, an id or a hash is not one"
}

// maxEntryText bounds each text of an entry in bytes, far above those of the door.
const maxEntryText = 255

func (e *ImageEntry) check() *Error {
	for _, text := range []struct {
		name, value string
		needed      bool
	}{
		{"pack", e.Pack, true}, {"mediaType", e.MediaType, true}, {"machineId", e.MachineID, false}, {"scanLocaleKey", e.ScanLocaleKey, false}, {"side", e.Side, false},
		{"object", e.Object, false}, {"code", e.Code, false}, {"pieceKey", e.PieceKey, false}, {"mid", e.MID, false}, {"bars", e.Bars, false},
	} {
		switch {
		case text.needed && text.value == "":
			return &Error{Field: text.name, Code: Missing, Message: "it is needed"}
		case len(text.value) > maxEntryText:
			return &Error{Field: text.name, Code: TooLong, Message: fmt.Sprintf("%d bytes, at most %d", len(text.value), maxEntryText)}
		}
	}
	switch {
	case e.ID == ImageID{}:
		return &Error{Field: "id", Code: Missing, Message: "it is needed"}
	case e.Captured.UnixMilli() != e.ID.Captured():
		return &Error{Field: CapturedDatetime, Code: Contradiction, Message: "the id says another time"}
	case !isPackName(e.Pack):
		return &Error{Field: "pack", Code: NotReadable, Message: "SLOT/NAME with a slot such as 20261125T140000Z"}
	case e.Offset < 0 || e.Length <= 0:
		return &Error{Field: "packOffset", Code: NotCount, Message: "offset and length within a pack"}
	}
	return nil
}
