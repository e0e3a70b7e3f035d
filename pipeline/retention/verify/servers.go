package verify

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// directory inspects a folder of another host: what it is, its content tells.
func (w *walk) directory(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		w.look.missed(InFiles, clean(path), cause(err))
		return
	}
	names := map[string]bool{}
	for _, entry := range entries {
		names[entry.Name()] = true
	}
	switch {
	case names["metadata"] && names["store"]:
		w.server(OfClickHouse, path)
	case names["meta.properties"]:
		w.server(OfKafka, path)
	default:
		w.data(path)
	}
}

// server inspects a server's own folder for what its queries do not show.
func (w *walk) server(kind ServerKind, path string) {
	switch kind {
	case OfClickHouse:
		w.clickHouse(path)
	case OfKafka:
		w.kafka(path)
	case OfEmbeddedBroker:
		w.broker(path)
	case OfMinIO:
		w.minIO(path)
	}
}

// ofClickHouse are the names that a server makes in its folder.
var ofClickHouse = regexp.MustCompile(`^(store|data|metadata|metadata_dropped|tmp|user_files|format_schemas|flags|preprocessed_configs|uuid|status|access|` +
	`dictionaries_lib|user_defined|user_scripts|named_collections|disks|workload|dynamic_user_defined_executable_functions|dynamic_user_defined_wasm_modules|` +
	`user_defined_wasm_modules|clickhouse-server\.pid|filesystem_caches|caches|models|_tmp_.*|coordination)$`)

// clickHouse looks for frozen copies, detached parts and what is not the server's.
func (w *walk) clickHouse(root string) {
	for _, entry := range w.read(root) {
		path := filepath.Join(root, entry.Name())
		switch {
		case w.dump(path, entry):
		case entry.Name() == "shadow" && entry.IsDir():
			for _, copied := range w.read(path) {
				if copied.IsDir() {
					w.look.Found(Finding{Kind: FrozenCopy, Store: InClickHouse, Object: w.name(filepath.Join(path, copied.Name())),
						Text: "a copy made by FREEZE: no query shows it, and nothing destroys it"})
				}
			}
		case entry.Name() == "backups" || entry.Name() == "backup":
			w.stray(path, "a backup keeps what the tables destroy")
		case ofClickHouse.MatchString(entry.Name()):
		default:
			w.stray(path, "no ClickHouse server makes it in its folder")
		}
	}
}

var (
	kafkaPartition = regexp.MustCompile(`^(.+)-\d+(\.[0-9a-f]{32}-(delete|stray|future))?$`)
	kafkaOwn       = regexp.MustCompile(`^(meta\.properties|bootstrap\.checkpoint|.*-checkpoint|\.lock|\.kafka_cleanshutdown|__cluster_metadata-0|.*\.tmp)$`)
)

// kafka looks for partitions of topics that no request lists.
func (w *walk) kafka(root string) {
	for _, entry := range w.read(root) {
		path := filepath.Join(root, entry.Name())
		part := kafkaPartition.FindStringSubmatch(entry.Name())
		switch {
		case w.dump(path, entry), kafkaOwn.MatchString(entry.Name()):
		case part == nil || !entry.IsDir():
			w.stray(path, "no broker makes it in its folder")
		case part[3] == "stray" || part[3] == "" && len(w.look.schedule.inTopic(part[1])) == 0:
			w.look.Found(Finding{Kind: NotInSchedule, Store: InKafka, Object: w.name(path), Text: "a partition of a topic that the schedule does not have"})
		}
	}
}

// minIO looks for buckets that the schedule does not have. What lies in a bucket is not looked into.
func (w *walk) minIO(root string) {
	for _, entry := range w.read(root) {
		path := filepath.Join(root, entry.Name())
		switch {
		case w.dump(path, entry), entry.Name() == ".minio.sys", entry.IsDir() && entry.Name() == w.files.Bucket:
		case entry.IsDir():
			w.look.Found(Finding{Kind: NotInSchedule, Store: InFiles, Object: w.name(path), Text: "a bucket that the schedule does not have"})
		default:
			w.stray(path, "no MinIO makes it on its drive")
		}
	}
}

var (
	// The names with .new and .tmp are of files that a killed process did not finish.
	brokerFile    = regexp.MustCompile(`^[a-z_]+\.(json|log)(\.tmp)?$|^\.new-\d+$`)
	brokerSegment = regexp.MustCompile(`^\d+\.(dat|idx)(\.tmp)?$|^[a-z_]+\.(json|log)(\.tmp)?$|^\.new-\d+$`)
)

// broker inspects the folder of the embedded broker: whose segments lie there, and how old the first record of each is.
func (w *walk) broker(root string) {
	for _, entry := range w.read(root) {
		path := filepath.Join(root, entry.Name())
		switch {
		case w.dump(path, entry), brokerFile.MatchString(entry.Name()) && !entry.IsDir():
		case entry.Name() == "partitions" && entry.IsDir():
			for _, partition := range w.read(path) {
				w.brokerPartition(filepath.Join(path, partition.Name()), partition)
			}
		default:
			w.stray(path, "the embedded broker makes no such file")
		}
	}
}

func (w *walk) brokerPartition(path string, entry fs.DirEntry) {
	topic := kafkaPartition.FindStringSubmatch(entry.Name())
	if topic == nil || !entry.IsDir() {
		w.stray(path, "the embedded broker makes no such file")
		return
	}
	for _, segment := range w.read(path) {
		name := filepath.Join(path, segment.Name())
		switch {
		case w.dump(name, segment):
		case !brokerSegment.MatchString(segment.Name()) || segment.IsDir():
			w.stray(name, "the embedded broker makes no such file")
		case strings.HasSuffix(segment.Name(), ".dat"):
			w.segment(name, w.look.schedule.inTopic(topic[1]))
		}
	}
}

// segment tells of records that a topic does not show any more and that lie on the disk past their limit: the embedded broker
// frees whole segments only.
func (w *walk) segment(path string, classes []*class) {
	oldest, ok := firstRecord(path)
	if !ok {
		return
	}
	for _, c := range classes {
		if limit := c.until(oldest.Add(-c.behind)); !c.unlimited && w.look.Now.After(limit) {
			w.look.Found(Finding{Kind: OverLimit, Store: InFiles, Object: w.name(path), Class: c.name, Oldest: oldest, Limit: limit,
				Text: fmt.Sprintf("its first record was appended at %s, when it could be %s old", stamp(oldest), words(c.behind))})
		}
	}
}

// firstRecord is the time of the first record of a segment: the base timestamp of its first batch (Kafka protocol, record batch
// version 2: 8 bytes from the 27th on, milliseconds).
func firstRecord(path string) (time.Time, bool) {
	file, err := os.Open(path)
	if err != nil {
		return time.Time{}, false
	}
	defer file.Close()
	head := make([]byte, 35)
	if n, _ := file.ReadAt(head, 0); n < len(head) || head[16] != 2 {
		return time.Time{}, false
	}
	at := int64(binary.BigEndian.Uint64(head[27:]))
	return time.UnixMilli(at).UTC(), at > 0
}
