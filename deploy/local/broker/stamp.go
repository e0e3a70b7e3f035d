package broker

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Places in the header of a record batch (Kafka protocol, RecordBatch of message format 2). The checksum covers all
// from the attributes on.
const (
	batchMagic     = 16 // int8
	batchChecksum  = 17 // uint32, CRC-32C
	batchCovered   = 21
	batchFirstTime = 27 // int64, Unix milliseconds
	batchMaxTime   = 35 // int64, Unix milliseconds
	batchHeader    = 61
)

// stampOnAppend gives every batch that is written the broker's time, as the topics' setting LogAppendTime asks for and
// kfake does not do. Under a producer's own time, one record stamped long ago would let retention delete all that
// stands before it, consumed or not; one of the future would outlive its limit.
func stampOnAppend(cluster *kfake.Cluster) {
	cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		now := time.Now().UnixMilli()
		for _, topic := range request.(*kmsg.ProduceRequest).Topics {
			for _, partition := range topic.Partitions {
				stamp(partition.Records, now)
			}
		}
		return nil, nil, false // kfake itself handles it
	})
}

// stamp sets the time of one batch, Unix milliseconds. What is no sound batch is left for kfake to refuse.
func stamp(batch []byte, now int64) {
	table := crc32.MakeTable(crc32.Castagnoli)
	if len(batch) < batchHeader || batch[batchMagic] != 2 ||
		binary.BigEndian.Uint32(batch[batchChecksum:]) != crc32.Checksum(batch[batchCovered:], table) {
		return
	}
	binary.BigEndian.PutUint64(batch[batchFirstTime:], uint64(now))
	binary.BigEndian.PutUint64(batch[batchMaxTime:], uint64(now))
	binary.BigEndian.PutUint32(batch[batchChecksum:], crc32.Checksum(batch[batchCovered:], table))
}
