package kafka

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// readerOver makes a Reader that is connected to the other end of the returned connection.
func readerOver(tb testing.TB) (*Reader, net.Conn) {
	ours, theirs := net.Pipe()
	c, err := New(Config{Brokers: []string{"127.0.0.1:1"}}) // nobody is there: a second connection fails
	require.NoError(tb, err)
	r := c.NewReader(ReaderConfig{Topic: "mail.scans", Partition: 1, MaxBytes: 1 << 20, MaxWait: time.Second})
	r.link = newLink(protocol.NewConn(ours, ClientID), newestFetch, r.config)
	r.ask(0)
	tb.Cleanup(func() {
		_ = r.Close()
		_ = theirs.Close()
	})
	return r, theirs
}

// scripted is a broker that answers questions on a connection without making anything anew: the
// answer must hold one batch, which is put at the offset that was asked for.
type scripted struct {
	conn           net.Conn
	question       [512]byte
	frame          []byte
	number, offset int64 // of the last question
}

func newScripted(conn net.Conn, body []byte) *scripted {
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))
	return &scripted{conn: conn, frame: append(append(frame, 0, 0, 0, 0), body...)}
}

// answerBaseAt is where the batch stands in an answer of version 11 without transactions that were taken back.
const answerBaseAt = 8 + 4 + 2 + 4 + 4 + 2 + len("mail.scans") + 4 + 4 + 2 + 8 + 8 + 8 + 4 + 4 + 4

// hear reads a question.
func (b *scripted) hear() error {
	if _, err := io.ReadFull(b.conn, b.question[:4]); err != nil {
		return err
	}
	q := b.question[4 : 4+binary.BigEndian.Uint32(b.question[:4])]
	if _, err := io.ReadFull(b.conn, q); err != nil {
		return err
	}
	b.number = int64(binary.BigEndian.Uint32(q[4:]))
	// Behind the offset stand the log's start (8), max bytes (4), the forgotten topics (4) and the rack (2).
	b.offset = int64(binary.BigEndian.Uint64(q[len(q)-8-8-4-4-2:]))
	return nil
}

// say answers the question that was heard.
func (b *scripted) say() error {
	binary.BigEndian.PutUint32(b.frame[4:], uint32(b.number))
	binary.BigEndian.PutUint64(b.frame[answerBaseAt:], uint64(b.offset))
	_, err := b.conn.Write(b.frame)
	return err
}

// batchOf makes a batch of equal records.
func batchOf(c codec, records int, value string) []byte {
	b := testBatch{codec: c, lastDelta: int32(records - 1)}
	for i := range records {
		b.records = append(b.records, testRecord{delta: int32(i), value: []byte(value)})
	}
	return b.encode()
}

func TestReaderAsksAheadOnce(t *testing.T) {
	r, conn := readerOver(t)
	b := newScripted(conn, testAnswer{version: newestFetch, end: 1 << 40, highWatermark: 1 << 40, records: batchOf(codecs()[0], 3, "event")}.encode())
	heard := make(chan int64)
	answer := make(chan bool)
	go func() {
		for b.hear() == nil {
			heard <- b.offset
			<-answer
			_ = b.say()
		}
		close(heard)
	}()
	require.EqualValues(t, 0, <-heard)
	answer <- true
	for at := int64(0); at < 30; at += 3 {
		got, err := r.Next(within(t), at)
		require.NoError(t, err)
		require.Len(t, got.Messages, 3)
		require.Equal(t, at, got.Messages[0].Offset)
		require.Equal(t, at+3, got.Next)
		require.Equal(t, at+3, <-heard, "the next question was sent before it was wanted")
		answer <- true
	}
	require.NoError(t, r.Close())
	_, open := <-heard
	require.False(t, open, "and no more than one")
}

func TestReaderNeverOverwritesWhatIsInUse(t *testing.T) {
	for _, c := range []codec{codecs()[0], codecs()[4]} {
		r, conn := readerOver(t)
		go func() {
			for round := 0; ; round++ {
				value := strings.Repeat(fmt.Sprintf("round %d.", round), 1+round%700)
				b := newScripted(conn, testAnswer{version: newestFetch, end: 1 << 40, highWatermark: 1 << 40, records: batchOf(c, 20, value)}.encode())
				if b.hear() != nil || b.say() != nil {
					return
				}
			}
		}()
		for round := range 300 {
			got, err := r.Next(within(t), int64(20*round))
			require.NoError(t, err)
			require.Len(t, got.Messages, 20)
			runtime.Gosched() // the next answer is being read now
			want := strings.Repeat(fmt.Sprintf("round %d.", round), 1+round%700)
			for _, m := range got.Messages {
				require.Equal(t, want, string(m.Value))
			}
		}
		require.NoError(t, r.Close())
	}
}

func TestNothingRunsAfterClose(t *testing.T) {
	running := func() int {
		stacks := make([]byte, 1<<20)
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "(*link).run(")
	}
	before := running()
	for _, answered := range []bool{false, true} {
		r, conn := readerOver(t)
		b := newScripted(conn, testAnswer{version: newestFetch, records: batchOf(codecs()[0], 3, "event")}.encode())
		require.NoError(t, b.hear())
		require.Greater(t, running(), before)
		if answered {
			require.NoError(t, b.say())
			_, err := r.Next(within(t), 0)
			require.NoError(t, err)
		}
		require.NoError(t, r.Close())
		require.Eventually(t, func() bool { return running() == before }, 10*time.Second, time.Millisecond)
	}
}

func TestReaderGivesABrokenConnectionUp(t *testing.T) {
	body := testAnswer{version: newestFetch, records: batchOf(codecs()[0], 3, "event")}.encode()
	for name, test := range map[string]struct {
		answer    func(b *scripted)
		want      string
		transient bool
	}{
		"hung up":               {func(b *scripted) { b.frame = nil }, "EOF", true},
		"hung up in the middle": {func(b *scripted) { b.frame = b.frame[:50] }, "unexpected EOF", true},
		"another's answer":      {func(b *scripted) { b.number++ }, "expected question 1", false},
		"a negative size":       {func(b *scripted) { b.frame[0] = 0xff }, errAnswer.Error(), false},
		"another partition":     {func(b *scripted) { b.frame[8+4+2+4+4+2+len("mail.scans")+4+3] = 9 }, "does not hold the partition", false},
		"an error":              {func(b *scripted) { b.frame[8+4+1] = 6 }, "Not Leader", true},
		"damage":                {func(b *scripted) { b.frame[len(b.frame)-2] ^= 1 }, "checksum", false},
	} {
		t.Run(name, func(t *testing.T) {
			r, conn := readerOver(t)
			b := newScripted(conn, body)
			go func() {
				_ = b.hear()
				test.answer(b)
				if len(b.frame) > 0 {
					binary.BigEndian.PutUint32(b.frame[4:], uint32(b.number))
				}
				_, _ = b.conn.Write(b.frame)
				if len(b.frame) < answerBaseAt {
					_ = b.conn.Close()
				}
				_, _ = io.Copy(io.Discard, b.conn)
			}()
			_, err := r.Next(within(t), 0)
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, "fetch topic mail.scans partition 1 at offset 0")
			require.Equal(t, test.transient, Transient(err), "%v", err)
			require.Nil(t, r.link, "the next call connects again")
		})
	}
}

var kept *event.Message // so that the compiler cannot leave the work out

// BenchmarkPieces reads one answer of a batch of 1000 events of about 750
// bytes: nothing is allocated in any codec.
func BenchmarkPieces(b *testing.B) {
	for _, c := range codecs() {
		b.Run(c.name, func(b *testing.B) {
			body := testAnswer{version: newestFetch, records: batchOf(c, 1000, strings.Repeat(`{"imb":"0027090012345600001210118112501"}`, 19))}.encode()
			p := newPieces("mail.scans", 1)
			b.ReportAllocs()
			for b.Loop() {
				if err := p.answer.parse(body, newestFetch, 1); err != nil {
					b.Fatal(err)
				}
				if _, err := p.begin(0); err != nil {
					b.Fatal(err)
				}
				got, err := p.next(0)
				if err != nil {
					b.Fatal(err)
				}
				kept = &got.Messages[0]
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/record")
		})
	}
}

// BenchmarkReader reads answers of 1000 events over a connection in memory.
// What is allocated is a question, once for each answer.
func BenchmarkReader(b *testing.B) {
	r, conn := readerOver(b)
	other := newScripted(conn, testAnswer{version: newestFetch, end: 1 << 60, highWatermark: 1 << 60,
		records: batchOf(codecs()[4], 1000, strings.Repeat(`{"imb":"0027090012345600001210118112501"}`, 19))}.encode())
	go func() {
		for other.hear() == nil && other.say() == nil {
		}
	}()
	at := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		got, err := r.Next(b.Context(), at)
		if err != nil {
			b.Fatal(err)
		}
		at = got.Next
		kept = &got.Messages[0]
	}
}
