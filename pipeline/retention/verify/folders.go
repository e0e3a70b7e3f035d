package verify

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// walk is one inspection of folders.
type walk struct {
	ctx   context.Context
	look  *Look
	files *Files
	// oldest is the oldest time in each folder of the schedule.
	oldest map[string]time.Time
}

// data inspects a data folder: each path below it is in the schedule, leads to one, or is stray.
func (w *walk) data(root string) {
	if w.oldest == nil {
		w.oldest = map[string]time.Time{}
	}
	w.below(root, "")
}

func (w *walk) below(root, folder string) {
	for _, entry := range w.read(filepath.Join(root, folder)) {
		name := filepath.ToSlash(filepath.Join(folder, entry.Name()))
		path := filepath.Join(root, name)
		kind, isServer := w.files.Servers[name]
		switch {
		case w.dump(path, entry):
		case isServer && entry.IsDir() && root == w.files.Data:
			w.server(kind, path)
		case same(path, w.files.Keys):
			w.keys(path, true)
		case same(path, w.files.Access), unfinished(path, w.files.Access), same(path, w.files.Tombstones), same(path, w.files.Tombstones+".new"):
		case w.scheduled(path, name, entry):
		case entry.IsDir() && w.leads(name):
			w.below(root, name)
		case entry.Type()&fs.ModeSymlink != 0:
			w.look.missed(InFiles, w.name(path), fmt.Errorf("it is a link, which is not followed: name its target in verify.directories"))
		default:
			w.stray(path, "the schedule has no such file or folder in a data folder")
		}
	}
}

// unfinished tells whether a path is what a killed process left of replacing a file.
func unfinished(path, file string) bool {
	return file != "" && strings.HasPrefix(path, filepath.Clean(file)+".") && strings.HasSuffix(path, ".new")
}

func same(a, b string) bool { return b != "" && filepath.Clean(a) == filepath.Clean(b) }

// scheduled inspects a file or folder that the schedule has; false where it does not.
func (w *walk) scheduled(path, name string, entry fs.DirEntry) bool {
	classes := w.look.schedule.having(func(c *class) bool { return sliceHas(c.folders, name) })
	if len(classes) == 0 {
		return false
	}
	if classes[0].unlimited {
		if entry.IsDir() {
			w.dumps(path)
		}
		return true
	}
	err := filepath.WalkDir(path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			w.look.missed(InFiles, w.name(path), cause(err))
			return nil
		}
		if entry.IsDir() || w.dump(path, entry) {
			return w.ctx.Err()
		}
		w.look.Inspected(1)
		w.age(path, name, classes[0])
		return w.ctx.Err()
	})
	return err == nil
}

// dumps looks for core dumps alone.
func (w *walk) dumps(path string) {
	for _, entry := range w.read(path) {
		if !w.dump(filepath.Join(path, entry.Name()), entry) && entry.IsDir() {
			w.dumps(filepath.Join(path, entry.Name()))
		}
	}
}

// age holds a file against the limit: by the time in its first line where it has one, since a log that is written to is as old
// as its first line; else by the time at which it was changed.
func (w *walk) age(path, folder string, c *class) {
	info, err := os.Stat(path)
	if err != nil {
		return // gone in this moment
	}
	oldest := info.ModTime().UTC()
	if first, ok := firstTime(path); ok && first.Before(oldest) {
		oldest = first
	}
	if at, there := w.oldest[folder]; !there || oldest.Before(at) {
		w.oldest[folder] = oldest
	}
	if limit := c.until(oldest); w.look.Now.After(limit) {
		w.look.Found(Finding{Kind: OverLimit, Store: InFiles, Object: w.name(path), Class: c.name, Oldest: oldest, Limit: limit,
			Text: fmt.Sprintf("what it holds is from %s on and past its limit", stamp(oldest))})
	}
}

// firstTime is the time at the head of a log's first line, as ClickHouse writes it.
func firstTime(path string) (time.Time, bool) {
	file, err := os.Open(path)
	if err != nil {
		return time.Time{}, false
	}
	defer file.Close()
	head, _ := bufio.NewReader(file).Peek(len("2006.01.02 15:04:05"))
	at, err := time.Parse("2006.01.02 15:04:05", string(head))
	return at, err == nil
}

// leads tells whether something of the schedule or a server lies below the folder.
func (w *walk) leads(name string) bool {
	for server := range w.files.Servers {
		if strings.HasPrefix(server, name+"/") {
			return true
		}
	}
	return len(w.look.schedule.having(func(c *class) bool {
		for _, folder := range c.folders {
			if strings.HasPrefix(folder, name+"/") {
				return true
			}
		}
		return false
	})) > 0
}
