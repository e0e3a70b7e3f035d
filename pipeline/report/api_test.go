package report

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsNotBuiltSaysSo(t *testing.T) {
	api := New(Config{}, Deps{Clock: func() time.Time { return time.Unix(0, 0) }})
	for _, path := range []string{"/", "/v1/reports", "/v1/pieces/00270900123456000012"} {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, http.StatusNotFound, w.Code)
		var got answer
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		require.Equal(t, "not_available", got.Error.Code)
		require.Equal(t, "1970-01-01T00:00:00Z", got.Time)
	}
}
