package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

// secretSize is the length of a key in bytes.
const secretSize = 32

// redacted stands wherever a key would be printed.
const redacted = "[slot key]"

// Secret is a slot's key. However it is printed, logged or encoded, its bytes do not come out. They lie behind a function:
// fmt passes over the methods of fields that are not exported, and follows pointers, but cannot look into a function.
type Secret struct{ reach func() *[secretSize]byte }

// emptySecret has room for a key.
func emptySecret() Secret {
	key := new([secretSize]byte)
	return Secret{func() *[secretSize]byte { return key }}
}

func newSecret() Secret {
	s := emptySecret()
	_, _ = rand.Read(s.raw()) // it never fails (crypto/rand)
	return s
}

// secretOf takes the bytes over and wipes where they came from.
func secretOf(raw []byte) Secret {
	s := emptySecret()
	copy(s.raw(), raw)
	clear(raw)
	return s
}

// raw are the bytes themselves.
func (s Secret) raw() []byte { return s.reach()[:] }

// none tells a secret that holds no key.
func (s Secret) none() bool { return s.reach == nil }

// clone is a copy that is wiped by itself.
func (s Secret) clone() Secret {
	copied := emptySecret()
	copy(copied.raw(), s.raw())
	return copied
}

// wipe overwrites the key in memory. Go may have copied it when a stack grew; the garbage of that is not reached.
func (s Secret) wipe() {
	if !s.none() {
		clear(s.raw())
	}
}

// Commitment is the SHA-256 of the key, which names it and tells nothing of it.
func (s Secret) Commitment() [sha256.Size]byte { return sha256.Sum256(s.raw()) }

// String never shows the key.
func (Secret) String() string { return redacted }

// Format never shows the key, whatever the verb.
func (Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, redacted) }

// LogValue never shows the key.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText never shows the key; JSON and YAML use it too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
