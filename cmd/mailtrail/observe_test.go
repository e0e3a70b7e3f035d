package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadyOnlyWhenAllIsStartedAndWell(t *testing.T) {
	o := newObserver("127.0.0.1:0")
	ask := func() int {
		answer := httptest.NewRecorder()
		o.readyz(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
		return answer.Code
	}
	require.Equal(t, http.StatusServiceUnavailable, ask(), "nothing is started")
	var ill error
	o.ready("store", func(context.Context) error { return ill })
	require.Equal(t, http.StatusServiceUnavailable, ask(), "more is to be started")
	o.startedAll()
	require.Equal(t, http.StatusOK, ask())
	ill = errors.New("away")
	require.Equal(t, http.StatusServiceUnavailable, ask(), "a part is not well")
}
