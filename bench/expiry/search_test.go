package expiry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
)

// search is one look into every byte of every file.
type search struct {
	began, ended time.Time
	bytes        int64
	found        map[disk]map[int]string // numbers of the canaries, and a file in which each is
}

// searcher reads all files below the folder, and those that the processes still hold open though they have no name.
type searcher struct {
	folder  string
	prefix  []byte
	folders map[string]disk // folders, absolute, by how they begin
	pids    []int
	buffer  []byte
}

func newSearcher(s *stack.Stack, prefix string, folders map[string]disk) *searcher {
	servers := s.Servers()
	return &searcher{folder: s.Folder, prefix: []byte(prefix), folders: folders, pids: []int{servers["ClickHouse"], servers["Kafka"]}, buffer: make([]byte, 1<<20)}
}

func (s *searcher) search() (*search, error) {
	result := &search{began: time.Now(), found: map[disk]map[int]string{}}
	err := filepath.WalkDir(s.folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			err = s.file(path, path, result)
		}
		if gone(err) {
			return nil
		}
		return err
	})
	if err == nil {
		err = s.nameless(result)
	}
	result.ended = time.Now()
	return result, err
}

// gone tells that a file or folder went while it was looked at.
func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) }

// nameless reads what was removed and is still open.
func (s *searcher) nameless(result *search) error {
	for _, pid := range s.pids {
		open := fmt.Sprintf("/proc/%d/fd", pid)
		entries, err := os.ReadDir(open)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			link := filepath.Join(open, entry.Name())
			target, err := os.Readlink(link)
			path, removed := strings.CutSuffix(target, " (deleted)")
			if err == nil && removed && strings.HasPrefix(path, s.folder) {
				err = s.file(link, path, result)
			}
			if err != nil && !gone(err) {
				return err
			}
		}
	}
	return nil
}

// file reads what a file holds; its holes, of which Kafka's indices have much, are passed over.
func (s *searcher) file(path, name string, result *search) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	const seekData, seekHole = 3, 4 // lseek(2)
	for at := int64(0); ; {
		begin, err := file.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) {
			return nil // no data behind at
		}
		if err != nil {
			return err
		}
		end, err := file.Seek(begin, seekHole)
		if err != nil {
			return err
		}
		if err := s.stretch(io.NewSectionReader(file, begin, end-begin), name, result); err != nil {
			return err
		}
		at = end
	}
}

// stretch reads data piece by piece; what may be the beginning of a mark at the end of one is read again with the next.
func (s *searcher) stretch(data io.Reader, name string, result *search) error {
	mark, kept := len(s.prefix)+digits, 0
	for {
		n, err := io.ReadFull(data, s.buffer[kept:])
		result.bytes += int64(n)
		s.marks(s.buffer[:kept+n], name, result)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		kept = copy(s.buffer, s.buffer[kept+n-mark+1:kept+n])
	}
}

func (s *searcher) marks(text []byte, name string, result *search) {
	for {
		at := bytes.Index(text, s.prefix)
		if at < 0 {
			return
		}
		text = text[at+len(s.prefix):]
		if len(text) < digits {
			return
		}
		if number, err := strconv.Atoi(string(text[:digits])); err == nil {
			where := s.of(name)
			if result.found[where] == nil {
				result.found[where] = map[int]string{}
			}
			result.found[where][number] = name
		}
	}
}

func (s *searcher) of(name string) disk {
	for folder, of := range s.folders {
		if strings.HasPrefix(name, folder) {
			return of
		}
	}
	return elsewhere
}

// A mark is found wherever it stands: over the edge of two pieces, behind a hole, twice in a file; one that is cut off is not.
func TestMarksAreFound(t *testing.T) {
	folder, f := t.TempDir(), newFlock()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "topic-0"), 0o755))
	file, err := os.Create(filepath.Join(folder, "topic-0", "a.log"))
	require.NoError(t, err)
	const piece = 4096
	text := bytes.Repeat([]byte{'x'}, 3*piece)
	copy(text[piece-5:], f.mark(1))
	copy(text[2*piece:], f.mark(2))
	copy(text[len(text)-10:], f.mark(3))
	_, err = file.Write(text)
	require.NoError(t, err)
	_, err = file.WriteAt([]byte(f.mark(4)), 1<<20)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.NoError(t, os.WriteFile(filepath.Join(folder, "b"), []byte(f.mark(5)), 0o600))

	s := &searcher{folder: folder, prefix: []byte(f.prefix), folders: map[string]disk{filepath.Join(folder, "topic-"): scansDisk}, pids: []int{os.Getpid()}, buffer: make([]byte, piece)}
	open, err := os.Create(filepath.Join(folder, "removed"))
	require.NoError(t, err)
	defer open.Close()
	_, err = open.WriteString(f.mark(6))
	require.NoError(t, err)
	require.NoError(t, os.Remove(open.Name()))

	found, err := s.search()
	require.NoError(t, err)
	var numbers []int
	for n := range found.found[scansDisk] {
		numbers = append(numbers, n)
	}
	require.ElementsMatch(t, []int{1, 2, 4}, numbers)
	require.NotEmpty(t, found.found[elsewhere][5])
	require.NotEmpty(t, found.found[elsewhere][6], "a file that was removed and is still open")
	require.Len(t, found.found[elsewhere], 2)
	require.Less(t, found.bytes, int64(1<<20), "holes are passed over")
}
