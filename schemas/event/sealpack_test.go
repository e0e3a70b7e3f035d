package event

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPackedValuesComeBack(t *testing.T) {
	p, err := NewPacker()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		value := bytes.Repeat(rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "value"), rapid.IntRange(1, 200).Draw(t, "times"))
		packed := p.Pack(value)
		require.LessOrEqual(t, len(packed), len(value)+1)
		again, err := p.Unpack(packed)
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, again))
	})
	large := bytes.Repeat([]byte("z"), 50<<20)
	require.Less(t, len(p.Pack(large)), 64<<10)
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	require.Len(t, p.Pack(noise), len(noise)+1, "what does not compress stays as it is")
}

// FuzzUnpack: whatever was sealed by somebody else, it is a value or an error.
func FuzzUnpack(f *testing.F) {
	p, err := NewPacker()
	require.NoError(f, err)
	f.Add([]byte{})
	f.Add([]byte{packedZstd, 1, 2})
	f.Add(p.Pack([]byte("{}")))
	f.Add(p.Pack(bytes.Repeat([]byte("{}"), packFrom)))
	f.Fuzz(func(t *testing.T, packed []byte) {
		value, err := p.Unpack(packed)
		if err == nil && len(packed) > 0 && packed[0] == packedAsIs {
			require.Equal(t, packed[1:], value)
		}
	})
}
