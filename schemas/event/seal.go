package event

import (
	"errors"
	"strings"
	"time"
)

// Seal says how the payload of a message is sealed: with AES-256-GCM, under the key of a slot of a retention class. The
// payload is bound to class, slot, the identity of its event and [SealedForm]; pipeline/keys describes its bytes.
type Seal struct {
	Class string
	// Slot is the start of the slot, Unix seconds.
	Slot int64
}

// SealedForm is the version of what is sealed: what a [Packer] makes of the value of a message.
const SealedForm = 1

// SealOverhead is how many bytes longer a sealed payload is than the payload, where it is not compressed.
const SealOverhead = 33

const sealPrefix = "aes-256-gcm slot/"

// Text gives the seal as its header has it: "aes-256-gcm slot/CLASS/START", with START in RFC 3339 UTC. [ParseSeal] reads it.
func (s Seal) Text() string {
	return sealPrefix + s.Class + "/" + time.Unix(s.Slot, 0).UTC().Format(time.RFC3339)
}

var errSeal = errors.New("seal: expected aes-256-gcm slot/CLASS/START, with START in RFC 3339 UTC")

// ParseSeal reads what Text writes, nothing else.
func ParseSeal(text []byte) (Seal, error) {
	if len(text) > 256 {
		return Seal{}, errSeal
	}
	rest, ours := strings.CutPrefix(string(text), sealPrefix)
	class, start, _ := strings.Cut(rest, "/")
	at, err := time.Parse(time.RFC3339, start)
	if s := (Seal{class, at.Unix()}); ours && err == nil && className(class) && s.Text() == string(text) {
		return s, nil
	}
	return Seal{}, errSeal
}

// className tells the name of a retention class: 1 to 64 of a-z, 0-9 and _.
func className(text string) bool {
	return len(text) > 0 && len(text) <= 64 && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// Sealed tells whether the value of the message is sealed.
func (m *Message) Sealed() bool {
	text := m.Header(SealHeader)
	return text != nil && string(text) != NoSeal
}
