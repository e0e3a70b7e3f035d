package ledger

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// A witness signs as C2SP tlog-cosignature v1 says: Ed25519 over a line with the time and the checkpoint's text. Its keys
// are written as those of sumdb/note, with 4 in front of the key's bytes.
const cosignatureAlgorithm = 4

// witnessVerifier checks cosignatures of one witness.
type witnessVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witnessVerifier) Name() string    { return w.name }
func (w *witnessVerifier) KeyHash() uint32 { return w.hash }

// Verify checks eight bytes of time (Unix seconds, big-endian) and the signature behind them.
func (w *witnessVerifier) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	at := binary.BigEndian.Uint64(signature)
	return at < 1<<40 && ed25519.Verify(w.key, cosigned(at, text), signature[8:])
}

// cosigned is what a witness signs.
func cosigned(at uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", at), text...)
}

// open reads a checkpoint that both the log and the witness signed, and when the witness did.
func (w *witnessVerifier) open(signed string, log note.Verifier) (Checkpoint, time.Time, error) {
	checkpoint, err := ParseCheckpoint(signed, log)
	if err != nil {
		return checkpoint, time.Time{}, err
	}
	if _, err := openNote(signed, w); err != nil {
		return checkpoint, time.Time{}, fmt.Errorf("checkpoint: %w", err)
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(w))
	if err != nil {
		return checkpoint, time.Time{}, err
	}
	raw, err := base64.StdEncoding.DecodeString(opened.Sigs[0].Base64)
	if err != nil {
		return checkpoint, time.Time{}, err
	}
	return checkpoint, time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC(), nil
}

// parseWitness reads the verifier key of a witness.
func parseWitness(vkey string) (*witnessVerifier, error) {
	wrong := fmt.Errorf("%w of a witness: expected NAME+HASH+BASE64 of a cosignature/v1 key, as `mailtrail ledger cosign` prints it", ErrKey)
	name, key, hash, err := splitKey(vkey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, wrong
	}
	w := &witnessVerifier{name, hash, key}
	if hash != witnessHash(name, key) {
		return nil, wrong
	}
	return w, nil
}

// splitKey takes NAME+HASH+BASE64 apart; the first of the bytes is the algorithm.
func splitKey(text string) (name string, key []byte, hash uint32, err error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 || parts[0] == "" || strings.ContainsAny(parts[0], " \n") || len(parts[1]) != 8 {
		return "", nil, 0, errors.New("expected three parts")
	}
	h, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return "", nil, 0, err
	}
	key, err = base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(key) < 1 || key[0] != cosignatureAlgorithm {
		return "", nil, 0, errors.New("expected a key of the algorithm 4")
	}
	return parts[0], key[1:], uint32(h), nil
}

func witnessHash(name string, key ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append(append([]byte(name), '\n', cosignatureAlgorithm), key...))
	return binary.BigEndian.Uint32(sum[:])
}

// witnessSigner signs at one moment.
type witnessSigner struct {
	*witnessVerifier
	key ed25519.PrivateKey
	at  time.Time
}

// Sign cosigns a checkpoint's text.
func (w *witnessSigner) Sign(text []byte) ([]byte, error) {
	at := uint64(w.at.Unix())
	return append(binary.BigEndian.AppendUint64(nil, at), ed25519.Sign(w.key, cosigned(at, text))...), nil
}

// newWitnessKey makes the key pair of a witness in the text form of sumdb/note.
func newWitnessKey(name string) (secret, public string, err error) {
	if name == "" || strings.ContainsAny(name, " +\t\r\n") {
		return "", "", fmt.Errorf("name of a witness %q: expected no spaces and no plus signs", name)
	}
	key, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", "", err
	}
	hash := witnessHash(name, key)
	encode := func(b []byte) string {
		return base64.StdEncoding.EncodeToString(append([]byte{cosignatureAlgorithm}, b...))
	}
	return fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, hash, encode(private.Seed())), fmt.Sprintf("%s+%08x+%s", name, hash, encode(key)), nil
}

// parseWitnessSigner reads a witness's secret.
func parseWitnessSigner(secret string) (*witnessSigner, string, error) {
	text, ok := strings.CutPrefix(secret, "PRIVATE+KEY+")
	name, seed, hash, err := splitKey(text)
	if !ok || err != nil || len(seed) != ed25519.SeedSize {
		return nil, "", errors.New("no signing key of a witness")
	}
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	if hash != witnessHash(name, public) {
		return nil, "", errors.New("no signing key of a witness")
	}
	vkey := fmt.Sprintf("%s+%08x+%s", name, hash, base64.StdEncoding.EncodeToString(append([]byte{cosignatureAlgorithm}, public...)))
	return &witnessSigner{witnessVerifier: &witnessVerifier{name, hash, public}, key: private}, vkey, nil
}
