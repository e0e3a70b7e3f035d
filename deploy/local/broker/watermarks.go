package broker

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// kfake works out where a partition ends from the records it has. When retention has removed all of them, a restarted
// partition would count from 0 again, and offsets that name stored rows would be given a second time. So the ends are
// written down beside the log, and a partition that fell behind its own end is mended before anybody uses it.

// saveEvery is how often the ends are written down; a record lives longer than that after it was written.
const saveEvery = time.Second

// end is the offset that the next record of a partition gets.
type end struct {
	Topic     string `json:"topic"`
	TopicID   string `json:"topic_id"` // hex; a topic made anew begins at 0 rightly
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

type watermarks struct {
	dir  string
	ends map[string]end // by the name of the partition's folder
}

func (w *watermarks) path() string { return filepath.Join(w.dir, "ends.json") }

func loadWatermarks(dir string) (*watermarks, error) {
	w := &watermarks{dir: dir, ends: make(map[string]end)}
	raw, err := os.ReadFile(w.path())
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading where the broker's partitions end: %w", err)
	}
	if err := json.Unmarshal(raw, &w.ends); err != nil {
		return nil, fmt.Errorf("reading where the broker's partitions end: %s: %w", w.path(), err)
	}
	return w, nil
}

// now asks the broker where its partitions end. A partition has a folder from its first record on.
func (w *watermarks) now(cluster *kfake.Cluster) (map[string]end, error) {
	folders, err := os.ReadDir(filepath.Join(w.dir, "partitions"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing the broker's partitions: %w", err)
	}
	ends := make(map[string]end)
	for _, folder := range folders {
		dash := strings.LastIndexByte(folder.Name(), '-')
		if dash < 0 {
			continue
		}
		topic, err := url.PathUnescape(folder.Name()[:dash])
		number, err2 := strconv.ParseInt(folder.Name()[dash+1:], 10, 32)
		if err != nil || err2 != nil {
			continue
		}
		info, partition := cluster.TopicInfo(topic), cluster.PartitionInfo(topic, int32(number))
		if info == nil || partition == nil {
			continue
		}
		ends[folder.Name()] = end{topic, hex.EncodeToString(info.TopicID[:]), int32(number), partition.HighWatermark}
	}
	return ends, nil
}

// save writes the ends down when they have changed.
func (w *watermarks) save(cluster *kfake.Cluster) error {
	ends, err := w.now(cluster)
	if err != nil || maps.Equal(ends, w.ends) {
		return err
	}
	raw, err := json.Marshal(ends)
	if err != nil {
		return err
	}
	if err := writeSynced(w.path(), raw); err != nil {
		return fmt.Errorf("writing down where the broker's partitions end: %w", err)
	}
	w.ends = ends
	return nil
}

// fallen returns the ends of the partitions that are empty now and were further before.
func (w *watermarks) fallen(cluster *kfake.Cluster) []end {
	var fallen []end
	for _, was := range w.ends {
		info, partition := cluster.TopicInfo(was.Topic), cluster.PartitionInfo(was.Topic, was.Partition)
		if info == nil || partition == nil || hex.EncodeToString(info.TopicID[:]) != was.TopicID {
			continue
		}
		if partition.HighWatermark == 0 && was.Offset > 0 {
			fallen = append(fallen, was)
		}
	}
	return fallen
}

// seed gives an empty partition a segment with one batch of no records (as compaction leaves them) just before its end.
func seed(dir string, p end) error {
	now := time.Now().UnixMilli()
	batch := kmsg.RecordBatch{
		FirstOffset: p.Offset - 1, Magic: 2,
		FirstTimestamp: now, MaxTimestamp: now,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1,
	}
	raw := batch.AppendTo(nil)
	const beforeLength, beforeCRC = 12, 21 // bytes that the length and the CRC do not count
	binary.BigEndian.PutUint32(raw[8:], uint32(len(raw)-beforeLength))
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[beforeCRC:], crc32.MakeTable(crc32.Castagnoli)))
	folder := filepath.Join(dir, "partitions", url.PathEscape(p.Topic)+"-"+strconv.Itoa(int(p.Partition)))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return writeSynced(filepath.Join(folder, strconv.FormatInt(p.Offset-1, 10)+".dat"), raw)
}

// writeSynced replaces a file so that after a crash it is the old one or the new one.
func writeSynced(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
