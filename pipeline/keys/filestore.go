package keys

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FileStore keeps each key in a file of its own, in a folder that must be in no backup.
type FileStore struct {
	dir     string
	reached func(Point)
}

// unfinished is how the name of a key's file ends before it is whole.
const unfinished = ".new"

// OpenFileStore makes the folder where there is none, and destroys what a killed process left half written. reached is
// called at named points between the steps; nil in production.
func OpenFileStore(dir string, reached func(Point)) (*FileStore, error) {
	if reached == nil {
		reached = func(Point) {}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of slot keys (key keys.dir): %w", err)
	}
	s := &FileStore{dir, reached}
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("the folder of slot keys (key keys.dir): %w", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name.Name(), keyExt+unfinished) {
			if err := s.erase(filepath.Join(dir, name.Name())); err != nil {
				return nil, fmt.Errorf("destroying a half-written key: %w", err)
			}
		}
	}
	return s, nil
}

// List names the keys by their files, in the order of the names.
func (s *FileStore) List(context.Context) (ids []ID, strangers []string, err error) {
	names, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, nil, fmt.Errorf("the folder of slot keys (key keys.dir): %w", err)
	}
	for _, name := range names {
		if id, isKey := idOfFile(name.Name()); isKey && name.Type().IsRegular() {
			ids = append(ids, id)
		} else {
			strangers = append(strangers, name.Name())
		}
	}
	return ids, strangers, nil
}

// Put writes a key beside its place, syncs it, and renames it.
func (s *FileStore) Put(_ context.Context, record Record, key Secret) error {
	path := filepath.Join(s.dir, record.ID.fileName())
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("key %s: there is a file of this name already", record.ID)
	}
	content := encodeKeyFile(record, key)
	defer clear(content)
	if err := writeSynced(path+unfinished, content); err != nil {
		return fmt.Errorf("writing key %s: %w", record.ID, errors.Join(err, s.erase(path+unfinished)))
	}
	s.reached(AfterKeyWritten)
	err := os.Rename(path+unfinished, path)
	if err == nil {
		err = syncFolder(s.dir)
	}
	if err != nil {
		return fmt.Errorf("writing key %s: %w", record.ID, err)
	}
	s.reached(AfterKeyPlaced)
	return nil
}

// Get reads a key.
func (s *FileStore) Get(_ context.Context, id ID) (Record, Secret, error) {
	content, err := os.ReadFile(filepath.Join(s.dir, id.fileName()))
	defer clear(content)
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, Secret{}, fmt.Errorf("key %s: %w", id, ErrUnknown)
	}
	if err != nil {
		return Record{}, Secret{}, fmt.Errorf("key %s: %w", id, err)
	}
	record, key, err := decodeKeyFile(content)
	if err == nil && record.ID.compare(id) != 0 {
		key.wipe()
		err = fmt.Errorf("%w: id: it is the file of %s under another name", errKeyFile, record.ID)
	}
	if err != nil {
		return Record{}, Secret{}, fmt.Errorf("key %s: %w", id, err)
	}
	return record, key, nil
}

// Destroy overwrites a key's file and removes it.
func (s *FileStore) Destroy(_ context.Context, id ID) error {
	for _, path := range []string{filepath.Join(s.dir, id.fileName()), filepath.Join(s.dir, id.fileName()+unfinished)} {
		if err := s.erase(path); err != nil {
			return fmt.Errorf("destroying key %s: %w", id, err)
		}
	}
	s.reached(AfterErase)
	return nil
}

// erase overwrites, syncs, unlinks and syncs the folder, in this order. The disk may still have the old blocks: what that
// means stands in README.md.
func (s *FileStore) erase(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return syncFolder(s.dir) // an unlink of a killed process may not be on the disk yet
	}
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() {
		if err := s.overwrite(path, info.Size()); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	s.reached(AfterUnlink)
	return syncFolder(s.dir)
}

func (s *FileStore) overwrite(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	zeros := make([]byte, size)
	_, err = file.WriteAt(zeros[:size/2], 0)
	s.reached(AfterHalfOverwrite)
	if err == nil {
		_, err = file.WriteAt(zeros[size/2:], size/2)
	}
	if err == nil {
		err = file.Sync()
	}
	s.reached(AfterOverwrite)
	return errors.Join(err, file.Close())
}

// writeSynced writes a new file of mode 0600.
func writeSynced(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncFolder makes a rename or an unlink last through a power loss.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
