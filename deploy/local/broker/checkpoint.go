package broker

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// After a kill, kfake replays a partition by holding all of its batches in memory at once: a backlog larger than the
// memory would never come up again. It reads segment by segment where a snapshot agrees with the segments, as a clean
// stop leaves one. So after a kill we write that snapshot ourselves, from the headers of the batches.

// snapshot is kfake's snapshot.json, version 1.
type snapshot struct {
	Version          int       `json:"version"`
	HighWatermark    int64     `json:"high_watermark"`
	LastStableOffset int64     `json:"last_stable_offset"`
	LogStartOffset   int64     `json:"log_start_offset"`
	Epoch            int32     `json:"epoch"`
	LeaderNode       int32     `json:"leader_node"`
	MaxTimestamp     int64     `json:"max_timestamp"`
	CreatedAt        time.Time `json:"created_at"`
	Segments         []segment `json:"segments"`

	transactions bool // batches of transactions were met, which only a replay resolves
}

type segment struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
}

// checkpoint writes a snapshot for every partition below dir whose snapshot is behind its segments. Half a batch at the
// end of a segment, as a kill leaves it, is cut off: it was never acknowledged.
func checkpoint(dir string) error {
	folders, err := os.ReadDir(filepath.Join(dir, "partitions"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, folder := range folders {
		if err = checkpointPartition(filepath.Join(dir, "partitions", folder.Name())); err != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("reading the broker's log after a kill: %w", err)
	}
	return nil
}

func checkpointPartition(folder string) error {
	bases, err := segmentsIn(folder)
	if err != nil || len(bases) == 0 {
		return err
	}
	var last snapshot
	path := filepath.Join(folder, "snapshot.json")
	if raw, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(raw, &last) // a broken one is written anew
	}
	if upToDate(folder, bases, last) {
		return nil
	}
	next := snapshot{Version: 1, LogStartOffset: -1, CreatedAt: last.CreatedAt}
	for _, base := range bases {
		if err := next.scan(folder, base); err != nil {
			return err
		}
	}
	if next.transactions || next.LogStartOffset < 0 {
		return nil
	}
	next.LogStartOffset = min(max(next.LogStartOffset, last.LogStartOffset), next.HighWatermark)
	next.LastStableOffset = next.HighWatermark
	raw, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return writeSynced(path, raw)
}

// segmentsIn returns the base offsets of a partition's segments, which are their file names, in order.
func segmentsIn(folder string) ([]int64, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var bases []int64
	for _, entry := range entries {
		if name, is := strings.CutSuffix(entry.Name(), ".dat"); is {
			if base, err := strconv.ParseInt(name, 10, 64); err == nil {
				bases = append(bases, base)
			}
		}
	}
	slices.Sort(bases)
	return bases, nil
}

func segmentPath(folder string, base int64) string {
	return filepath.Join(folder, strconv.FormatInt(base, 10)+".dat")
}

func upToDate(folder string, bases []int64, s snapshot) bool {
	if len(s.Segments) != len(bases) {
		return false
	}
	for i, base := range bases {
		info, err := os.Stat(segmentPath(folder, base))
		if err != nil || s.Segments[i] != (segment{base, info.Size()}) {
			return false
		}
	}
	return true
}

// Positions in the header of a record batch, version 2 of the message format (Kafka protocol guide, "Record Batch").
const (
	atLength          = 8
	atLeaderEpoch     = 12
	atCRC             = 17
	atAttributes      = 21
	atLastOffsetDelta = 23
	atFirstTimestamp  = 27
	atMaxTimestamp    = 35
	headerBytes       = 61
	largestBatch      = 1 << 30
	transactional     = 0x10
	control           = 0x20
)

// scan takes one segment into the snapshot, and cuts off what is not a whole batch.
func (s *snapshot) scan(folder string, base int64) error {
	file, err := os.OpenFile(segmentPath(folder, base), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	reader, size, batch := bufio.NewReaderSize(file, 1<<20), int64(0), []byte(nil)
	for {
		whole := false
		if batch, whole, err = readBatch(reader, batch); err != nil {
			return err
		}
		if !whole {
			break
		}
		s.add(batch)
		size += int64(len(batch))
	}
	s.Segments = append(s.Segments, segment{base, size})
	return file.Truncate(size)
}

// readBatch reads the next batch into buffer; whole is false at the end and where no valid batch follows.
func readBatch(reader *bufio.Reader, buffer []byte) (batch []byte, whole bool, err error) {
	head, err := reader.Peek(headerBytes)
	if errors.Is(err, io.EOF) {
		return buffer, false, nil
	}
	if err != nil {
		return buffer, false, err
	}
	length := 12 + int64(binary.BigEndian.Uint32(head[atLength:]))
	if length < headerBytes || length > largestBatch {
		return buffer, false, nil
	}
	buffer = slices.Grow(buffer[:0], int(length))[:length]
	if _, err := io.ReadFull(reader, buffer); errors.Is(err, io.ErrUnexpectedEOF) {
		return buffer, false, nil
	} else if err != nil {
		return buffer, false, err
	}
	sum := crc32.Checksum(buffer[atAttributes:], crc32.MakeTable(crc32.Castagnoli))
	return buffer, sum == binary.BigEndian.Uint32(buffer[atCRC:]), nil
}

func (s *snapshot) add(batch []byte) {
	first := int64(binary.BigEndian.Uint64(batch))
	if s.LogStartOffset < 0 {
		s.LogStartOffset = first
		if s.CreatedAt.IsZero() {
			s.CreatedAt = time.UnixMilli(int64(binary.BigEndian.Uint64(batch[atFirstTimestamp:])))
		}
	}
	s.HighWatermark = first + int64(binary.BigEndian.Uint32(batch[atLastOffsetDelta:])) + 1
	s.Epoch = int32(binary.BigEndian.Uint32(batch[atLeaderEpoch:]))
	s.MaxTimestamp = max(s.MaxTimestamp, int64(binary.BigEndian.Uint64(batch[atMaxTimestamp:])))
	if binary.BigEndian.Uint16(batch[atAttributes:])&(transactional|control) != 0 {
		s.transactions = true
	}
}
