package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// An event from the near future is rejected, and becomes right by waiting.
func TestReplayStoresWhatIsRightByNowOnce(t *testing.T) {
	s := newSite(t).with("--set", "ingest.ahead=1s", "--set", "ingest.block_age=50ms")
	s.up()
	writer := kafkago.Writer{Addr: kafkago.TCP(s.brokers), Topic: event.ScansTopic, RequiredAcks: kafkago.RequireAll}
	t.Cleanup(func() { _ = writer.Close() })
	due := time.Now().Add(10 * time.Second)
	body := fmt.Sprintf(`{"imb":"0027012345600000000710118112501","scanDatetime":%q,"scanLocaleKey":"V19160","machineId":"M"}`, due.UTC().Format("2006-01-02T15:04:05.000Z"))
	never := fmt.Sprintf(`{"imb":"0027012345600000000810118112501","imbMid":"999999","scanDatetime":%q,"machineId":"M"}`, time.Now().UTC().Add(-time.Hour).Format(time.RFC3339))
	require.NoError(t, writer.WriteMessages(t.Context(), kafkago.Message{Value: []byte(body)}, kafkago.Message{Value: []byte(never)}))

	rejected := func(flags ...string) (rows []map[string]any) {
		text := s.do(append([]string{"rejects", "list", "--format", "json"}, flags...)...)
		for line := range strings.Lines(text) {
			var row map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &row))
			rows = append(rows, row)
		}
		return rows
	}
	eventually(t, 20*time.Second, func() error {
		if n := len(rejected()); n != 2 {
			return fmt.Errorf("%d rejects", n)
		}
		return nil
	})
	early := rejected("--reason", string(event.FutureTime))
	require.Len(t, early, 1)
	require.Equal(t, "rejected", early[0]["state"])
	id := early[0]["id"].(string)
	require.Contains(t, s.do("rejects", "show", id), "0027012345600000000710118112501")

	require.Equal(t, "would send 1 rejects to mail.scans; 0 were stored by an earlier replay", s.do("rejects", "replay", "--reason", "future_time", "--dry-run"))
	// Replayed until it is right: each time too early, it is rejected again; each time it is on its way, it is sent once more.
	eventually(t, 30*time.Second, func() error {
		s.do("rejects", "replay")
		if stored := rejected("--state", "stored"); len(stored) != 1 || stored[0]["id"] != id {
			return errors.New("not stored yet")
		}
		return nil
	})
	require.Equal(t, "sent 0 rejects to mail.scans; 1 were stored by an earlier replay", s.do("rejects", "replay", "--reason", "future_time"))
	last := s.do("rejects", "replay") // the contradiction alone, which stays one
	require.Equal(t, "sent 1 rejects to mail.scans; 1 were stored by an earlier replay", last)
	eventually(t, 20*time.Second, func() error {
		if stored := s.count("SELECT count() FROM mailtrail.scans"); stored != 1 {
			return fmt.Errorf("%d rows", stored)
		}
		return nil
	})
	require.Len(t, rejected(), 2, "each once, however often it was rejected")
	require.Len(t, rejected("--state", "rejected", "--reason", "contradiction"), 1)
}
