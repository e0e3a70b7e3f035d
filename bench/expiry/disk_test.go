package expiry

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mailtrail/schemas/event"
)

// disk is a store as a raw search sees it: the files of a folder.
type disk string

// The disks. Whatever lies in none of the folders of the others is elsewhere.
const (
	scansDisk      disk = "topic mail.scans"
	rejectsDisk    disk = "topic mail.rejects"
	tableDisk      disk = "table scans"
	plainTopicDisk disk = "a plain topic"
	plainTableDisk disk = "a plain table"
	elsewhere      disk = "elsewhere"
)

// firstSegment is the offset of the oldest file of a partition of mail.scans that Kafka has not given up.
func (w *watch) firstSegment(partition int) (int64, error) {
	entries, err := os.ReadDir(filepath.Join(w.stack.Folder, "kafka", "data", fmt.Sprintf("%s-%d", event.ScansTopic, partition)))
	if err != nil {
		return 0, err
	}
	for _, entry := range entries { // in the order of their names, which are offsets of 20 digits
		var base int64
		if n, _ := fmt.Sscanf(entry.Name(), "%d.log", &base); n == 1 && filepath.Ext(entry.Name()) == ".log" {
			return base, nil
		}
	}
	return 0, fmt.Errorf("partition %d of %s has no file", partition, event.ScansTopic)
}

// readAll reads all files again and again until done.
func (w *watch) readAll(ctx context.Context, done <-chan struct{}) error {
	data := filepath.Join(w.stack.Folder, "kafka", "data")
	folders := map[string]disk{
		filepath.Join(data, event.ScansTopic+"-"): scansDisk, filepath.Join(data, event.RejectsTopic+"-"): rejectsDisk, filepath.Join(data, plainTopic+"-"): plainTopicDisk,
	}
	for table, of := range map[string]disk{"scans": tableDisk, "plain": plainTableDisk} {
		var folder string
		if err := w.stack.SQL.QueryRow(ctx, "SELECT data_paths[1] FROM system.tables WHERE database = 'mailtrail_data' AND name = ?", table).Scan(&folder); err != nil {
			return fmt.Errorf("ask where table %s lies: %w", table, err)
		}
		folders[folder] = of
	}
	reader := newSearcher(w.stack, w.flock.prefix, folders)
	for {
		found, err := reader.search()
		if err != nil {
			return fmt.Errorf("search all files: %w", err)
		}
		w.searches = append(w.searches, found)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-done:
			return nil
		case <-time.After(lookEvery):
		}
	}
}
