package images

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

	"mailtrail/schemas/event"
)

// IDKey is the key of the hash in ids. It makes an id say nothing about the
// bytes to whoever does not have it. A picture that is sent again gets the same id
// only under the same key, so all doors of an installation share one.
type IDKey [32]byte

const (
	idKeyLine  = "mailtrail image id key 1\n"
	idKeyBytes = len(idKeyLine) + 2*32 + 1
)

// LoadIDKey reads the key's file, and makes it where there is none: a line that
// names it and 64 hexadecimal digits, mode 0600. It is durable before it is used.
func LoadIDKey(path string) (key IDKey, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeIDKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return key, fmt.Errorf("images.id_key_file: make %s: %w", path, err)
		}
		text, err = os.ReadFile(path) // another role may have been faster
	}
	if err != nil {
		return key, fmt.Errorf("images.id_key_file: %w", err)
	}
	digits, ok := strings.CutPrefix(string(text), idKeyLine)
	if !ok || len(text) != idKeyBytes {
		return key, fmt.Errorf("images.id_key_file: %s is no key of image ids: put it back from a copy, or remove it (pictures that are sent again then get other ids)", path)
	}
	if _, err := hex.Decode(key[:], []byte(strings.TrimSuffix(digits, "\n"))); err != nil {
		return key, fmt.Errorf("images.id_key_file: %s: expected 64 hexadecimal digits on its second line", path)
	}
	return key, nil
}

// makeIDKey writes the file beside its place and links it there, so that it is whole or not there, and the first of two wins.
func makeIDKey(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	made, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*")
	if err != nil {
		return err
	}
	defer os.Remove(made.Name())
	defer made.Close()
	var key IDKey
	rand.Read(key[:]) // never fails: the runtime ends the process instead
	if _, err := made.WriteString(idKeyLine + hex.EncodeToString(key[:]) + "\n"); err != nil {
		return err
	}
	if err := made.Sync(); err != nil {
		return err
	}
	if err := os.Link(made.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// ID is the id of a picture: of its device, its capture (Unix milliseconds) and its bytes.
func (k *IDKey) ID(device string, captured int64, bytes []byte) event.ImageID {
	h := hmac.New(sha256.New, k[:])
	head := binary.BigEndian.AppendUint64(nil, uint64(captured))
	head = append(binary.BigEndian.AppendUint32(head, uint32(len(device))), device...)
	h.Write(head)
	h.Write(bytes)
	return event.NewImageID(captured, h.Sum(nil))
}
