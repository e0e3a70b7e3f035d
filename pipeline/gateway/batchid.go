package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// scansKind stands for scans in a batch id, in place of a kind of records.
const scansKind = "scans"

const batchIDBytes = 16

// batchID names a request: the same for the same device, kind and key, or without a
// key for the same device, kind and decompressed bytes. 32 hexadecimal digits, the
// first half of a SHA-256. A key of scans goes in without a kind, one of records
// behind a second zero byte with it. Neither device names, kinds nor keys are
// empty or hold a zero byte, so that the three forms cannot meet.
func batchID(device, kind, key string, body []byte) string {
	h := sha256.New()
	// A hash never fails to be written to.
	_, _ = io.WriteString(h, device+"\x00")
	switch {
	case key != "" && kind == scansKind:
		_, _ = io.WriteString(h, key)
	case key != "":
		_, _ = io.WriteString(h, "\x00"+kind+"\x00"+key)
	default:
		_, _ = io.WriteString(h, kind+"\x00")
		_, _ = h.Write(body)
	}
	return hex.EncodeToString(h.Sum(nil)[:batchIDBytes])
}

// isBatchID reports whether the text has the form of a batch id.
func isBatchID(text string) bool {
	if len(text) != hex.EncodedLen(batchIDBytes) {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
