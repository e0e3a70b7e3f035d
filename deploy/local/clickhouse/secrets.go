package clickhouse

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The users that mailtrail itself logs in as.
const (
	Owner   = "mailtrail"
	Writer  = "writer"
	Auditor = "auditor"
)

// Definer is the user whom views run as: "DEFINER = view_definer SQL SECURITY DEFINER". It cannot log in.
const Definer = "view_definer"

// PasswordFile is where the password of one of mailtrail's own users is kept.
func PasswordFile(data, user string) string {
	return filepath.Join(data, "secrets", "clickhouse-"+user)
}

// password reads a user's password, making it the first time.
func password(secrets, user string) (string, error) {
	path := filepath.Join(secrets, "clickhouse-"+user)
	raw, err := os.ReadFile(path)
	if err == nil {
		if secret := strings.TrimSpace(string(raw)); secret != "" {
			return secret, nil
		}
		return "", fmt.Errorf("the secret in %s is empty: remove the file and a new one is made", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the secret of ClickHouse user %s: %w", user, err)
	}
	random := make([]byte, 24)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	secret := hex.EncodeToString(random)
	if err := writePrivate(path, secret+"\n"); err != nil {
		return "", fmt.Errorf("keeping the secret of ClickHouse user %s: %w", user, err)
	}
	return secret, nil
}

// writePrivate replaces a file by one that only our user can read, whole or not at all.
func writePrivate(path, content string) error {
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

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
