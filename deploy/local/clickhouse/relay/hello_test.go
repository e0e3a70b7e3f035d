package relay

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/stretchr/testify/require"
)

func helloOf(database, user, password string) []byte {
	var b proto.Buffer
	proto.ClientHello{Name: "a client", Major: 26, Minor: 7, ProtocolVersion: 54483, Database: database, User: user, Password: password}.Encode(&b)
	return b.Buf
}

func TestReadHello(t *testing.T) {
	whole := helloOf("mailtrail", "ann", "hers")
	for name, from := range map[string]io.Reader{
		"at once":      bytes.NewReader(whole),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(whole)),
	} {
		h, err := readHello(from)
		require.NoError(t, err, name)
		require.Equal(t, hello{database: "mailtrail", user: "ann", password: "hers", raw: whole}, h, name)
	}
	behind := append(bytes.Clone(whole), "more"...)
	h, err := readHello(bytes.NewReader(behind))
	require.NoError(t, err)
	require.Equal(t, behind, h.raw, "what came behind the packet is not lost")

	for n := range whole {
		_, err := readHello(bytes.NewReader(whole[:n]))
		require.Error(t, err, "cut after %d bytes", n)
	}
}

func TestReadHelloRefuses(t *testing.T) {
	var long proto.Buffer
	proto.ClientCodeHello.Encode(&long)
	long.PutInt(1 << 40)
	for name, c := range map[string]struct {
		sent string
		want error
	}{
		"HTTP":                  {"GET / HTTP/1.1\r\n\r\n", errHTTP},
		"TLS":                   {"\x16\x03\x01\x02\x00", errNotHello},
		"a query":               {"\x01", errNotHello},
		"a text of a terabyte":  {string(long.Buf), errNotHello},
		"a text over the bound": {string(helloOf("", strings.Repeat("a", maxText+1), "")), errNotHello},
		"texts at the bound":    {string(helloOf(strings.Repeat("a", maxText), strings.Repeat("a", maxText), strings.Repeat("a", maxText))), nil},
	} {
		_, err := readHello(strings.NewReader(c.sent))
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := readHello(strings.NewReader(strings.Repeat("\xff", 11)))
	require.ErrorContains(t, err, "overflows")
}

func FuzzReadHello(f *testing.F) {
	f.Add(helloOf("mailtrail", "ann", "hers"))
	f.Add(helloOf("", "default", ""))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, sent []byte) {
		h, err := readHello(bytes.NewReader(sent))
		if err != nil {
			return
		}
		require.True(t, bytes.HasPrefix(sent, h.raw), "handed on as it came")
		require.LessOrEqual(t, len(h.raw), maxHello)
		var theirs proto.ClientHello
		r := proto.NewReader(bytes.NewReader(h.raw))
		kind, err := r.UVarInt()
		require.NoError(t, err)
		require.EqualValues(t, proto.ClientCodeHello, kind)
		require.NoError(t, theirs.Decode(r))
		require.Equal(t, []string{theirs.Database, theirs.User, theirs.Password}, []string{h.database, h.user, h.password})
	})
}
