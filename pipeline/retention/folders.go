package retention

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"mailtrail/schemas/retention"
)

// Folders are the folders and files below the data folder as a store of slots: a regular file lies in the slot of its
// clock, the earlier of its making and its last change. So a file that is written on and on goes when its first line is due.
type Folders struct {
	data     string
	schedule *retention.Schedule
}

// NewFolders makes the store of the schedule's folders below data.
func NewFolders(data string, schedule *retention.Schedule) *Folders { return &Folders{data, schedule} }

// What is in a folder and is no regular file, as [Held.Strange] calls it.
const (
	symbolicLink = "a symbolic link"
	specialFile  = "a device, pipe or socket"
)

// Held lists what lies in the folders by class and slot; Rows is the number of files. A folder that is not there holds
// nothing. Links, and what is no file, are strange and stay.
func (f *Folders) Held(ctx context.Context) (held []Held, err error) {
	for _, row := range f.schedule.Rows() {
		if !row.Sliced() || !row.Flows() {
			continue
		}
		for _, folder := range row.Folders {
			place := retention.Place{Store: retention.Files, Name: folder}
			slots, strange := map[int64]Held{}, map[string]uint64{}
			err := f.each(ctx, folder, func(file file) error {
				if file.strange != "" {
					strange[file.strange]++
					return nil
				}
				slot := row.SlotOf(file.clock.UnixMilli())
				h := slots[slot]
				slots[slot] = Held{Class: row.Class, Place: place, From: slot, Rows: h.Rows + 1, Bytes: h.Bytes + uint64(file.info.Size())}
				return nil
			})
			if err != nil {
				return held, err
			}
			for _, h := range slots {
				held = append(held, h)
			}
			for what, count := range strange {
				held = append(held, Held{Class: row.Class, Place: place, Rows: count, Strange: what})
			}
		}
	}
	slices.SortFunc(held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.Place.Name, b.Place.Name), cmp.Compare(a.From, b.From), cmp.Compare(a.Strange, b.Strange))
	})
	return held, nil
}

// Drop removes the files of a slot. What a process still holds open is emptied as well.
func (f *Folders) Drop(ctx context.Context, slot Slot) error {
	row := f.schedule.Row(slot.Class)
	if row == nil || !slices.Contains(row.Folders, slot.Place.Name) {
		return fmt.Errorf("folder %s is not one of class %q in the schedule", slot.Place.Name, slot.Class)
	}
	var stuck error
	err := f.each(ctx, slot.Place.Name, func(file file) error {
		if file.strange == "" && row.SlotOf(file.clock.UnixMilli()) == slot.Start {
			stuck = errors.Join(stuck, file.remove()) // the others go all the same
		}
		return nil
	})
	return errors.Join(err, stuck)
}

// file is one thing in a folder. Of what is strange nothing else is set.
type file struct {
	folder  *os.Root // that holds it
	name    string   // in it
	info    fs.FileInfo
	clock   time.Time
	strange string
}

// each calls visit with everything below a folder, or with the file of that name. No symbolic link is followed, and
// nothing outside of the data folder can be reached. What goes meanwhile is not told.
func (f *Folders) each(ctx context.Context, folder string, visit func(file) error) error {
	data, err := os.OpenRoot(f.data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("the data folder (key data): %w", err)
	}
	defer data.Close()
	// Each part of the path is looked at by itself, so that none is a link.
	within := data
	for _, part := range partsOf(path.Dir(folder)) {
		info, err := within.Lstat(part)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return visit(file{strange: symbolicLink})
		}
		if err == nil {
			within, err = within.OpenRoot(part)
		}
		if err != nil {
			return fmt.Errorf("folder %s of the data folder (key data): %w", folder, err)
		}
		defer within.Close()
	}
	if err := eachIn(ctx, within, path.Base(folder), visit); err != nil {
		return fmt.Errorf("folder %s of the data folder (key data): %w", folder, err)
	}
	return nil
}

// partsOf are the names along a path, none of ".".
func partsOf(dir string) (parts []string) {
	for ; dir != "."; dir = path.Dir(dir) {
		parts = append([]string{path.Base(dir)}, parts...)
	}
	return parts
}

// eachIn visits one name in a folder, and what lies below it.
func eachIn(ctx context.Context, folder *os.Root, name string, visit func(file) error) error {
	info, err := folder.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case info.Mode()&fs.ModeSymlink != 0:
		return visit(file{strange: symbolicLink})
	case info.Mode().IsRegular():
		return visit(file{folder: folder, name: name, info: info, clock: began(folder, name, info)})
	case !info.IsDir():
		return visit(file{strange: specialFile})
	}
	below, err := folder.OpenRoot(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer below.Close()
	entries, err := fs.ReadDir(below.FS(), ".")
	for _, entry := range entries {
		if err := eachIn(ctx, below, entry.Name(), visit); err != nil {
			return err
		}
	}
	return err
}

// began is the earlier of a file's making, where the file system knows it, and its last change.
func began(folder *os.Root, name string, info fs.FileInfo) time.Time {
	made, changed := birth(folder, name), info.ModTime()
	if made.IsZero() || changed.Before(made) {
		return changed
	}
	return made
}

// remove takes the file's name away. Where that was the last one, it empties the file too: a process that has it open
// would keep what is in it on the disk.
func (f *file) remove() error {
	open, err := f.folder.OpenFile(f.name, os.O_WRONLY|withoutWaiting, 0)
	if err == nil {
		defer open.Close()
		if now, err := open.Stat(); err != nil || !os.SameFile(now, f.info) {
			return errors.New("remove a file: another one has its name by now")
		}
	}
	// Of one that cannot be opened the name goes all the same.
	if err := f.folder.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove a file: %w", err)
	}
	if open != nil && nameless(open) {
		if err := open.Truncate(0); err != nil {
			return fmt.Errorf("empty a file that a process has open: %w", err)
		}
	}
	return nil
}
