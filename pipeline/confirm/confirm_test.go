package confirm_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/pipeline/confirm"
	"mailtrail/schemas/event"
)

// door answers as the gateway does, by the gateway's own reading of the form.
func door(t *testing.T, bodies *[]string, before func(w http.ResponseWriter) bool) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, "text/csv Bearer t", r.Header.Get("Content-Type")+" "+r.Header.Get("Authorization"))
		if before != nil && before(w) {
			return
		}
		*bodies = append(*bodies, r.URL.String()+" "+string(raw))
		var body event.Body
		require.Nil(t, body.Split(event.ConfirmForm, raw, 1000))
		var s event.Scan
		accepted, refused := 0, []string{}
		for i := range body.Events {
			if err := body.Decode(i, &s); err != nil {
				line, column := body.Place(i, err.Field)
				refused = append(refused, fmt.Sprintf(`{"index":%d,"line":%d,"column":%d,"field":%q,"code":%q,"message":"m"}`, i, line, column, err.Field, err.Code))
				continue
			}
			accepted++
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"batch":"b","accepted":%d,"refused":[%s]}`, accepted, strings.Join(refused, ","))
	}))
	t.Cleanup(server.Close)
	return server
}

const good = "10199,893,11/20/2026 14:03:22,12345      ,00270900123456000012\n"

func TestSend(t *testing.T) {
	var bodies []string
	tries := 0
	server := door(t, &bodies, func(w http.ResponseWriter) bool {
		if tries++; tries == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"error":{"code":"busy"}}`)
			return true
		}
		return false
	})
	var refused []confirm.Refusal
	bytes := 0
	file := good + "\n" + good + "10199,893\n" + good + strings.Repeat("\n", 3) + "10199,893,x,,401234567891"
	sum, err := confirm.Send(context.Background(), strings.NewReader(file), confirm.Config{
		URL: server.URL + "/", Token: "t", Lines: 3, Check: true,
		Refused: func(r confirm.Refusal) error { refused = append(refused, r); return nil }, Progress: func(n int) { bytes += n },
	})
	require.NoError(t, err)
	require.Equal(t, confirm.Sum{Accepted: 3, Refused: 2, Requests: 3, Retries: 1}, sum)
	require.Equal(t, []confirm.Refusal{
		{Line: 4, Code: "not_readable", Message: "m"}, {Line: 9, Column: 3, Field: "scanDatetime", Code: "not_a_time", Message: "m"},
	}, refused)
	require.Len(t, bodies, 3)
	require.Equal(t, "/v1/scans?check=1 "+good+"\n"+good, bodies[0])
	require.Equal(t, len(file), bytes)
}

func TestSendStopsAtWhatCannotBeMended(t *testing.T) {
	var bodies []string
	server := door(t, &bodies, func(w http.ResponseWriter) bool {
		if len(bodies) == 0 {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":{"code":"unauthorized","message":"no such token"}}`)
		return true
	})
	sum, err := confirm.Send(context.Background(), strings.NewReader(strings.Repeat(good, 5)), confirm.Config{URL: server.URL, Token: "t", Lines: 2})
	require.EqualError(t, err, "from line 3 on nothing was acknowledged: gateway: 401 Unauthorized: unauthorized: no such token")
	require.Equal(t, 2, sum.Accepted)

	_, err = confirm.Send(context.Background(), strings.NewReader(good+strings.Repeat("x", 5000)), confirm.Config{URL: server.URL, Token: "t"})
	require.EqualError(t, err, "line 2: longer than 4096 bytes: expected a CONFIRM scan file, five columns a line")

	server.Close()
	_, err = confirm.Send(context.Background(), strings.NewReader(good), confirm.Config{URL: server.URL, Token: "t", Patience: time.Nanosecond})
	require.ErrorContains(t, err, "from line 1 on nothing was acknowledged: given up after 1ns: gateway: ")
}
