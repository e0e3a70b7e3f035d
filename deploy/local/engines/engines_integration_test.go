package engines

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// The engines themselves: fetched the first time that the tests run on a machine, found ever after.
func TestEnginesAreObtained(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches the engines where they are lacking")
	}
	f, err := New(Config{}, Deps{Out: t.Output()})
	require.NoError(t, err)
	clickhouse, err := f.ClickHouse(t.Context())
	require.NoError(t, err)
	require.FileExists(t, clickhouse.Server+clickhouse.Library)
	kafka, err := f.Kafka(t.Context())
	require.NoError(t, err)
	require.DirExists(t, kafka.Jars)
	minio, err := f.MinIO(t.Context())
	require.NoError(t, err)
	require.FileExists(t, minio)
	jars, hash, err := hashJars(kafka.Jars)
	require.NoError(t, err)
	require.Len(t, jars, 93)
	require.Equal(t, kafkaHash, hash)

	var said bytes.Buffer
	again, err := New(Config{}, Deps{Out: &said})
	require.NoError(t, err)
	_, err = again.ClickHouse(t.Context())
	require.NoError(t, err)
	_, err = again.Kafka(t.Context())
	require.NoError(t, err)
	_, err = again.MinIO(t.Context())
	require.NoError(t, err)
	require.Empty(t, said.String(), "the second time nothing is fetched")
}
