package kafka

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestInflateBoundsABatch(t *testing.T) {
	const limit = 1 << 17
	for _, c := range codecs()[1:] {
		f := inflater{limit: limit}
		most := bytes.Repeat([]byte("01234567"), limit/8)
		before := []byte("before ")
		out, err := f.append(before, c.compress(most), c.bits)
		require.NoError(t, err, c.name)
		require.Equal(t, "before "+string(most), string(out), c.name)
		_, err = f.append(nil, c.compress(append(most, '.')), c.bits)
		require.ErrorIs(t, err, errTooLarge, c.name)
		require.ErrorContains(t, err, "more than 131072 bytes", c.name)
		bomb, err := f.append(nil, c.compress(make([]byte, 40*limit)), c.bits)
		require.ErrorIs(t, err, errTooLarge, c.name)
		require.Less(t, cap(bomb), 2*limit+4<<20, c.name)
	}
}

func TestInflateOfDamagedBytes(t *testing.T) {
	plain := bytes.Repeat([]byte("an event of some bytes, and "), 5000)
	for _, c := range codecs()[1:] {
		f := inflater{limit: 1 << 20}
		compressed := c.compress(plain)
		for cut := range len(compressed) {
			if cut > 100 && cut < len(compressed)-100 {
				continue
			}
			out, err := f.append([]byte("before"), compressed[:cut], c.bits)
			if err == nil { // some formats have no end of their own
				require.True(t, bytes.HasPrefix(append([]byte("before"), plain...), out), "%s cut at %d", c.name, cut)
				continue
			}
			require.False(t, Transient(err), "%s: %v", c.name, err)
		}
		for place := range compressed {
			if place > 200 && place < len(compressed)-50 {
				continue
			}
			broken := bytes.Clone(compressed)
			broken[place] ^= 0x55
			_, _ = f.append(nil, broken, c.bits) // the checksum of the batch finds what this does not
		}
		out, err := f.append(nil, compressed, c.bits)
		require.NoError(t, err, "what was damaged before does not matter")
		require.Equal(t, plain, out)
	}
}

func TestReusedBufferIsHeldAndLetGo(t *testing.T) {
	var b reused
	read := func(size int) { require.NoError(t, b.read(bytes.NewReader(make([]byte, size)), size)) }
	read(8 << 20)
	large := cap(b.bytes)
	for range 10 * roomyTimes {
		read(large/4 + 1)
	}
	require.Equal(t, large, cap(b.bytes))
	in := bytes.NewReader(nil)
	content := make([]byte, large/4+1)
	require.Zero(t, testing.AllocsPerRun(20, func() { in.Reset(content); _ = b.read(in, len(content)) }))
	for range roomyTimes + 1 {
		read(1000)
	}
	require.LessOrEqual(t, cap(b.bytes), growBytes, "what one large answer needed is let go after a while")

	b = reused{}
	require.ErrorIs(t, b.read(bytes.NewReader(make([]byte, 100)), 1<<30), io.ErrUnexpectedEOF)
	require.LessOrEqual(t, cap(b.bytes), 2*growBytes, "a size alone costs no memory")
	require.NoError(t, b.read(iotest.OneByteReader(bytes.NewReader([]byte("event"))), 5))
	require.Equal(t, "event", string(b.bytes))
}
