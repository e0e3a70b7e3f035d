package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/keys"
	"mailtrail/schemas/event"
)

// accounts is what the receipts say of a topic.
type accounts struct {
	events, control, aborted uint64
	outcomes                 map[string]uint64
}

// accounted waits until the receipts cover every offset of mail.scans, and asserts that they do so without gap or
// overlap, that the rows are those of which they speak, and that no row is there twice.
func (s *site) accounted(within time.Duration) accounts {
	s.t.Helper()
	return s.accountedAs(event.ScansTopic, within)
}

// accountedAs is accounted for a topic whose rows stand under another label.
func (s *site) accountedAs(label string, within time.Duration) accounts {
	s.t.Helper()
	var sum accounts
	eventually(s.t, within, func() (err error) {
		sum, err = s.accounts(label)
		return err
	})
	rows := s.count("SELECT count() FROM mailtrail_data.scans WHERE topic = '" + label + "'")
	require.Equal(s.t, sum.outcomes["stored"], rows, "rows are what the receipts say")
	require.Equal(s.t, rows, s.count("SELECT uniqExact(topic, partition, offset, index) FROM mailtrail_data.scans WHERE topic = '"+label+"'"), "no row is there twice")
	total := uint64(0)
	for _, events := range sum.outcomes {
		total += events
	}
	require.Equal(s.t, sum.events, total, "every event has one outcome: %v", sum.outcomes)
	return sum
}

func (s *site) accounts(label string) (accounts, error) {
	sum := accounts{outcomes: map[string]uint64{}}
	ends, err := s.ends(event.ScansTopic)
	if err != nil {
		return sum, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn := s.sql(embedded.Auditor)
	defer conn.Close()
	rows, err := conn.Query(ctx, "SELECT partition, first, last, events, control, aborted, outcomes.outcome, outcomes.events FROM mailtrail_data.blocks WHERE topic = '"+label+"' ORDER BY partition, first")
	if err != nil {
		return sum, err
	}
	defer rows.Close()
	next := map[int32]int64{}
	for rows.Next() {
		var partition int32
		var first, last int64
		var events, control, aborted uint64
		var outcomes []string
		var counts []uint64
		if err := rows.Scan(&partition, &first, &last, &events, &control, &aborted, &outcomes, &counts); err != nil {
			return sum, fatal{err}
		}
		if first != next[partition] {
			return sum, fatal{fmt.Errorf("partition %d: a receipt begins at offset %d, expected %d", partition, first, next[partition])}
		}
		next[partition] = last + 1
		sum.events, sum.control, sum.aborted = sum.events+events, sum.control+control, sum.aborted+aborted
		for i, outcome := range outcomes {
			sum.outcomes[outcome] += counts[i]
		}
	}
	for partition, end := range ends {
		if next[partition] != end {
			return sum, fmt.Errorf("partition %d: receipts reach offset %d of %d", partition, next[partition], end)
		}
	}
	return sum, rows.Err()
}

// ends returns the end of each partition of a topic.
func (s *site) ends(topic string) (map[int32]int64, error) {
	client := kafkago.Client{Addr: kafkago.TCP(s.brokers), Timeout: 10 * time.Second}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	meta, err := client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, err
	}
	var ask []kafkago.OffsetRequest
	for _, p := range meta.Topics[0].Partitions {
		ask = append(ask, kafkago.LastOffsetOf(p.ID))
	}
	answer, err := client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{topic: ask}})
	if err != nil {
		return nil, err
	}
	ends := map[int32]int64{}
	for _, p := range answer.Topics[topic] {
		ends[int32(p.Partition)] = p.LastOffset
	}
	return ends, nil
}

// open opens a sealed payload as whoever may ask for keys can.
func (s *site) open(m kafkago.Message) ([]byte, error) {
	client, err := keys.NewClient(keys.ClientConfig{Network: "unix", Address: s.keysSocket()})
	require.NoError(s.t, err)
	holder, err := keys.NewHolder(keys.HolderDeps{Metrics: prometheus.NewRegistry(), Clock: keys.WallClock{}, Source: client})
	require.NoError(s.t, err)
	defer holder.Close()
	seal, err := event.ParseSeal([]byte(header(m.Headers, event.SealHeader)))
	require.NoError(s.t, err)
	packer, err := event.NewPacker()
	require.NoError(s.t, err)
	opener := sealer{holder: holder, packer: packer}
	return opener.open(s.t.Context(), seal, header(m.Headers, event.OriginHeader), m.Value)
}

// deadLetters reads mail.rejects from its beginning: the values by origin, in the order in which they stand.
func (s *site) deadLetters() map[string][]kafkago.Message {
	s.t.Helper()
	ends, err := s.ends(event.RejectsTopic)
	require.NoError(s.t, err)
	letters := map[string][]kafkago.Message{}
	for _, partition := range slices.Sorted(maps.Keys(ends)) {
		if ends[partition] == 0 {
			continue
		}
		reader := kafkago.NewReader(kafkago.ReaderConfig{Brokers: []string{s.brokers}, Topic: event.RejectsTopic, Partition: int(partition), MaxBytes: 64 << 20, MaxWait: 100 * time.Millisecond})
		for {
			m, err := reader.ReadMessage(s.t.Context())
			require.NoError(s.t, err)
			origin := header(m.Headers, event.OriginHeader)
			letters[origin] = append(letters[origin], m)
			if m.Offset == ends[partition]-1 {
				break
			}
		}
		require.NoError(s.t, reader.Close())
	}
	return letters
}

func header(headers []kafkago.Header, key string) string {
	for _, h := range headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

// post sends a body to the gateway.
func (s *site) post(token, contentType, body string, headers map[string]string) (status int, answer map[string]any) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.gateway+"/v1/scans", strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", contentType)
	for key, value := range headers {
		request.Header.Set(key, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal(raw, &answer), "%s", raw)
	return response.StatusCode, answer
}

func zipped(text string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text)) // into memory
	_ = w.Close()
	return out.Bytes()
}

// expect is an error where two values differ.
func expect[T comparable](want, got T) error {
	if want != got {
		return fmt.Errorf("expected %v, got %v", want, got)
	}
	return nil
}
