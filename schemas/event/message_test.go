package event

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestIdentity(t *testing.T) {
	for _, bad := range []string{"", "a/1/2", "a/1/2/3/4", "/1/2/3", "a/-1/2/3", "a/1/-2/3", "a/1/2/-3", "a/x/2/3", "a/2147483648/2/3", "a/1/2/4294967296"} {
		_, err := ParseIdentity(bad)
		require.Error(t, err, bad)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := Identity{Topic: "mail.scans", Partition: rapid.Int32Min(0).Draw(t, "partition"), Offset: rapid.Int64Min(0).Draw(t, "offset"), Index: rapid.Uint32().Draw(t, "index")}
		got, err := ParseIdentity(want.String())
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func FuzzParseIdentity(f *testing.F) {
	f.Add("mail.scans/3/17/0")
	f.Add("a/+1/2/3")
	f.Fuzz(func(t *testing.T, text string) {
		if identity, err := ParseIdentity(text); err == nil {
			again, err := ParseIdentity(identity.String())
			require.NoError(t, err)
			require.Equal(t, identity, again)
		}
	})
}

func TestPart(t *testing.T) {
	for _, bad := range []string{"", "1", "0/1", "2/1", "-1/1", "1/", "/1", "a/b", "1/2/3"} {
		_, err := ParsePart(bad)
		require.Error(t, err, bad)
	}
	got, err := ParsePart("2/3")
	require.NoError(t, err)
	require.Equal(t, Part{2, 3}, got)
	require.Equal(t, "2/3", got.String())
}

func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		places := rapid.SliceOfNDistinct(rapid.Uint32Range(0, 200), 1, 100, rapid.ID[uint32]).Draw(t, "places")
		in := map[uint32]bool{}
		for _, p := range places {
			in[p] = true
		}
		var r Ranges
		var sorted []uint32
		for p := range uint32(201) {
			if in[p] {
				r = r.Add(p)
				sorted = append(sorted, p)
			}
		}
		again, err := ParseRanges(r.String())
		require.NoError(t, err)
		require.Equal(t, r, again)
		require.EqualValues(t, len(sorted), r.Len())
		for p := range uint32(202) {
			require.Equal(t, in[p], r.Contains(p))
		}
		for i, p := range sorted {
			got, ok := r.At(uint64(i))
			require.True(t, ok)
			require.Equal(t, p, got)
		}
		_, ok := r.At(r.Len())
		require.False(t, ok)
	})
}

func FuzzParseRanges(f *testing.F) {
	for _, seed := range []string{"0-3,5-499", "0", "3,2", "1-0", "4294967295", "4294967294", "0,1", "+1", "00", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRanges(text)
		if err != nil {
			return
		}
		next := uint64(0)
		for _, each := range r {
			require.LessOrEqual(t, next, uint64(each.First))
			require.LessOrEqual(t, each.First, each.Last)
			require.Less(t, each.Last, uint32(math.MaxUint32))
			next = uint64(each.Last) + 1
		}
		again, err := ParseRanges(r.String())
		require.NoError(t, err)
		require.Equal(t, r, again)
	})
}
