package event

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"
)

// compiled returns the messages of scan.proto as a protobuf compiler sees them.
func compiled(t testing.TB) (batch, scan protoreflect.MessageDescriptor) {
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{
		Accessor: protocompile.SourceAccessorFromMap(map[string]string{"scan.proto": string(Proto)}),
	}}
	files, err := compiler.Compile(context.Background(), "scan.proto")
	require.NoError(t, err)
	messages := files[0].Messages()
	return messages.ByName("ScanBatch"), messages.ByName("ScanEvent")
}

func TestProtoFileAgreesWithTheTable(t *testing.T) {
	batch, scan := compiled(t)
	require.EqualValues(t, batchEventsNumber, batch.Fields().ByName("events").Number())
	require.Equal(t, scan, batch.Fields().ByName("events").Message())
	require.Equal(t, int(NumFields)+2, scan.Fields().Len(), "fields of the table, and the time in two numbers")
	require.EqualValues(t, scanUnixMilliNumber, scan.Fields().ByName("scan_unix_ms").Number())
	require.Equal(t, protoreflect.Int64Kind, scan.Fields().ByName("scan_unix_ms").Kind())
	require.True(t, scan.Fields().ByName("scan_unix_ms").HasPresence())
	require.EqualValues(t, scanOffsetMinutesNumber, scan.Fields().ByName("scan_offset_minutes").Number())
	require.Equal(t, protoreflect.Sint32Kind, scan.Fields().ByName("scan_offset_minutes").Kind())
	for f := range NumFields {
		field := scan.Fields().ByNumber(protowire.Number(f.Spec().Number))
		require.NotNil(t, field, f.String())
		require.Equal(t, f.String(), field.JSONName())
		require.Equal(t, f.String(), strings.ReplaceAll(lowerCamel(string(field.Name())), "_", ""))
		kind := protoreflect.StringKind
		if f.Spec().Kind == Count {
			kind = protoreflect.Uint32Kind
		}
		require.Equal(t, kind, field.Kind(), f.String())
	}
}

func lowerCamel(name string) string {
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
	}
	return strings.Join(parts, "")
}

// FuzzDecodeProto compares with the protobuf library: what it reads is read with
// the same texts, and what it refuses is refused, but for UTF-8, which Check asks
// for, and for the bounds of the two numbers.
func FuzzDecodeProto(f *testing.F) {
	_, descriptor := compiled(f)
	f.Add([]byte("\x0a\x01A"))
	f.Add([]byte("\x0a\x01A\x0a\x01B"))
	f.Add([]byte("\x40\x80\x80\x01\x48\x57\x9a\x01\x02AB"))
	f.Add([]byte("\x0b\x0c\xa3\x06\xa4\x06"))
	f.Add(protowire.AppendVarint([]byte{0x88, 0x05}, math.MaxUint64))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Scan
		err := s.DecodeProto(data)
		message := dynamicpb.NewMessage(descriptor)
		wantErr := proto.Unmarshal(data, message)
		if wantErr != nil {
			require.True(t, err != nil || strings.Contains(wantErr.Error(), "UTF-8"), "refused by the library, but read: %v", wantErr)
			return
		}
		if err != nil {
			require.Contains(t, []Code{Repeated, WrongType}, err.Code, err.Error())
			return
		}
		for field := range NumFields {
			got := message.Get(descriptor.Fields().ByNumber(protowire.Number(field.Spec().Number)))
			if field.Spec().Kind == Count {
				if len(s.Values[field]) <= 9 {
					require.EqualValues(t, got.Uint(), s.Count(field))
				}
				continue
			}
			require.Equal(t, got.String(), string(s.Values[field]), field.String())
		}
		unix := descriptor.Fields().ByNumber(scanUnixMilliNumber)
		require.Equal(t, message.Has(unix), s.hasUnixMilli)
		require.Equal(t, message.Get(unix).Int(), s.unixMilli)
	})
}

// FuzzBatch compares with the protobuf library, and wants every byte accounted for.
func FuzzBatch(f *testing.F) {
	descriptor, _ := compiled(f)
	f.Add([]byte("\x0a\x03\x0a\x01A\x0a\x00"))
	f.Add([]byte("\x10\x01\x0a\x03\x0a\x01A"))
	f.Add([]byte("\x0a\x05A"))
	f.Fuzz(func(t *testing.T, data []byte) {
		batch := NewBatch(data)
		var events [][]byte
		broken := false
		for {
			raw, ok, err := batch.Next()
			if !ok {
				break
			}
			if broken = err != nil; broken {
				require.Equal(t, NotReadable, err.Code)
				require.NotEmpty(t, raw)
				require.True(t, bytes.HasSuffix(data, raw))
				continue
			}
			events = append(events, raw)
		}
		message := dynamicpb.NewMessage(descriptor)
		if proto.Unmarshal(data, message) != nil {
			return
		}
		require.False(t, broken)
		list := message.Get(descriptor.Fields().ByNumber(batchEventsNumber)).List()
		require.Equal(t, list.Len(), len(events))
	})
}

// drawGood makes an event that passes Check.
func drawGood(t *rapid.T) *Scan {
	s := &Scan{}
	digits := func(n int) []byte {
		return []byte(rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), n, n, -1).Draw(t, "digits"))
	}
	s.Set(IMb, digits(31))
	s.Set(ScanDatetime, []byte(rapid.SampledFrom([]string{
		"2026-11-20T14:03:22.123-05:00", "2026-11-20T14:03:22", "2026-11-20 14:03:22.1Z", "1970-01-01T00:00:00+23:59", "1970-01-01T00:00:00Z", "2199-12-31T23:59:59.999-23:59",
	}).Draw(t, "time")))
	s.Set(MachineID, []byte("m"))
	for range rapid.IntRange(0, 8).Draw(t, "fields") {
		f := Field(rapid.IntRange(int(ScanLocaleKey), int(NumFields)-1).Draw(t, "field"))
		spec := f.Spec()
		switch spec.Kind {
		case Text:
			text := rapid.StringN(1, spec.Max, spec.Max).Draw(t, "text")
			s.Set(f, []byte(text))
		case Digits, Letters:
			n := spec.Max
			if spec.Lengths != nil {
				n = rapid.SampledFrom(spec.Lengths).Draw(t, "length")
			}
			s.Set(f, digits(n))
		case Count:
			s.Set(f, []byte(itoa(int(rapid.Uint32().Draw(t, "count")))))
		case Date:
			s.Set(f, []byte("2026-11-20"))
		case Moment:
			s.Set(f, []byte("2026-11-20T14:03:22"))
		}
	}
	require.Nil(t, s.Check())
	return s
}

// TestAppendProtoRoundTrip wants what was encoded to be read again by us and by
// the protobuf library, to pass Check, and to be the same bytes when it is encoded again.
func TestAppendProtoRoundTrip(t *testing.T) {
	descriptor, _ := compiled(t)
	rapid.Check(t, func(t *rapid.T) {
		s := drawGood(t)
		data := s.AppendProto(nil)
		batch := NewBatch(data)
		raw, ok, err := batch.Next()
		require.True(t, ok)
		require.Nil(t, err)
		require.Equal(t, data, WrapProto(raw))

		var again Scan
		require.Nil(t, again.DecodeProto(raw))
		require.Nil(t, again.Check())
		require.Equal(t, s.Time, again.Time)
		require.Zero(t, again.Unknown)
		want := valuesOf(s)
		if s.Time.HasOffset {
			delete(want, ScanDatetime)
		}
		require.Equal(t, want, valuesOf(&again))
		require.Equal(t, data, again.AppendProto(nil))

		message := dynamicpb.NewMessage(descriptor)
		require.NoError(t, proto.Unmarshal(data, message))
		scan := message.Get(descriptor.Fields().ByNumber(batchEventsNumber)).List().Get(0).Message()
		require.Empty(t, scan.GetUnknown())
		if s.Time.HasOffset {
			require.Equal(t, s.Time.UnixMilli(), scan.Get(scan.Descriptor().Fields().ByNumber(scanUnixMilliNumber)).Int())
			require.EqualValues(t, s.Time.OffsetMinutes, scan.Get(scan.Descriptor().Fields().ByNumber(scanOffsetMinutesNumber)).Int())
		}
		// The library writes fields by number and leaves out zeros, as proto3 does; read back it is the same event.
		written, writeErr := proto.MarshalOptions{Deterministic: true}.Marshal(message.Interface())
		require.NoError(t, writeErr)
		batch = NewBatch(written)
		raw, _, _ = batch.Next()
		again.Reset()
		require.Nil(t, again.DecodeProto(raw))
		require.Nil(t, again.Check())
		require.Equal(t, s.Time, again.Time)
	})
}

func TestTimeInNumbers(t *testing.T) {
	at := func(unixMilli, offset int64) *Scan {
		return &Scan{unixMilli: unixMilli, unixOffset: offset, hasUnixMilli: true}
	}
	const end = 7_258_118_400_000
	for _, good := range []*Scan{at(0, 0), at(-60_000, 1), at(end-1, 0), at(end-60_001+120_000, -1)} {
		require.Nil(t, good.checkUnixTime())
		require.Equal(t, good.unixMilli, good.Time.UnixMilli())
	}
	for _, bad := range []*Scan{at(-1, 0), at(0, -1), at(end, 0), at(end-1, 1), at(0, 1440), at(end-1, -1440), at(math.MaxInt64, 1439), at(math.MinInt64, -1439), at(0, math.MaxInt64)} {
		require.NotNil(t, bad.checkUnixTime())
	}
	both := at(0, 0)
	both.Set(ScanDatetime, []byte("2026-11-20T14:03:22Z"))
	require.Equal(t, Repeated, both.checkUnixTime().Code)
}
