package clickhouse

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"mailtrail/deploy/local"
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
	return local.Secret(filepath.Join(secrets, "clickhouse-"+user), "ClickHouse user "+user)
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
