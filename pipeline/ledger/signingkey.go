package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// The files of the signing key and of the public key that belongs to it.
const (
	keyFile  = "key"
	vkeyFile = "vkey"
)

// signingKey reads the key of the folder. A folder without any entry gets a new one; one that has entries and no key
// cannot be gone on with, since nobody could tell its continuation from a forged one.
func signingKey(dir string) (note.Signer, error) {
	secret, err := os.ReadFile(filepath.Join(dir, keyFile))
	if errors.Is(err, fs.ErrNotExist) {
		if _, begun := os.Stat(filepath.Join(dir, entriesFile)); begun == nil {
			return nil, fmt.Errorf("the ledger in %s has entries and no signing key (%s): put the key back, or move the folder away to begin a new ledger", dir, keyFile)
		}
		return newSigningKey(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("the ledger's signing key: %w", err)
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, fmt.Errorf("the ledger's signing key: %s holds no signing key: put the right file back", filepath.Join(dir, keyFile))
	}
	return signer, nil
}

// newSigningKey makes a key under a name that no other ledger has. The public half is written first: a key file is never
// without it.
func newSigningKey(dir string) (note.Signer, error) {
	var unique [8]byte
	_, _ = rand.Read(unique[:]) // it never fails (crypto/rand)
	secret, public, err := note.GenerateKey(rand.Reader, "mailtrail/ledger/"+hex.EncodeToString(unique[:]))
	if err != nil {
		return nil, fmt.Errorf("making the ledger's signing key: %w", err)
	}
	if err := replace(filepath.Join(dir, vkeyFile), []byte(public+"\n")); err != nil {
		return nil, fmt.Errorf("writing the ledger's public key: %w", err)
	}
	if err := replace(filepath.Join(dir, keyFile), []byte(secret+"\n")); err != nil {
		return nil, fmt.Errorf("writing the ledger's signing key: %w", err)
	}
	return note.NewSigner(secret)
}

// PublicKey returns the verifier key of the ledger in the folder, as [Verify] takes it.
func PublicKey(dir string) (string, error) {
	public, err := os.ReadFile(filepath.Join(dir, vkeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no ledger in %s: `retention run` or `up` begins one", dir)
	}
	if err != nil {
		return "", fmt.Errorf("the ledger's public key: %w", err)
	}
	vkey := strings.TrimSpace(string(public))
	if _, err := logVerifier(vkey); err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Join(dir, vkeyFile), err)
	}
	return vkey, nil
}

// ErrKey is wrapped by the error for text that is no verifier key.
var ErrKey = errors.New("not a verifier key")

// logVerifier reads the verifier key of a log.
func logVerifier(vkey string) (note.Verifier, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("%w of a ledger: expected NAME+HASH+BASE64, as `mailtrail ledger show --key` prints it", ErrKey)
	}
	return verifier, nil
}
