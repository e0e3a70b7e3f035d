package race

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/realkafka"
)

// stage is what all runs have in common: the broker with the topic, and the programs.
type stage struct {
	t       *testing.T
	folder  string
	program string // mailtrail
	engine  engines.ClickHouse
	broker  *realkafka.Broker
	kafka   *kafka.Client
	mail    content // what stands in the topic
}

func newStage(t *testing.T, program string) *stage {
	s := &stage{t: t, folder: t.TempDir(), program: program}
	if program == "" {
		s.program = filepath.Join(s.folder, "mailtrail")
		build := exec.Command("go", "build", "-trimpath", "-o", s.program, "mailtrail/cmd/mailtrail")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		out, err := build.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	fetcher, err := engines.New(engines.Config{}, engines.Deps{Out: os.Stderr})
	require.NoError(t, err)
	jars, err := fetcher.Kafka(t.Context())
	require.NoError(t, err)
	s.engine, err = fetcher.ClickHouse(t.Context())
	require.NoError(t, err)
	s.broker, err = realkafka.Start(t.Context(), realkafka.Config{Dir: filepath.Join(s.folder, "kafka"), Kafka: jars})
	require.NoError(t, err)
	t.Cleanup(s.broker.Kill9)
	transport := &kafka.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s.kafka = &kafka.Client{Addr: kafka.TCP(s.broker.Addr()), Timeout: time.Minute, Transport: transport}
	return s
}

// say tells what goes on: at once where somebody looks on.
func (s *stage) say(format string, args ...any) {
	s.t.Helper()
	if *long {
		fmt.Printf(format+"\n", args...)
		return
	}
	s.t.Logf(format, args...)
}

// fill writes the mail to the topic and reads it back. Reading also brings the broker's code and the disk's pages to
// where they are for all entries.
func (s *stage) fill(events int, seed uint64) {
	ctx := s.t.Context()
	require.NoError(s.t, makeTopic(ctx, s.kafka))
	m, err := newMail(events, seed, time.Now().Add(-72*time.Hour).Truncate(time.Hour).UnixMilli())
	require.NoError(s.t, err)
	began := time.Now()
	var written atomic.Uint64
	done := s.progress("written", &written)
	s.mail, err = produce(ctx, s.kafka, m, &written)
	done()
	require.NoError(s.t, err)
	took := time.Since(began)
	s.say("topic %s: %s events of %.0f bytes on average, %d partitions, written in %.1f s", topic, grouped(s.mail.rows), float64(s.mail.size)/float64(s.mail.rows), partitions, took.Seconds())
	began = time.Now()
	read, err := readBack(ctx, s.broker.Addr(), s.mail.rows)
	require.NoError(s.t, err)
	require.Equal(s.t, s.mail, read, "what was written and what stands in the topic")
	s.say("read back in %.1f s, hash %016x", time.Since(began).Seconds(), read.hash)
}

// progress says every few seconds how far a count has come, until the function that it returns is called.
func (s *stage) progress(what string, count *atomic.Uint64) (done func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(3 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.say("  %s %s", grouped(count.Load()), what)
			}
		}
	}()
	return func() {
		cancel()
		<-gone
	}
}

// forget makes the broker forget how far a group has come, once the last member has left it.
func (s *stage) forget(group string) {
	require.Eventually(s.t, func() bool {
		response, err := s.kafka.DeleteGroups(s.t.Context(), &kafka.DeleteGroupsRequest{GroupIDs: []string{group}})
		return err == nil && (response.Errors[group] == nil || response.Errors[group] == kafka.GroupIdNotFound)
	}, 20*time.Second, 100*time.Millisecond, "the group %s can be deleted", group)
}
