package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tombstones is what is remembered of keys that are gone. It holds no key, lies apart from them, and is replaced as a
// whole.
type tombstones struct {
	path string
	// mark is a lower bound of every true clock: destruction has gone on at this time.
	mark time.Time
	// before: every slot of the class that starts then or earlier is destroyed.
	before map[string]time.Time
	// dying are keys whose destruction has begun and is not in the ledger yet.
	dying map[ID]dying
	// dead are keys that were destroyed and that no entry of before covers.
	dead map[ID]bool
}

// dying is what the ledger is still to be told.
type dying struct {
	commitment [sha256.Size]byte
	by         string
}

// errTombstones is wrapped by the error for a file that is not one of tombstones.
var errTombstones = errors.New("not a file of tombstones of this version")

const tombstonesHead = "mailtrail tombstones 1"

func newTombstones(path string) *tombstones {
	return &tombstones{path: path, before: map[string]time.Time{}, dying: map[ID]dying{}, dead: map[ID]bool{}}
}

// readTombstones reads the file; an absent one is empty.
func readTombstones(path string) (*tombstones, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newTombstones(path), nil
	}
	if err != nil {
		return nil, fmt.Errorf("the tombstones of slot keys: %w", err)
	}
	t, err := decodeTombstones(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; put it back from a copy, or move it away: what the ledger has as destroyed stays so", path, err)
	}
	t.path = path
	return t, nil
}

// encode writes lines in one order, and a check over them.
func (t *tombstones) encode() []byte {
	lines := []string{tombstonesHead, "mark " + t.mark.UTC().Format(time.RFC3339)}
	for _, class := range slices.Sorted(maps.Keys(t.before)) {
		lines = append(lines, "before "+class+" "+t.before[class].UTC().Format(time.RFC3339))
	}
	for _, id := range slices.SortedFunc(maps.Keys(t.dying), ID.compare) {
		lines = append(lines, fmt.Sprintf("dying %s %x %s", id, t.dying[id].commitment, t.dying[id].by))
	}
	for _, id := range slices.SortedFunc(maps.Keys(t.dead), ID.compare) {
		lines = append(lines, "dead "+id.String())
	}
	text := strings.Join(lines, "\n") + "\n"
	return fmt.Appendf(nil, "%scheck %x\n", text, sha256.Sum256([]byte(text)))
}

// decodeTombstones reads what encode writes, nothing else.
func decodeTombstones(content []byte) (*tombstones, error) {
	t := newTombstones("")
	lines := strings.Split(string(content), "\n")
	if lines[0] != tombstonesHead {
		return nil, fmt.Errorf("%w: expected it to begin with %q", errTombstones, tombstonesHead)
	}
	for i, line := range lines[1:] {
		if err := t.decodeLine(line); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errTombstones, i+2, err)
		}
	}
	if string(t.encode()) != string(content) {
		return nil, fmt.Errorf("%w: the check does not fit the lines, or they are in another order", errTombstones)
	}
	return t, nil
}

func (t *tombstones) decodeLine(line string) (err error) {
	words := strings.Split(line, " ")
	var id ID
	switch {
	case words[0] == "mark" && len(words) == 2:
		t.mark, err = parseSecond(words[1])
	case words[0] == "before" && len(words) == 3 && className.MatchString(words[1]):
		t.before[words[1]], err = parseSecond(words[2])
	case words[0] == "dying" && len(words) == 4 && className.MatchString(words[3]):
		if id, err = ParseID(words[1]); err == nil {
			d := dying{by: words[3]}
			var raw []byte
			if raw, err = hex.DecodeString(words[2]); len(raw) != sha256.Size {
				return errors.New("expected a commitment of 64 hexadecimal digits")
			}
			copy(d.commitment[:], raw)
			t.dying[id] = d
		}
	case words[0] == "dead" && len(words) == 2:
		if id, err = ParseID(words[1]); err == nil {
			t.dead[id] = true
		}
	case words[0] == "check", line == "": // encode compares both
	default:
		err = errors.New("expected mark, before, dying, dead or check")
	}
	return err
}

func parseSecond(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, errors.New("expected a time in RFC 3339 UTC")
	}
	return at.UTC(), nil
}

// write replaces the file, durably.
func (t *tombstones) write() error {
	err := os.MkdirAll(filepath.Dir(t.path), 0o700)
	if err == nil {
		err = os.Remove(t.path + unfinished) // what a killed process left
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = writeSynced(t.path+unfinished, t.encode())
	}
	if err == nil {
		err = os.Rename(t.path+unfinished, t.path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(t.path))
	}
	if err != nil {
		return fmt.Errorf("writing the tombstones of slot keys: %w", err)
	}
	return nil
}

// covers tells whether a key is known to be gone, or going.
func (t *tombstones) covers(id ID) bool {
	before, marked := t.before[id.Class]
	_, isDying := t.dying[id]
	return marked && !id.Start.After(before) || isDying || t.dead[id]
}

// compact moves what is dead and due under the marks. live are the starts of the class's keys that are left: no mark may pass one.
func (t *tombstones) compact(due func(ID) bool, live func(class string, upTo time.Time) bool) {
	for _, id := range slices.SortedFunc(maps.Keys(t.dead), ID.compare) {
		if due(id) && !live(id.Class, id.Start) {
			if id.Start.After(t.before[id.Class]) {
				t.before[id.Class] = id.Start
			}
			delete(t.dead, id)
		}
	}
}
