package kafka

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// link asks one broker for one partition, one question at a time, and reads
// the answer in the background.
type link struct {
	conn    *protocol.Conn
	version int16
	request fetchapi.Request
	head    [8]byte // of an answer: size and correlation id
	number  int32   // of the last question

	questions chan question // closed by close
	answers   chan error    // one for each question; the buffer is filled
	ended     chan struct{} // closed when nothing is read any more
}

// question is an offset and the buffer for the answer.
type question struct {
	offset int64
	into   *reused
}

// answerTimeout is how much longer than MaxWait a broker may take.
const answerTimeout = 30 * time.Second

// maxAnswerBytes bounds an answer: MaxBytes of batches and one that is larger.
const maxAnswerBytes = 1 << 30

func newLink(conn *protocol.Conn, version int16, config ReaderConfig) *link {
	l := &link{
		conn: conn, version: version,
		request: fetchapi.Request{
			ReplicaID:   -1,
			MaxWaitTime: int32(config.MaxWait.Milliseconds()),
			MinBytes:    1,
			// The partition's own bound is the one that counts. The embedded broker
			// leaves the list of aborted transactions out of an answer that reaches this one.
			MaxBytes:       math.MaxInt32,
			IsolationLevel: int8(kafkago.ReadCommitted),
			SessionEpoch:   -1,
			Topics: []fetchapi.RequestTopic{{Topic: config.Topic, Partitions: []fetchapi.RequestPartition{{
				Partition: config.Partition, CurrentLeaderEpoch: -1, LogStartOffset: -1, PartitionMaxBytes: int32(config.MaxBytes),
			}}}},
		},
		questions: make(chan question, 1), answers: make(chan error, 1), ended: make(chan struct{}),
	}
	go l.run()
	return l
}

func (l *link) run() {
	defer close(l.ended)
	for q := range l.questions {
		l.answers <- l.exchange(q)
	}
}

// close breaks an open question off and returns when nothing runs any more.
func (l *link) close() error {
	close(l.questions)
	err := l.conn.Close()
	<-l.ended
	return err
}

func (l *link) exchange(q question) error {
	wait := time.Duration(l.request.MaxWaitTime) * time.Millisecond
	if err := l.conn.SetDeadline(time.Now().Add(wait + answerTimeout)); err != nil {
		return err
	}
	l.number++
	l.request.Topics[0].Partitions[0].FetchOffset = q.offset
	if err := protocol.WriteRequest(l.conn, l.version, l.number, ClientID, &l.request); err != nil {
		return err
	}
	if _, err := io.ReadFull(l.conn, l.head[:]); err != nil {
		return err
	}
	size := int32(binary.BigEndian.Uint32(l.head[:])) - 4 // the correlation id counts
	number := int32(binary.BigEndian.Uint32(l.head[4:]))
	if size < 0 || size > maxAnswerBytes || number != l.number {
		return fmt.Errorf("%w: %d bytes to question %d, expected question %d", errAnswer, size, number, l.number)
	}
	return q.into.read(l.conn, int(size))
}
