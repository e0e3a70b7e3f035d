package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"mailtrail/schemas/event"
)

func TestBatch(t *testing.T) {
	id := strings.Repeat("0a", 16)
	row := func(device string, number, of int, outcomes [event.NumOutcomes]uint64, reasons map[string]uint64) event.BatchRow {
		return event.BatchRow{ID: id, Device: device, Part: event.Part{Number: number, Of: of}, Outcomes: outcomes, Reasons: reasons}
	}
	first := row("d1", 1, 2, [...]uint64{3, 0, 1, 0}, map[string]uint64{"bad_barcode": 1})
	second := row("d1", 2, 2, [...]uint64{5, 0, 2, 1}, map[string]uint64{"bad_barcode": 1, "contradiction": 1})
	repeat := row("d1", 1, 2, [...]uint64{0, 4, 0, 0}, nil)
	tests := []struct {
		name string
		rows []event.BatchRow
		want batchAnswer
	}{
		{"unknown", nil, batchAnswer{State: "pending"}},
		{"another device's", []event.BatchRow{row("d2", 1, 1, [...]uint64{3, 0, 0, 0}, nil)}, batchAnswer{State: "pending"}},
		{"a part of it", []event.BatchRow{first}, batchAnswer{State: "pending", Stored: 3, Rejected: 1, Reasons: map[string]uint64{"bad_barcode": 1}}},
		{"a part of it twice", []event.BatchRow{first, repeat}, batchAnswer{State: "pending", Stored: 3, Duplicate: 4, Rejected: 1, Reasons: map[string]uint64{"bad_barcode": 1}}},
		{"all of it", []event.BatchRow{second, first}, batchAnswer{State: "done", Stored: 8, Rejected: 3, Expired: 1, Reasons: map[string]uint64{"bad_barcode": 2, "contradiction": 1}}},
		{"all of it, and a repeat", []event.BatchRow{first, second, repeat}, batchAnswer{State: "done", Stored: 8, Duplicate: 4, Rejected: 3, Expired: 1, Reasons: map[string]uint64{"bad_barcode": 2, "contradiction": 1}}},
		{"parts of two ways to cut it", []event.BatchRow{first, row("d1", 2, 3, [event.NumOutcomes]uint64{}, nil)}, batchAnswer{State: "pending", Stored: 3, Rejected: 1, Reasons: map[string]uint64{"bad_barcode": 1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFixture(t)
			f.rows = test.rows
			got := f.call(t, "GET", "/v1/batches/"+id, nil)
			require.Equal(t, 200, got.status)
			var answer batchAnswer
			require.NoError(t, json.Unmarshal([]byte(got.raw), &answer))
			test.want.Batch, test.want.Time = id, "2026-11-21T12:00:00.000Z"
			if test.want.Reasons == nil {
				test.want.Reasons = map[string]uint64{}
			}
			require.Equal(t, test.want, answer)
		})
	}
	f := newFixture(t)
	for _, path := range []string{id[1:], id + "0", strings.ToUpper(id), strings.Repeat("g", 32)} {
		require.Equal(t, 404, f.call(t, "GET", "/v1/batches/"+path, nil).status)
	}
	require.Equal(t, 401, f.call(t, "GET", "/v1/batches/"+id, nil, "Authorization: ").status)
	require.Equal(t, 405, f.call(t, "DELETE", "/v1/batches/"+id, nil).status)
}

func TestSchema(t *testing.T) {
	f := newFixture(t)
	both := f.call(t, "GET", "/v1/schema", nil, "Authorization: ")
	require.Equal(t, 200, both.status, "formats are no secret")
	var parts struct {
		Proto string
		JSON  json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(both.raw), &parts))
	require.Equal(t, string(event.Proto), parts.Proto)
	require.JSONEq(t, string(event.JSONSchema()), string(parts.JSON))
	require.Equal(t, parts.Proto, f.call(t, "GET", "/v1/schema?format=proto", nil).raw)
	require.JSONEq(t, string(parts.JSON), f.call(t, "GET", "/v1/schema?format=json", nil).raw)
}
