package figures

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"mailtrail/bench/stack"
	"mailtrail/pipeline/simulate"
)

// sustainedRate is what comes in, in events a second.
const sustainedRate = 600_000

// Mail comes in at a steady rate for minutes, and the number of parts must not grow. A producer elsewhere would cost this
// machine nothing, so its record batches are made beforehand, every event its own, and only stamped and sent here; what that
// costs is told as "load".
func TestSustained(t *testing.T) {
	s := newSite(t)
	seconds := sized[uint64](0, 600)
	events := max(40_000, seconds*sustainedRate)
	path := filepath.Join(bench.folder, "prepared")
	truth := prepare(t, path, defaultMail(2, events, simulate.Protobuf))
	defer os.Remove(path)

	taking := s.beginTaking()
	require.NoError(t, taking.role.Ready(time.Minute))
	sent := s.send(path, sustainedRate)
	behind := truth.Sum() - taking.taken().Sum()
	ended := time.Now()
	taking.await(truth.Sum())
	caughtUp := time.Since(ended)
	got := taking.end()
	require.Equal(t, truth, got.outcomes)
	bench.report.add("sustained", "600,000 events/s for 10 minutes, parts not growing",
		"%s events/s sent over %s (latest %s behind its time); when the last was acknowledged %s events waited, %.1f s later none; %s; active parts by minute: %s",
		thousands(float64(truth.Sum())/sent.took.Seconds()), sent.took.Round(time.Second), sent.latest.Round(time.Millisecond), thousands(behind), caughtUp.Seconds(), got,
		strings.Join(got.parts.minutes(), ", "))
}

// prepare writes the mail's record batches to a file.
func prepare(t *testing.T, path string, options simulate.Options) stack.Outcomes {
	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	out, began := bufio.NewWriterSize(file, 1<<20), time.Now()
	var one sync.Mutex
	written := uint64(0)
	truth, err := eachBatch(t.Context(), options, func(_ context.Context, b batch) error {
		one.Lock()
		defer one.Unlock()
		if written += b.events; written/progressEvents > (written-b.events)/progressEvents {
			say("%s events are prepared", thousands(written))
		}
		return b.writeTo(out)
	})
	require.NoError(t, err)
	require.NoError(t, out.Flush())
	say("prepared %s events in %s", thousands(written), time.Since(began).Round(time.Second))
	return truth
}

func (b batch) writeTo(w io.Writer) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(b.partition))
	head = binary.BigEndian.AppendUint32(head, uint32(b.events))
	head = binary.BigEndian.AppendUint32(head, uint32(len(b.records)))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(b.records)
	return err
}

// readBatch reads what writeTo wrote; the error is io.EOF at the end.
func readBatch(r io.Reader) (batch, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return batch{}, err
	}
	b := batch{
		partition: int(binary.BigEndian.Uint32(head[0:])), events: uint64(binary.BigEndian.Uint32(head[4:])),
		records: make([]byte, binary.BigEndian.Uint32(head[8:])),
	}
	_, err := io.ReadFull(r, b.records)
	return b, err
}

// sending is how a prepared stream was sent.
type sending struct {
	took   time.Duration
	latest time.Duration // how far behind its time a batch was at most
}

// send sends prepared batches, each when it is due. A partition gets one after the other.
func (s *site) send(path string, rate float64) sending {
	s.t.Helper()
	file, err := os.Open(path)
	require.NoError(s.t, err)
	defer file.Close()
	group, ctx := errgroup.WithContext(s.t.Context())
	var queues [partitions]chan batch
	to := s.topic()
	for p := range queues {
		queues[p] = make(chan batch, 4)
		group.Go(func() error {
			for b := range queues[p] {
				b.stamp(time.Now())
				if err := to.produce(ctx, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	began, latest, passed, told := time.Now(), time.Duration(0), uint64(0), time.Now()
	group.Go(func() error {
		defer func() {
			for _, queue := range queues {
				close(queue)
			}
		}()
		for in := bufio.NewReaderSize(file, 1<<20); ; {
			b, err := readBatch(in)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			passed += b.events
			due := began.Add(time.Duration(float64(passed) / rate * float64(time.Second)))
			if wait := time.Until(due); wait > 0 {
				time.Sleep(wait)
			}
			select {
			case queues[b.partition] <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
			latest = max(latest, time.Since(due))
			if time.Since(told) > 10*time.Second {
				told = time.Now()
				say("%s events are sent", thousands(passed))
			}
		}
	})
	require.NoError(s.t, group.Wait())
	return sending{time.Since(began), latest}
}
