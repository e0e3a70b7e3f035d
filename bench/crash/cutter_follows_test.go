package crash

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInsertIsCompleteWithItsLastBlock(t *testing.T) {
	statement := append([]byte("\x01id\x02INSERT INTO `mailtrail_data`.`scans` (`slot`) FORMAT Native"), emptyBlock...)
	query := append([]byte("\x01id\x02SELECT 1"), emptyBlock...)
	rows := []byte("\x02\x00\x01\x00\x02\xff\xff\xff\xff\x00\x01\x02rows")
	for _, test := range []struct {
		name   string
		chunks [][]byte
		want   string // the table of the insert that the last chunk completes
	}{
		{"a query", [][]byte{query}, ""},
		{"a statement without its data", [][]byte{statement}, ""},
		{"data that go on", [][]byte{statement, rows}, ""},
		{"data and their end", [][]byte{statement, rows, emptyBlock}, "scans"},
		{"data and their end, from ch-go", [][]byte{append(bytes.Clone(statement[:len(statement)-len(emptyBlock)]), emptyBlockOfChGo...), rows, emptyBlockOfChGo}, "scans"},
		{"data and their end in one", [][]byte{statement, append(bytes.Clone(rows), emptyBlock...)}, "scans"},
		{"an end in two pieces", [][]byte{statement, rows, emptyBlock[:5], emptyBlock[5:]}, "scans"},
		{"a query behind an insert", [][]byte{statement, rows, emptyBlock, query}, ""},
		{"a second insert", [][]byte{statement, rows, emptyBlock, statement, rows, emptyBlock}, "scans"},
	} {
		t.Run(test.name, func(t *testing.T) {
			state, completed := insert{}, ""
			for _, chunk := range test.chunks {
				completed = state.sees(chunk)
			}
			require.Equal(t, test.want, completed)
		})
	}
}

func TestGateLetsAShareThrough(t *testing.T) {
	g, share := newGate(), 0.0
	passed := make(chan error, 1)
	go func() { passed <- g.pass(t.Context(), func() float64 { return share }) }()
	select {
	case <-passed:
		t.Fatal("nothing is allowed yet")
	default:
	}
	g.allow(0.5)
	require.NoError(t, <-passed)
	share = 1
	g.open()
	require.NoError(t, g.pass(t.Context(), func() float64 { return share }))
}
