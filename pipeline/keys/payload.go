package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// Object is what a sealed payload is bound to: it opens under these four alone.
type Object struct {
	Class string
	Slot  time.Time
	// ID names the object within its slot: at most 65535 bytes.
	ID string
	// Version is that of the payload's own form.
	Version uint32
}

// payloadMagic begins a sealed payload of format 1.
const payloadMagic = "MTS1"

const (
	nonceSize = 12
	tagSize   = 16
	// Overhead is how many bytes longer a sealed payload is than the payload.
	Overhead = len(payloadMagic) + nonceSize + tagSize
)

// binding is the object in one encoding: what the key of the object is derived from, and the additional data of its
// cipher. Lengths stand in front, so that no two objects share it.
func (o *Object) binding() ([]byte, error) {
	if len(o.ID) > 0xffff || len(o.Class) > 0xffff {
		return nil, fmt.Errorf("object of class %s: an id has at most 65535 bytes", o.Class)
	}
	b := []byte("mailtrail payload 1\n")
	b = binary.BigEndian.AppendUint16(b, uint16(len(o.Class)))
	b = append(b, o.Class...)
	b = binary.BigEndian.AppendUint64(b, uint64(o.Slot.Unix()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(o.ID)))
	b = append(b, o.ID...)
	return binary.BigEndian.AppendUint32(b, o.Version), nil
}

// root is what the keys of a slot's objects are derived from: HKDF-SHA256 (RFC 5869) has two steps, and the first is the
// same for all of them.
type root struct{ Secret }

// root is the slot key's. It is wiped by itself.
func (s Secret) root() (root, error) {
	extracted, err := hkdf.Extract(sha256.New, s.raw(), nil)
	if err != nil {
		return root{}, fmt.Errorf("deriving from a slot key: %w", err)
	}
	return root{secretOf(extracted)}, nil
}

// cipherOf makes the object's own cipher (HKDF-SHA256, RFC 5869; AES-256-GCM, NIST SP 800-38D).
func (s root) cipherOf(binding []byte) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, s.raw(), string(binding), secretSize)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts a payload for an object and appends it to dst, which must not overlap it.
func (s root) seal(dst []byte, o *Object, payload []byte) ([]byte, error) {
	binding, err := o.binding()
	if err != nil {
		return nil, err
	}
	aead, err := s.cipherOf(binding)
	if err != nil {
		return nil, fmt.Errorf("sealing a payload: %w", err)
	}
	dst = slices.Grow(dst, len(payload)+Overhead)
	return aead.Seal(append(dst, payloadMagic...), nil, payload, binding), nil
}

// open decrypts what seal made for the same object and appends it to dst, which must not overlap it.
func (s root) open(dst []byte, o *Object, sealed []byte) ([]byte, error) {
	binding, err := o.binding()
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(sealed, []byte(payloadMagic))
	if !ok || len(rest) < nonceSize+tagSize {
		return nil, fmt.Errorf("%w: it does not begin as a sealed payload does", ErrNotYours)
	}
	aead, err := s.cipherOf(binding)
	if err != nil {
		return nil, fmt.Errorf("opening a payload: %w", err)
	}
	payload, err := aead.Open(dst, nil, rest, binding)
	if err != nil {
		return nil, ErrNotYours
	}
	return payload, nil
}
