package barcode_test

import (
	"bytes"
	"testing"

	"mailtrail/schemas/barcode"
)

func FuzzParseIMb(f *testing.F) {
	f.Add([]byte(sampleTracking))
	f.Add([]byte(sampleTracking + "01234567891"))
	f.Add([]byte(" 9400910001323040000112345 "))
	f.Fuzz(func(t *testing.T, digits []byte) {
		m, err := barcode.ParseIMb(digits)
		if err != nil {
			return
		}
		bars := m.Bars()
		back, upsideDown, err := barcode.DecodeBars(bars[:])
		if err != nil || upsideDown || back != m || !bytes.Contains(digits, m.Digits()) {
			t.Fatalf("%q: %s, %v", digits, back.Digits(), err)
		}
		key, _ := m.AppendPieceKey(nil, barcode.BuiltinServiceTypes())
		if len(key) > barcode.MaxPieceKey {
			t.Fatalf("%q: key %s", digits, key)
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add([]byte(sampleTracking), []byte("01234"))
	f.Add([]byte("0123456709498765432A"), []byte(""))
	f.Fuzz(func(t *testing.T, tracking, routing []byte) {
		bars, err := barcode.Encode(tracking, routing)
		if err != nil {
			return
		}
		m, _, err := barcode.DecodeBars(bars[:])
		if err != nil || !bytes.Contains(tracking, m.Tracking()) || !bytes.Contains(routing, m.Routing()) {
			t.Fatalf("%q %q: %s, %v", tracking, routing, m.Digits(), err)
		}
	})
}

func FuzzDecodeBars(f *testing.F) {
	for _, sample := range specSamples {
		f.Add([]byte(sample.bars))
		f.Add(upsideDownBars([]byte(sample.bars)))
	}
	f.Add([]byte("?TA"))
	f.Fuzz(func(t *testing.T, bars []byte) {
		m, upsideDown, err := barcode.DecodeBars(bars)
		if err != nil {
			return
		}
		want := bytes.ToUpper(bars)
		if upsideDown {
			want = upsideDownBars(want)
		}
		if again := m.Bars(); !bytes.Equal(again[:], want) {
			t.Fatalf("%q: decoded %s, whose bars are %s", bars, m.Digits(), again)
		}
	})
}

func FuzzParseIMpb(f *testing.F) {
	f.Add([]byte("4201028200009261290113185417468510"))
	f.Add([]byte("71969010756003077385"))
	f.Add([]byte("9400111206206406260787"))
	f.Fuzz(func(t *testing.T, digits []byte) {
		p, err := barcode.ParseIMpb(digits)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(bytes.Trim(digits, " "), bytes.TrimPrefix(p.Construct(), []byte("91"))) {
			t.Fatalf("%q: construct %s", digits, p.Construct())
		}
		fields := bytes.Join([][]byte{p.ApplicationIdentifier(), p.STC()}, nil)
		rest := bytes.Join([][]byte{p.MID(), p.Serial(), {p.CheckDigit()}}, nil)
		if !bytes.HasPrefix(p.Construct(), fields) || !bytes.HasSuffix(p.Construct(), rest) {
			t.Fatalf("%q: fields %s %s", digits, fields, rest)
		}
	})
}

func FuzzParseS10(f *testing.F) {
	f.Add([]byte("RB123456785GB"))
	f.Add([]byte("rb123456785us"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := barcode.ParseS10(text); err == nil && !bytes.Equal(s.Text(), bytes.ToUpper(bytes.Trim(text, " "))) {
			t.Fatalf("%q: %s", text, s.Text())
		}
	})
}

func FuzzParseIMtb(f *testing.F) {
	f.Add([]byte("101999241790234567812341"))
	f.Fuzz(func(t *testing.T, digits []byte) {
		tray, err := barcode.ParseIMtb(digits)
		if err != nil {
			return
		}
		fields := bytes.Join([][]byte{tray.DestinationZIP(), tray.CIN(), {tray.ProcessingCode()}, tray.MID(), tray.Serial(), {tray.LabelType()}}, nil)
		if !bytes.Equal(fields, tray.Digits()) {
			t.Fatalf("%q: %s", digits, fields)
		}
	})
}

func FuzzParseIMcb(f *testing.F) {
	f.Add([]byte("99M123456ABC123DEF456"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := barcode.ParseIMcb(text)
		if err != nil {
			return
		}
		if fields := "99M" + string(c.MID()) + string(c.Serial()); fields != string(c.Text()) {
			t.Fatalf("%q: %s", text, fields)
		}
	})
}

func FuzzParsePLANET(f *testing.F) {
	f.Add([]byte("401234567891"))
	f.Add([]byte("42012345678909"))
	f.Fuzz(func(t *testing.T, digits []byte) {
		p, err := barcode.ParsePLANET(digits)
		if err != nil {
			return
		}
		fields := bytes.Join([][]byte{p.ServiceType(), p.Subscriber(), p.Customer(), {p.CheckDigit()}}, nil)
		back, err := barcode.DecodePLANETBars(p.AppendBars(nil))
		if err != nil || back != p || !bytes.Equal(fields, p.Digits()) || !bytes.Contains(digits, fields) {
			t.Fatalf("%q: %s, %s, %v", digits, fields, back.Digits(), err)
		}
	})
}

func FuzzParsePOSTNET(f *testing.F) {
	f.Add([]byte("123455"))
	f.Add([]byte("5555512372"))
	f.Add([]byte("555551237552"))
	f.Fuzz(func(t *testing.T, digits []byte) {
		p, err := barcode.ParsePOSTNET(digits)
		if err != nil {
			return
		}
		fields := append(bytes.Clone(p.Routing()), p.CheckDigit())
		back, err := barcode.DecodePOSTNETBars(p.AppendBars(nil))
		if err != nil || back != p || !bytes.Contains(digits, fields) {
			t.Fatalf("%q: %s, %s, %v", digits, fields, back.Digits(), err)
		}
	})
}

func FuzzTwoStateBars(f *testing.F) {
	f.Add([]byte(planetSample.bars))
	f.Add([]byte(postnetSample.bars))
	f.Fuzz(func(t *testing.T, bars []byte) {
		planet, planetErr := barcode.DecodePLANETBars(bars)
		postnet, postnetErr := barcode.DecodePOSTNETBars(bars)
		switch {
		case planetErr == nil && postnetErr == nil:
			t.Fatalf("%q is both", bars)
		case planetErr == nil && !bytes.Equal(planet.AppendBars(nil), bytes.ToUpper(bars)):
			t.Fatalf("%q: %s", bars, planet.Digits())
		case postnetErr == nil && !bytes.Equal(postnet.AppendBars(nil), bytes.ToUpper(bars)):
			t.Fatalf("%q: %s", bars, postnet.Digits())
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		sampleTracking, specSamples[1].bars, "0307 1790 0005 2348 3741", "RB 123 456 785 GB", "99M-123456-abc123def456",
		"101999241790234567812341", "4201028200009261290113185417468510", "401234567891", "12345-5", planetSample.bars, postnetSample.bars, "\u00a0\u2013\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := barcode.Parse(text)
		key, _ := p.AppendPieceKey(nil, barcode.BuiltinServiceTypes())
		if (err == nil) != (p.Object != barcode.ObjectUnknown) || (err == nil) != (len(key) > 0) {
			t.Fatalf("%q: object %s, key %q, %v", text, p.Object, key, err)
		}
	})
}

func FuzzParseServiceTypes(f *testing.F) {
	f.Add([]byte(head + "270 first-class - full iv - none\n"))
	f.Add([]byte(head + "270 share - full iv - none - 2024-01-01\n270 first-class - full iv - none 2024-01-01\n"))
	f.Add([]byte("# nothing\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		types, err := barcode.ParseServiceTypes(text)
		if (err == nil) != (types != nil) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}

func FuzzParseSpecialServices(f *testing.F) {
	f.Add([]byte(head + "073 certified\n71 certified\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		services, err := barcode.ParseSpecialServices(text)
		if (err == nil) != (services != nil) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
