package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"mailtrail/schemas/retention"
)

func TestTransient(t *testing.T) {
	for _, each := range []struct {
		err       error
		transient bool
	}{
		{nil, false},
		{fmt.Errorf("insert: %w", &ch.Exception{Code: 252}), true},
		{fmt.Errorf("insert: %w", &ch.Exception{Code: 60}), false},
		{fmt.Errorf("insert: %w", io.EOF), true},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, true},
		{ch.ErrAcquireConnTimeout, true},
		{context.DeadlineExceeded, true},
		{context.Canceled, false},
		{errors.Join(context.Canceled, io.EOF), false},
		{errors.New("something else"), false},
	} {
		require.Equal(t, each.transient, Transient(each.err), "%v", each.err)
	}
}

func TestNobodyListens(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	s, err := Open(Config{Addr: []string{address}, Database: "mailtrail", User: "writer", Definer: "view_definer"}, Deps{Schedule: retention.Builtin()})
	require.NoError(t, err, "nothing is dialled yet")
	defer s.Close()
	err = s.Ping(t.Context())
	require.Error(t, err)
	require.True(t, Transient(err), "%v", err)
}

func TestOpenChecksNames(t *testing.T) {
	_, err := Open(Config{Database: "a b", User: "writer", Definer: "view_definer"}, Deps{Schedule: retention.Builtin()})
	require.ErrorContains(t, err, `database "a b"`)
	_, err = Open(Config{Database: "a", User: "writer", Definer: "view_definer"}, Deps{Schedule: retention.Builtin(), Password: func() (string, error) { return "", errors.New("no file") }})
	require.ErrorContains(t, err, "password of user writer: no file")
}
