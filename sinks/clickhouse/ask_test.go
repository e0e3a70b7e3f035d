package clickhouse

import (
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

// Rows are looked for in the table of their topic, under whatever label, and nowhere where there is none.
func TestRowsOfATopic(t *testing.T) {
	for topic, table := range map[string]string{
		event.ScansTopic: "scans", "mail.scans#2": "scans", event.ImagesTopic: "images", "mail.images#3": "images",
		event.RecordsTopic: "records", "mail.records#2": "records",
	} {
		got, err := rowsOf(topic)
		require.NoError(t, err, topic)
		require.Equal(t, table, got, topic)
	}
	_, err := rowsOf("mail.rejects")
	require.ErrorContains(t, err, `topic "mail.rejects": no table holds its rows`)
}
