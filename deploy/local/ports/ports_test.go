package ports

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckNamesPortAndKey(t *testing.T) {
	addrs, err := Free(2)
	require.NoError(t, err)
	require.NotEqual(t, addrs[0], addrs[1])
	require.NoError(t, Check("kafka.brokers", addrs[0]))

	listener, err := net.Listen("tcp", addrs[0])
	require.NoError(t, err)
	defer listener.Close()
	err = Check("kafka.brokers", addrs[0])
	require.ErrorIs(t, err, ErrTaken)
	require.ErrorContains(t, err, addrs[0])
	require.ErrorContains(t, err, "set kafka.brokers to another address")

	require.ErrorContains(t, Check("kafka.brokers", "127.0.0.1:x"), "key kafka.brokers")
}
