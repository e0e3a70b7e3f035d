package engines

import (
	"io/fs"
	"path/filepath"
	"time"
)

// watch reports every few seconds how much of total bytes measure sees, until stop is called.
func (f *Fetcher) watch(what string, total int64, measure func() int64) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				f.say("%s: %d%%", what, min(99, 100*measure()/total))
			}
		}
	}()
	return func() { close(done); <-ended }
}

// folderSize adds up the files below dir; what vanishes meanwhile does not count.
func folderSize(dir string) int64 {
	var size int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}
