package ledger

import (
	"errors"
	"os"
	"path/filepath"
)

// replace writes a file of mode 0600 as a whole: a reader finds the old content or the new one, and after a power loss too.
func replace(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a rename or a new file last through a power loss.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// removeUnfinished removes what a killed replace left behind. Only the writer, under its lock, may do so.
func removeUnfinished(dir string) error {
	leftovers, err := filepath.Glob(filepath.Join(dir, "*.new"))
	for _, path := range leftovers {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
