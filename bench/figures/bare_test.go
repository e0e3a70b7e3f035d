package figures

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"mailtrail/bench/stack"
	embedded "mailtrail/deploy/local/clickhouse"
)

// bare is what an insert of ready columns takes.
type bare struct {
	rows  uint64
	took  time.Duration
	costs stack.Costs
}

// bareInsert inserts about so many rows into an empty table like scans, as blocks of columns that ClickHouse itself gave out:
// each the rows of one block of ingest, in the order in which they came. The client only sends bytes, so what is left
// is the server's own work. No view hangs on that table.
func (s *site) bareInsert(rows uint64) bare {
	s.t.Helper()
	s.asOwner("DROP TABLE IF EXISTS mailtrail_data.bare", nil)
	s.asOwner("CREATE TABLE mailtrail_data.bare AS mailtrail_data.scans", nil)
	blocks := s.blocks(8)
	sum := uint64(0)
	for _, b := range blocks {
		sum += b.rows
	}
	times := int(max(1, rows/sum))
	before, err := s.Servers().Costs()
	require.NoError(s.t, err)
	began := time.Now()
	var group errgroup.Group
	group.SetLimit(2)
	for i := range times {
		for j, b := range blocks {
			group.Go(func() error { return s.owner(insertBare(fmt.Sprintf("bare:%d:%d", i, j)), b.native) })
		}
	}
	require.NoError(s.t, group.Wait())
	took := time.Since(began)
	after, err := s.Servers().Costs()
	require.NoError(s.t, err)
	got, err := s.Number(s.t.Context(), "SELECT count() FROM mailtrail_data.bare")
	require.NoError(s.t, err)
	require.Equal(s.t, uint64(times)*sum, got)
	s.asOwner("DROP TABLE mailtrail_data.bare", nil)
	return bare{got, took, after.Since(before)}
}

// insertBare is an insert with the settings of ingest (sinks/clickhouse).
func insertBare(token string) url.Values {
	const endless = "1099511627776"
	return url.Values{
		"query": {"INSERT INTO mailtrail_data.bare FORMAT Native"}, "async_insert": {"0"}, "insert_deduplicate": {"1"}, "insert_deduplication_token": {token},
		"max_partitions_per_insert_block": {"0"}, "max_insert_block_size": {endless}, "max_insert_block_size_bytes": {"0"},
		"min_insert_block_size_rows": {endless}, "min_insert_block_size_bytes": {"0"}, "max_insert_threads": {"1"},
	}
}

// columns is a block in the server's native form.
type columns struct {
	rows   uint64
	native []byte
}

// blocks reads the rows of the largest blocks that ingest made, each as one block.
func (s *site) blocks(most int) (blocks []columns) {
	s.t.Helper()
	found, err := s.SQL.Query(s.t.Context(), "SELECT partition, first, last, arraySum(slots.rows) AS stored FROM mailtrail_data.blocks WHERE stored > 0 ORDER BY stored DESC LIMIT ?", most)
	require.NoError(s.t, err)
	defer found.Close()
	for found.Next() {
		var partition int32
		var first, last int64
		var rows uint64
		require.NoError(s.t, found.Scan(&partition, &first, &last, &rows))
		query := fmt.Sprintf("SELECT * FROM mailtrail_data.scans WHERE partition = %d AND offset BETWEEN %d AND %d ORDER BY offset, `index` FORMAT Native", partition, first, last)
		native := s.asOwner(query, url.Values{"max_block_size": {fmt.Sprint(rows)}, "max_threads": {"1"}})
		blocks = append(blocks, columns{rows, native})
	}
	require.NoError(s.t, found.Err())
	require.NotEmpty(s.t, blocks)
	return blocks
}

// asOwner asks ClickHouse over HTTP as the owner of the tables.
func (s *site) asOwner(query string, settings url.Values) []byte {
	s.t.Helper()
	if settings == nil {
		settings = url.Values{}
	}
	settings.Set("query", query)
	var answer bytes.Buffer
	require.NoError(s.t, s.askOwner(settings, nil, &answer))
	return answer.Bytes()
}

// owner sends a statement with its data.
func (s *site) owner(parameters url.Values, data []byte) error {
	return s.askOwner(parameters, bytes.NewReader(data), io.Discard)
}

func (s *site) askOwner(parameters url.Values, data io.Reader, into io.Writer) error {
	secret, err := s.Password(embedded.Owner)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.HTTP+"/?"+parameters.Encode(), data)
	if err != nil {
		return err
	}
	request.Header.Set("X-ClickHouse-User", embedded.Owner)
	request.Header.Set("X-ClickHouse-Key", secret)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return fmt.Errorf("clickhouse: %s: %s", answer.Status, said)
	}
	_, err = io.Copy(into, answer.Body)
	return err
}
