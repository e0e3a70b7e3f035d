package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"math/big"
	"strings"
)

// Kind is what a party is.
type Kind string

// The four kinds.
const (
	KindDevice  Kind = "device"
	KindMailer  Kind = "mailer"
	KindAnalyst Kind = "analyst"
	KindOfficer Kind = "officer"
)

// A token is mt_dev_ (mt_mlr_, mt_anl_, mt_ofc_), 43 base-62 digits of 256 random bits, and 6 base-62 digits of
// the CRC-32 of all before them. The prefix lets people and scanners of leaked secrets recognise a token, the
// checksum lets them, and us, drop one that was cut off or mistyped without looking it up.
const (
	tokenBytes     = 32
	secretDigits   = 43
	checksumDigits = 6
)

// prefix is how tokens of this kind begin; "" for a kind that is none.
func (k Kind) prefix() string {
	switch k {
	case KindDevice:
		return "mt_dev_"
	case KindMailer:
		return "mt_mlr_"
	case KindAnalyst:
		return "mt_anl_"
	case KindOfficer:
		return "mt_ofc_"
	default:
		return ""
	}
}

// newToken makes a token from the system's random numbers.
func newToken(kind Kind) string {
	secret := make([]byte, tokenBytes)
	rand.Read(secret) // never fails: the runtime ends the process instead
	body := kind.prefix() + base62(new(big.Int).SetBytes(secret), secretDigits)
	return body + checksum(body)
}

// wellFormed tells whether text can be a token of this kind.
func (k Kind) wellFormed(text string) bool {
	prefix := k.prefix()
	if prefix == "" || !strings.HasPrefix(text, prefix) || len(text) != len(prefix)+secretDigits+checksumDigits {
		return false
	}
	body := text[:len(text)-checksumDigits]
	return text[len(body):] == checksum(body)
}

func checksum(body string) string {
	return base62(big.NewInt(int64(crc32.ChecksumIEEE([]byte(body)))), checksumDigits)
}

// base62 is n in digits 0-9A-Za-z, padded with 0 to width.
func base62(n *big.Int, width int) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	text, rest, digit := make([]byte, width), new(big.Int).Set(n), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		rest.DivMod(rest, big.NewInt(int64(len(digits))), digit)
		text[i] = digits[digit.Int64()]
	}
	return string(text)
}

// Digest is the SHA-256 of a token: all that is kept of it. A slow hash with a salt, as for passwords, would buy
// nothing here: passwords need one because they can be guessed, and 256 random bits cannot.
type Digest [sha256.Size]byte

func digestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

// String is 64 lower-case hex digits, ClickHouse's password_sha256_hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText is String.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 64 hex digits.
func (d *Digest) UnmarshalText(text []byte) error {
	decoded, err := hex.DecodeString(string(text))
	if err != nil || len(decoded) != len(d) {
		return fmt.Errorf("digest: expected %d hex digits", 2*len(d))
	}
	copy(d[:], decoded)
	return nil
}
