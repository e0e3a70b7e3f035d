package simulate

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"mailtrail/schemas/barcode"
	"mailtrail/schemas/event"
)

// scans generates and calls see for every event in JSON that can be read, copies left out.
func scans(t *testing.T, o Options, see func(*event.Scan)) {
	t.Helper()
	_, err := Generate(context.Background(), o, func(r *Request) error {
		for i := range r.Len() {
			s := &event.Scan{}
			if !r.Copy && s.DecodeJSON(r.Event(i)) == nil && s.Check() == nil {
				see(s)
			}
		}
		return nil
	})
	require.NoError(t, err)
}

func hashOf(t *testing.T, o Options) uint64 {
	t.Helper()
	hash := xxhash.New()
	_, err := Generate(context.Background(), o, func(r *Request) error {
		_, _ = hash.WriteString(r.Key)
		_, _ = hash.Write(r.Body)
		return nil
	})
	require.NoError(t, err)
	return hash.Sum64()
}

func TestSameOptionsSameMail(t *testing.T) {
	hashes := map[uint64]bool{}
	for _, seed := range []uint64{1, 2} {
		for _, wire := range []Wire{JSON, Protobuf} {
			o := testOptions(20_000)
			o.Seed, o.Wire = seed, wire
			first := hashOf(t, o)
			o.Rate = 1e9 // a pace that never waits
			require.Equal(t, first, hashOf(t, o))
			hashes[first] = true
		}
	}
	require.Len(t, hashes, 4, "seed and wire must make a difference")
}

// The door changes whether there are copies, the wire how an event is written;
// neither changes the mail.
func TestSameMailAtEveryDoorAndInEveryForm(t *testing.T) {
	events := func(door Door, wire Wire) (values [][event.NumFields]string) {
		o := testOptions(20_000)
		o.Door, o.Wire, o.Shares.Malformed = door, wire, 0
		_, err := Generate(context.Background(), o, func(r *Request) error {
			for i := range r.Len() {
				if r.Copy {
					break
				}
				var s event.Scan
				if wire == JSON {
					require.Nil(t, s.DecodeJSON(r.Event(i)))
				} else {
					batch := event.NewBatch(r.Event(i))
					raw, _, _ := batch.Next()
					require.Nil(t, s.DecodeProto(raw))
				}
				require.Nil(t, s.Check())
				require.Zero(t, s.Unknown)
				texts := [event.NumFields]string{}
				for f, text := range s.Values {
					texts[f] = string(text)
				}
				texts[event.ScanDatetime] = time.UnixMilli(s.Time.WallMilli).String()
				values = append(values, texts)
			}
			return nil
		})
		require.NoError(t, err)
		return values
	}
	want := events(HTTP, JSON)
	require.Len(t, want, 20_000)
	require.True(t, slices.Equal(want, events(File, JSON)))
	require.True(t, slices.Equal(want, events(Kafka, Protobuf)))
}

func TestSharesAreNearWhatWasAsked(t *testing.T) {
	o := testOptions(300_000)
	o.Shares.ThreeWrong = 0.005 // to judge them takes most of the time
	total, requests := map[damage]float64{}, map[string]float64{}
	var previous int64
	_, err := Generate(context.Background(), o, func(r *Request) error {
		if r.Copy {
			requests["copies"]++
			return nil
		}
		requests["all"]++
		for _, l := range r.labels {
			total[l.damage]++
		}
		if number := numberOf(r.Key); number < previous {
			requests["out of order"]++
		} else {
			previous = number
		}
		return nil
	})
	require.NoError(t, err)
	near := func(name string, got, asked float64) {
		require.InEpsilon(t, asked, got, 0.35, name)
	}
	s, n := o.Shares, float64(o.Count)
	near("stale", total[stale]/n, s.Stale)
	near("expired", total[expired]/n, s.Expired)
	near("contradictory", total[contradictory]/n, s.Contradictory)
	near("unreadable", total[unreadable]/n, s.Unreadable)
	near("unknown facility", total[unknownFacility]/n, s.UnknownFacility)
	near("future", total[future]/n, s.Future)
	near("one wrong bar", total[oneWrong]/n, s.OneWrong)
	near("two wrong bars", total[twoWrong]/n, s.TwoWrong)
	near("three wrong bars", total[threeWrong]/n, s.ThreeWrong)
	near("bars not read", total[erased]/n, s.Erased)
	for d := firstMalformed; d <= lastMalformed; d++ {
		near("malformed", total[d]/n, s.Malformed/6)
	}
	near("repeated", requests["copies"]/requests["all"], s.Repeated)
	near("out of order", requests["out of order"]/requests["all"], s.OutOfOrder)

	o.Shares = Shares{Late: s.Late, UnknownSTID: s.UnknownSTID, Bars: s.Bars, LocalTime: s.LocalTime}
	marks, mailpieces := map[string]float64{}, 0.0
	scans(t, o, func(scan *event.Scan) {
		if !scan.Time.HasOffset {
			marks["local"]++
		}
		if age := o.Now.Sub(time.UnixMilli(scan.Time.UnixMilli())); age > 7*day {
			marks["late"]++
			require.Less(t, age, oldestLate+day)
		}
		if piece, ok := mailpiece(scan); ok {
			mailpieces++
			if scan.Has(event.Bars) {
				marks["bars"]++
			}
			if _, known := barcode.BuiltinServiceTypes().Lookup(piece.STID()); !known {
				marks["unknown"]++
			}
		}
	})
	near("local time", marks["local"]/n, s.LocalTime)
	near("late, by more than the longest way", marks["late"]/n, s.Late*0.75)
	near("bars", marks["bars"]/mailpieces, s.Bars)
	near("unknown STID", marks["unknown"]/mailpieces, s.UnknownSTID)
}

func numberOf(key string) (n int64) {
	for _, c := range key[len("sim-0123456789abcdef-"):] {
		n = n*10 + int64(c-'0')
	}
	return n
}

func mailpiece(s *event.Scan) (barcode.IMb, bool) {
	if s.Has(event.IMb) {
		m, err := barcode.ParseIMb(s.Values[event.IMb])
		return m, err == nil
	}
	m, _, err := barcode.DecodeBars(s.Values[event.Bars])
	return m, err == nil
}

func TestMailLooksLikeMail(t *testing.T) {
	o := testOptions(100_000)
	o.Shares = Shares{Bars: 0.03}
	types := barcode.BuiltinServiceTypes()
	pieces, tags := map[string]int{}, map[string]string{}
	objects, routing, classes := map[event.Field]int{}, map[int]int{}, map[string]int{}
	mids, codes, lastMachine, sameMachine := map[int]int{}, map[string]int{}, "", 0
	scans(t, o, func(s *event.Scan) {
		object, _ := s.Object()
		objects[object]++
		at := time.UnixMilli(s.Time.UnixMilli())
		require.False(t, at.Before(o.Now.Add(-day-history)) || at.After(o.Now), "%s is not in the day of mail", at)
		var key []byte
		if m, ok := mailpiece(s); ok {
			key, _ = m.AppendPieceKey(nil, types)
			routing[len(m.Routing())]++
			mids[len(m.MID())]++
			require.Len(t, s.Values[event.IDTag], 20)
			if tag, seen := tags[string(key)]; seen {
				require.Equal(t, tag, string(s.Values[event.IDTag]), "one idTag a piece")
			}
			tags[string(key)] = string(s.Values[event.IDTag])
		} else {
			require.False(t, s.Has(event.IDTag))
			key = s.Values[object]
		}
		if object != event.IMtb && object != event.IMcb {
			pieces[string(key)]++
		}
		classes[string(s.Values[event.MailShapeDescription])]++
		codes[string(s.Values[event.ScanEventCode])]++
		machine := string(s.Values[event.MachineID]) + string(s.Values[event.DeviceID]) + string(s.Values[event.ScanLocaleKey]) + string(s.Values[event.ScanEventCode])
		if machine == lastMachine {
			sameMachine++
		}
		lastMachine = machine
	})
	n := 0
	for _, scanned := range pieces {
		n += scanned
	}
	require.InDelta(t, 5.9, float64(n)/float64(len(pieces)), 0.4, "scans a piece")
	distinct := map[string]bool{}
	for _, tag := range tags {
		distinct[tag] = true
	}
	require.Len(t, distinct, len(tags), "no two pieces have one idTag")
	require.Greater(t, sameMachine, int(o.Count)*95/100, "a machine works through a tray")
	for _, f := range event.Objects {
		if f == event.PLANET {
			continue // mail of the model is of today, and CONFIRM has ended
		}
		require.Positive(t, objects[f], f.String())
	}
	require.Greater(t, routing[11], routing[9])
	require.Greater(t, routing[9], routing[5])
	require.Positive(t, routing[5])
	require.Positive(t, routing[0])
	require.Positive(t, mids[6])
	require.Positive(t, mids[9])
	for _, shape := range []string{"Letter", "Flat", "Package"} {
		require.Positive(t, classes[shape], shape)
	}
	for _, code := range []string{"015", "873", "874", "891", "893", "895", "918", "919", "03", "10", "07", "OF", "01", "02"} {
		require.Positive(t, codes[code], code)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("a million events")
	}
	o := testOptions(1_000_000)
	o.Shares.TwoWrong, o.Shares.ThreeWrong, o.Shares.Erased = 0.001, 0.001, 0.001 // to judge them takes most of the time
	var most uint64
	requests := 0
	_, err := Generate(context.Background(), o, func(*Request) error {
		if requests++; requests%250 == 0 {
			var memory runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&memory)
			most = max(most, memory.HeapAlloc)
		}
		return nil
	})
	require.NoError(t, err)
	require.Less(t, most, uint64(64<<20), "bytes in use; the events themselves are over 500 MiB")
}

func TestAnyOptions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := testOptions(uint64(rapid.IntRange(1, 3000).Draw(t, "count")))
		o.Seed = rapid.Uint64().Draw(t, "seed")
		o.BatchSize = rapid.IntRange(1, 700).Draw(t, "batch size")
		o.Mailers = rapid.IntRange(1, 50).Draw(t, "mailers")
		o.Door = rapid.SampledFrom([]Door{HTTP, Kafka, File}).Draw(t, "door")
		o.Shares.Repeated = rapid.Float64Range(0, 1).Draw(t, "repeated")
		o.Shares.OutOfOrder = rapid.Float64Range(0, 1).Draw(t, "out of order")
		o.Shares.Late = rapid.Float64Range(0, 1).Draw(t, "late")
		sent, copies := uint64(0), uint64(0)
		repeated := map[string]bool{}
		truth, err := Generate(context.Background(), o, func(r *Request) error {
			if r.Len() < 1 || r.Len() > o.BatchSize {
				t.Fatalf("request of %d events", r.Len())
			}
			sent += uint64(r.Len())
			if r.Copy {
				copies += uint64(r.Len())
				if !repeated[r.Key] {
					t.Fatal("a copy came before its request")
				}
				delete(repeated, r.Key)
			} else if r.Repeated {
				repeated[r.Key] = true
			}
			return nil
		})
		if err != nil || sent-copies != o.Count || len(repeated) != 0 {
			t.Fatalf("%v: %d events, %d of them copies, %d copies missing, of %d", err, sent, copies, len(repeated), o.Count)
		}
		for _, door := range []Door{HTTP, Kafka} {
			told := uint64(0)
			for _, n := range truth.Totals(door) {
				told += n
			}
			if (door == o.Door || o.Door == File) != (told == sent) {
				t.Fatalf("truth of %s tells of %d events of %d", door, told, sent)
			}
		}
	})
}

func TestGenerateEndsWithContextAndError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	sent := uint64(0)
	truth, err := Generate(ctx, testOptions(100_000), func(r *Request) error {
		if sent += uint64(r.Len()); sent >= 5000 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	told := uint64(0)
	for _, n := range truth.Totals(HTTP) {
		told += n
	}
	require.Equal(t, sent, told)

	full := errors.New("disk is full")
	_, err = Generate(context.Background(), testOptions(10), func(*Request) error { return full })
	require.ErrorIs(t, err, full)
}

func BenchmarkGenerate(b *testing.B) {
	for _, wire := range []Wire{JSON, Protobuf} {
		b.Run(string(wire), func(b *testing.B) {
			b.ReportAllocs()
			o := Defaults(testNow)
			o.Wire, o.Count = wire, uint64(max(b.N, 1))
			if _, err := Generate(context.Background(), o, func(*Request) error { return nil }); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
