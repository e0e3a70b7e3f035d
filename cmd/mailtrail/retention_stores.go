package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	embedded "mailtrail/deploy/local/clickhouse"
	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
)

// planStores are the live stores as the plan asks them, with the auditor's rights.
func (r *role) planStores(rules *ruleBook) map[retention.Store]pipeline.Store {
	stores := map[retention.Store]pipeline.Store{
		retention.Kafka: heldTopics{r, rules}, retention.ClickHouse: heldTables{r, rules}, retention.Files: heldFolders{r, rules},
	}
	if r.hasObjects(rules.schedule) {
		stores[retention.Objects] = plannedPrefixes{r, rules}
	}
	return stores
}

// heldTopics tells of each topic of the schedule the oldest record, which goes at the end of the topic's life at the latest.
type heldTopics struct {
	*role
	rules *ruleBook
}

func (s heldTopics) Held(ctx context.Context) ([]pipeline.Held, error) {
	client, err := newKafka(s.config)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var held []pipeline.Held
	seen := map[string]bool{}
	for _, row := range s.rules.schedule.Rows() {
		life := s.rules.schedule.TopicLife(row.Topic)
		if life == 0 || !row.Flows() || seen[row.Topic] {
			continue
		}
		seen[row.Topic] = true
		times, err := client.OldestTimes(ctx, row.Topic)
		if err != nil {
			return held, fmt.Errorf("topics on %s (kafka.brokers): %w", s.config.Kafka.Brokers, err)
		}
		times = slices.DeleteFunc(times, func(oldest int64) bool { return oldest == 0 }) // of empty partitions
		if len(times) > 0 {
			from := slices.Min(times) / 1000
			held = append(held, pipeline.Held{
				Place: retention.Place{Store: retention.Kafka, Name: row.Topic}, From: from, GoneAt: from + int64(life/time.Second),
			})
		}
	}
	return held, nil
}

// heldTables tells of each table which slots it holds.
type heldTables struct {
	*role
	rules *ruleBook
}

func (s heldTables) Held(ctx context.Context) ([]pipeline.Held, error) {
	store, err := openClickHouse(s.config, s.rules, embedded.Auditor)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	slots, err := store.HeldSlots(ctx)
	if err != nil {
		return nil, atClickHouse(s.config, err)
	}
	var held []pipeline.Held
	for _, slot := range slots {
		held = append(held, heldSlot(&slot))
	}
	return held, nil
}

func heldSlot(slot *clickhouse.HeldSlot) pipeline.Held {
	return pipeline.Held{
		Class: slot.Class, Place: retention.Place{Store: retention.ClickHouse, Name: slot.Table}, From: slot.Slot, Rows: slot.Rows, Bytes: slot.Bytes, Strange: slot.Strange,
	}
}

// heldFolders tells of each folder and file of the schedule how old what lies in it is, by slot.
type heldFolders struct {
	*role
	rules *ruleBook
}

func (s heldFolders) Held(context.Context) (held []pipeline.Held, err error) {
	for _, row := range s.rules.schedule.Rows() {
		if !row.Sliced() {
			continue
		}
		for _, folder := range row.Folders {
			slots := map[int64]uint64{}
			err := filepath.WalkDir(filepath.Join(s.config.Data, folder), func(_ string, entry fs.DirEntry, err error) error {
				if err != nil || entry.IsDir() {
					return err
				}
				info, err := entry.Info()
				if err == nil {
					slots[row.SlotOf(info.ModTime().UnixMilli())] += uint64(info.Size())
				}
				return err
			})
			// A folder that is not there, or a file that went in this moment, holds nothing.
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return held, fmt.Errorf("the data folder (key data): %w", err)
			}
			for slot, bytes := range slots {
				held = append(held, pipeline.Held{Class: row.Class, Place: retention.Place{Store: retention.Files, Name: folder}, From: slot, Bytes: bytes})
			}
		}
	}
	return held, nil
}
