package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
	"mailtrail/schemas/event/records"
)

// recordKeyBytes is the length of the key of hashes: as long as the hash (NIST SP 800-107, 5.3.4).
const recordKeyBytes = sha256.Size

// loadRecordKey reads the key of the hashes by which records are found, and makes it where there is none. The file holds
// its hexadecimal digits. Of two processes that make it at the same time one is the first, and the other reads that.
func loadRecordKey(path string) ([]byte, error) {
	key, err := readRecordKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeRecordKey(path); err != nil {
			return nil, fmt.Errorf("make the key of hashes (records.key_file): %w", err)
		}
		return readRecordKey(path)
	}
	return key, err
}

// readRecordKey reads the key of hashes that ingest has made.
func readRecordKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the key of hashes (records.key_file): %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != recordKeyBytes {
		return nil, fmt.Errorf("records.key_file: %s: expected %d hexadecimal digits; records that were stored under another key are not found", path, 2*recordKeyBytes)
	}
	return key, nil
}

func makeRecordKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	key := make([]byte, recordKeyBytes)
	if _, err := rand.Read(key); err != nil {
		return err
	}
	// Written beside and linked, so that nobody reads half of it.
	beside, err := os.CreateTemp(filepath.Dir(path), ".records.key.*")
	if err != nil {
		return err
	}
	defer os.Remove(beside.Name())
	_, err = fmt.Fprintln(beside, hex.EncodeToString(key))
	if err = errors.Join(err, beside.Sync(), beside.Close()); err != nil {
		return err
	}
	if err := os.Link(beside.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// Its name must outlast a loss of power too: what is stored under it is found by nothing else.
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// recordHash hashes what a record can be found by under the key: HMAC-SHA256 of system, key and value, each with its length
// in front, of which the first bytes are stored. Values are compared without regard to case and white space.
func recordHash(key []byte) ingest.RecordHash {
	return func(system, name string, value []byte) (hash [event.RecordKeyBytes]byte) {
		mac := hmac.New(sha256.New, key)
		for _, part := range [][]byte{[]byte(system), []byte(name), records.Normal(value)} {
			var length [4]byte
			binary.BigEndian.PutUint32(length[:], uint32(len(part)))
			mac.Write(length[:])
			mac.Write(part)
		}
		copy(hash[:], mac.Sum(nil))
		return hash
	}
}
