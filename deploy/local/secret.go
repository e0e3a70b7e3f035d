package local

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Secret reads the secret in a file, making it the first time: 48 random hexadecimal digits, which only our user can
// read. of says whose it is.
func Secret(path, of string) (string, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		if secret := strings.TrimSpace(string(raw)); secret != "" {
			return secret, nil
		}
		return "", fmt.Errorf("the secret in %s is empty: remove the file and a new one is made", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the secret of %s: %w", of, err)
	}
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	secret := hex.EncodeToString(random)
	if err := WritePrivate(path, secret+"\n"); err != nil {
		return "", fmt.Errorf("keeping the secret of %s: %w", of, err)
	}
	return secret, nil
}

// WritePrivate replaces a file by one that only our user can read, whole or not at all.
func WritePrivate(path, content string) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
