package picture_test

import (
	"bytes"
	"hash/crc32"
	"image"
	"testing"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/barcode/picture"
)

func pngCheckSum(chunk []byte) uint32 { return crc32.ChecksumIEEE(chunk) }

// FuzzRead reads pixels as they come: any picture has an answer, and the same one again.
func FuzzRead(f *testing.F) {
	l := newLabels(31)
	for range 3 { // small, so that many are tried
		m := l.imb(f)
		sheet := l.pressFor(f, 80).Blank(3.4, 0.3)
		sheet.IMb(0.05, 0.05, &m, mailpiece.Bars{})
		grey := sheet.Photograph(l.Uint64(), mailpiece.Camera{Noise: 0.01, Blur: 0.4})
		f.Add(uint16(grey.Rect.Dx()), grey.Pix)
	}
	f.Add(uint16(70), bytes.Repeat([]byte{0, 0, 255, 255}, 400))
	f.Add(uint16(300), bytes.Repeat([]byte{10, 200, 200, 30, 190}, 900))
	f.Add(uint16(1), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, width uint16, pixels []byte) {
		if width == 0 || len(pixels) < int(width) {
			return
		}
		grey := &image.Gray{Pix: pixels, Stride: int(width), Rect: image.Rect(0, 0, int(width), len(pixels)/int(width))}
		reader := picture.NewReader(nil)
		found, err := reader.Read(grey)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := reader.Read(grey)
		if len(again) != len(found) || len(found) > 128 {
			t.Fatalf("%d barcodes, then %d", len(found), len(again))
		}
		for _, one := range found {
			if (one.Err == nil) == one.Repaired.IMb.IsZero() {
				t.Fatalf("%s: %v", one.Bars, one.Err)
			}
			if one.Err == nil && len(one.Bars) != barcode.BarCount {
				t.Fatalf("%d bars", len(one.Bars))
			}
		}
	})
}

// FuzzDecode decodes files: any has a picture or an error.
func FuzzDecode(f *testing.F) {
	l := newLabels(32)
	grey, _ := l.draw(f, scene{dotsPerInch: 50})
	for _, format := range []mailpiece.Format{mailpiece.JPEG, mailpiece.PNG, mailpiece.TIFF} {
		file, err := mailpiece.Encode(grey, format)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Add([]byte("II*\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		decoded, err := picture.Decode(file)
		if (err == nil) == (decoded == nil) {
			t.Fatal("neither a picture nor an error")
		}
		if err == nil && len(decoded.Pix) < (decoded.Rect.Dy()-1)*decoded.Stride+decoded.Rect.Dx() {
			t.Fatalf("%d pixels for %s", len(decoded.Pix), decoded.Rect)
		}
	})
}
