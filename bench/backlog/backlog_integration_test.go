package backlog

import (
	"flag"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/bench/stack"
	"mailtrail/pipeline/simulate"
)

var long = flag.Bool("long", false, "take in 20 million events instead of one")

const (
	// mostMemory is what the process may hold at its peak, in bytes.
	mostMemory = 1 << 30
	// jsonShare of the events come as JSON, one a message; the others in ScanBatches.
	jsonShare = 0.05
)

func TestABacklogIsTakenInWithinAGiB(t *testing.T) {
	if testing.Short() {
		t.Skip("runs servers")
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells how much memory a process held at most (VmHWM)")
	}
	events := uint64(1_000_000)
	if *long {
		events = 20_000_000
	}
	folder := t.TempDir()
	program, err := stack.Build(folder)
	require.NoError(t, err)
	s, err := stack.Start(t.Context(), folder, program)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	began := time.Now()
	truth := feed(t, s, events)
	total := truth.Sum()
	t.Logf("fed %d events in %s", total, time.Since(began).Round(time.Second))

	began = time.Now()
	ingest, err := s.Start("ingest")
	require.NoError(t, err)
	t.Cleanup(ingest.Kill)
	got := stack.Outcomes{}
	for got.Sum() < total {
		select {
		case <-ingest.Ended():
			require.Fail(t, "ingest ended by itself", ingest.Said())
		case <-time.After(100 * time.Millisecond): // between two looks
		}
		got, err = s.Outcomes(t.Context())
		require.NoError(t, err)
	}
	took := time.Since(began)
	peak, err := stack.PeakMemory(ingest.PID())
	require.NoError(t, err)
	t.Logf("took in %d events (%d rows) in %s: %.0f events a second, peak memory (VmHWM) %d MiB", total, got["stored"], took.Round(100*time.Millisecond), float64(total)/took.Seconds(), peak>>20)
	require.Equal(t, truth, got)
	require.Less(t, peak, int64(mostMemory))
	require.NoError(t, ingest.Stop())
	rows, err := s.Number(t.Context(), "SELECT count() FROM mailtrail_data.scans")
	require.NoError(t, err)
	require.Equal(t, truth["stored"], rows)
	out, err := s.Command("audit").CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// feed writes the events to the topic and returns how many of them must get each outcome.
func feed(t *testing.T, s *stack.Stack, events uint64) stack.Outcomes {
	producer := s.Kafka.NewProducer(16 << 20)
	defer producer.Close()
	outcomes := stack.Outcomes{}
	json := uint64(float64(events) * jsonShare)
	for wire, count := range map[simulate.Wire]uint64{simulate.Protobuf: events - json, simulate.JSON: json} {
		options := simulate.Defaults(time.Now())
		options.Count, options.Wire = count, wire
		options.Seed = uint64(len(wire)) // other mail for each
		truth, _, err := simulate.ToKafka(t.Context(), options, simulate.KafkaConfig{Producer: producer, Concurrency: 8})
		require.NoError(t, err)
		outcomes.Add(truth.Totals(simulate.Kafka))
	}
	return outcomes
}
