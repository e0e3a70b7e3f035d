package picture_test

import (
	"image"
	"testing"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode/picture"
)

// BenchmarkRead reads pictures of 2,000 by 1,000 pixels.
func BenchmarkRead(b *testing.B) {
	l := newLabels(41)
	m := l.imb(b)
	letter := func(camera mailpiece.Camera) *image.Gray {
		sheet := l.pressFor(b, 200).Blank(10, 5)
		for i := range 4 {
			sheet.Text(mailpiece.Regular, 11, 4, 3+0.18*float64(i), "SAMPLE RECIPIENT ILLINOIS 12345")
			sheet.Text(mailpiece.Regular, 8, 0.4, 0.4+0.14*float64(i), "EXAMPLE WIDGETS INC")
		}
		sheet.IMb(4, 2.6, &m, mailpiece.Bars{})
		return sheet.Photograph(1, camera)
	}
	blank := image.NewGray(image.Rect(0, 0, 2000, 1000))
	stripes, chaos := image.NewGray(blank.Rect), image.NewGray(blank.Rect)
	for i := range stripes.Pix {
		stripes.Pix[i] = 255 * uint8(i/4&1)
		chaos.Pix[i] = uint8(l.Uint32())
	}
	for name, grey := range map[string]*image.Gray{
		"clean":           letter(mailpiece.Camera{Rotation: 3, Blur: 0.7, Grain: 3}),
		"noise of 2 %":    letter(mailpiece.Camera{Rotation: 3, Blur: 0.7, Grain: 3, Noise: 0.02}),
		"noise of 6 %":    letter(mailpiece.Camera{Rotation: 3, Blur: 0.7, Grain: 3, Noise: 0.06}),
		"upside down":     letter(mailpiece.Camera{Rotation: 183, Blur: 0.7, Grain: 3, Noise: 0.02}),
		"turned sideways": letter(mailpiece.Camera{Rotation: 91, Blur: 0.7, Grain: 3, Noise: 0.02}),
		"blank":           blank, "stripes": stripes, "noise alone": chaos,
	} {
		b.Run(name, func(b *testing.B) {
			reader := picture.NewReader(nil)
			b.SetBytes(int64(len(grey.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reader.Read(grey); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
