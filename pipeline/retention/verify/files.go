package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Files inspects folders of this machine.
type Files struct {
	// Data is the data folder: everything below it must be in the schedule, or belong to one of the servers.
	Data string
	// Servers are the folders below Data in which the embedded servers keep their tables and topics.
	Servers map[string]ServerKind
	// Bucket is the one bucket that the embedded MinIO may hold.
	Bucket string
	// Keys is the folder of slot keys, Access the file of who may come in, Tombstones the file of destroyed keys, wherever they lie.
	Keys, Access, Tombstones string
	// Directories are folders of other hosts, as this machine sees them.
	Directories []string
}

// ServerKind is whose folder it is.
type ServerKind string

// The kinds of folders of servers.
const (
	OfClickHouse     ServerKind = "clickhouse"
	OfKafka          ServerKind = "kafka"
	OfEmbeddedBroker ServerKind = "broker"
	OfMinIO          ServerKind = "minio"
)

// Inspect lists the folders.
func (f Files) Inspect(ctx context.Context, look *Look) error {
	w := walk{ctx: ctx, look: look, files: &f}
	w.data(f.Data)
	if !within(f.Data, f.Keys) {
		w.keys(f.Keys, true)
	}
	for _, directory := range f.Directories {
		w.directory(directory)
	}
	for _, c := range look.schedule.having(func(c *class) bool { return len(c.folders) > 0 }) {
		for _, folder := range c.folders {
			room := Room{Class: c.name, Store: InFiles, Object: folder}
			if oldest, ok := w.oldest[folder]; ok && !c.unlimited {
				room.Oldest, room.Limit = oldest, c.until(oldest)
			}
			look.Holds(room)
		}
	}
	return ctx.Err()
}

// Sees tells whether a folder is among those that are inspected.
func (f Files) Sees(path string) bool {
	for _, folder := range append([]string{f.Data}, f.Directories...) {
		if within(folder, path) {
			return true
		}
	}
	return false
}

// within tells whether path is folder or lies in it.
func within(folder, path string) bool {
	folder, errFolder := filepath.Abs(folder)
	path, errPath := filepath.Abs(path)
	return errors.Join(errFolder, errPath) == nil && (path == folder || strings.HasPrefix(path, folder+string(filepath.Separator)))
}

// coreDump is what systems and runtimes call the memory of a process that they wrote down.
var coreDump = regexp.MustCompile(`^(core|core\.\d+|core\.[\w.-]+\.\d+|.*\.core|hs_err_pid\d+\.log|.*\.hprof|.*\.heapprof)$`)

// read lists a folder. One that is not there holds nothing; one that cannot be read is told.
func (w *walk) read(path string) (entries []fs.DirEntry) {
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.look.missed(InFiles, w.name(path), cause(err))
	}
	w.look.Inspected(len(entries))
	return entries
}

// dump tells of a core dump; true where it is one.
func (w *walk) dump(path string, entry fs.DirEntry) bool {
	if entry.IsDir() || !coreDump.MatchString(entry.Name()) {
		return false
	}
	w.look.Found(Finding{Kind: CoreDump, Store: InFiles, Object: w.name(path), Text: "the memory of a process, with whatever records and keys it held"})
	return true
}

func (w *walk) stray(path, why string) {
	w.look.Found(Finding{Kind: StrayFile, Store: InFiles, Object: w.name(path), Text: why})
}

// name is how a path is told: below the data folder from there on, else whole.
func (w *walk) name(path string) string {
	if below, err := filepath.Rel(w.files.Data, path); err == nil && below != "." && !strings.HasPrefix(below, "..") {
		path = below
	}
	return clean(filepath.ToSlash(path))
}

// clean makes a text of outside one that fits a line of any log.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > 200 {
		text = string(runes[:200]) + "..."
	}
	return text
}

// cause is why a file could not be read, without its path.
func cause(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("it cannot be read (%w): let the auditor's process read it, or waive it", path.Err)
	}
	return err
}

// sliceHas tells whether a list has the name, or the unfinished form of it that is renamed when it is whole.
func sliceHas(names []string, name string) bool {
	return slices.Contains(names, name) || slices.Contains(names, strings.TrimSuffix(name, ".new"))
}
