package keys

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// keyFileLines are the words that the lines of a key's file begin with.
func keyFileLines() []string {
	return []string{"mailtrail key 1", "id ", "created ", "destroy_at ", "key ", "check "}
}

// encodeKeyFile writes a key's file. The caller wipes what it returns.
func encodeKeyFile(record Record, key Secret) []byte {
	words := keyFileLines()
	out := make([]byte, 0, 512) // never grown: no copy of the key stays behind
	out = append(append(out, words[0]...), '\n')
	for i, value := range []string{record.ID.String(), record.Created.UTC().Format(time.RFC3339), record.DestroyAt.UTC().Format(time.RFC3339)} {
		out = append(append(append(out, words[i+1]...), value...), '\n')
	}
	out = append(hex.AppendEncode(append(out, words[4]...), key.raw()), '\n')
	sum := sha256.Sum256(out)
	return append(hex.AppendEncode(append(out, words[5]...), sum[:]), '\n')
}

// errKeyFile is wrapped by the error for content that is no key's file. The content is never quoted.
var errKeyFile = errors.New("not a key's file of this version")

// decodeKeyFile reads what encodeKeyFile writes, nothing else. The caller wipes content.
func decodeKeyFile(content []byte) (Record, Secret, error) {
	words := keyFileLines()
	lines := bytes.Split(content, []byte("\n"))
	if len(lines) != len(words)+1 || len(content) > 512 {
		return Record{}, Secret{}, fmt.Errorf("%w: expected %d lines", errKeyFile, len(words))
	}
	values := make([][]byte, len(words))
	for i, word := range words {
		value, ok := bytes.CutPrefix(lines[i], []byte(word))
		if !ok {
			return Record{}, Secret{}, fmt.Errorf("%w: line %d: expected %q", errKeyFile, i+1, strings.TrimSpace(word))
		}
		values[i] = value
	}
	record, err := decodeRecord(values)
	if err != nil {
		return Record{}, Secret{}, err
	}
	raw := make([]byte, secretSize)
	if len(values[4]) != 2*secretSize {
		return Record{}, Secret{}, fmt.Errorf("%w: key: expected 64 hexadecimal digits", errKeyFile)
	}
	if _, err := hex.Decode(raw, values[4]); err != nil {
		clear(raw)
		return Record{}, Secret{}, fmt.Errorf("%w: key: expected 64 hexadecimal digits", errKeyFile)
	}
	key := secretOf(raw)
	again := encodeKeyFile(record, key)
	defer clear(again)
	if !bytes.Equal(again, content) {
		key.wipe()
		return Record{}, Secret{}, fmt.Errorf("%w: check: it does not fit the lines above", errKeyFile)
	}
	return record, key, nil
}

func decodeRecord(values [][]byte) (r Record, err error) {
	if r.ID, err = ParseID(string(values[1])); err != nil {
		return r, fmt.Errorf("%w: id: %w", errKeyFile, err)
	}
	for i, at := range []*time.Time{&r.Created, &r.DestroyAt} {
		if *at, err = time.Parse(time.RFC3339, string(values[2+i])); err != nil {
			return r, fmt.Errorf("%w: %s: expected a time in RFC 3339 UTC", errKeyFile, []string{"created", "destroy_at"}[i])
		}
		*at = at.UTC()
	}
	return r, nil
}
