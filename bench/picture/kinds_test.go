package picture

import (
	"image"
	"math/rand/v2"

	"mailtrail/pipeline/simulate/mailpiece"
	"mailtrail/schemas/barcode"
)

// kind is a kind of pictures.
type kind struct {
	name        string
	dotsPerInch int
	pictures    int // in the long form
	camera      func(*rand.Rand) mailpiece.Camera
	print       func(*rand.Rand, *mailpiece.Press, *barcode.IMb) *mailpiece.Sheet // letter, if not said
	finish      func(*image.Gray)                                                 // where the picture is not left as it is
	right       float64                                                           // the least share that must be read, percent
	none        bool                                                              // there is no barcode in it
}

func kinds() []kind {
	return []kind{
		{name: "2 % noise", dotsPerInch: 200, pictures: 500, camera: machine(0.02), right: 99},
		{name: "6 % noise", dotsPerInch: 200, pictures: 500, camera: machine(0.06), right: 95},
		{name: "20 % noise", dotsPerInch: 200, pictures: 100, camera: machine(0.20)},
		{name: "2 % noise, black and white", dotsPerInch: 200, pictures: 100, camera: machine(0.02), finish: blackAndWhite, right: 95},
		{name: "2 % noise, blur of 1.4 pixels", dotsPerInch: 200, pictures: 100, camera: with(machine(0.02), func(c *mailpiece.Camera) { c.Blur = 1.4 }), right: 95},
		{name: "2 % noise, ink of a third", dotsPerInch: 200, pictures: 100, camera: with(machine(0.02), func(c *mailpiece.Camera) { c.Ink = 0.33 }), right: 80},
		{name: "2 % noise, upside down", dotsPerInch: 200, pictures: 100, camera: with(machine(0.02), func(c *mailpiece.Camera) { c.Rotation += 180 }), right: 99},
		{name: "2 % noise, turned sideways", dotsPerInch: 200, pictures: 100, camera: with(machine(0.02), func(c *mailpiece.Camera) { c.Rotation += 90 }), right: 99},
		{name: "2 % noise, turned by up to 10 degrees", dotsPerInch: 200, pictures: 100, camera: with(machine(0.02), func(c *mailpiece.Camera) { c.Rotation *= 2 }), right: 95},
		{name: "2 % noise, leaning by 4 degrees", dotsPerInch: 200, pictures: 100, camera: with(machine(0.02), func(c *mailpiece.Camera) { c.Skew = 4 }), right: 95},
		{name: "2 % noise, 150 dots per inch", dotsPerInch: 150, pictures: 100, camera: machine(0.02), right: 95},
		{name: "2 % noise, 100 dots per inch", dotsPerInch: 100, pictures: 100, camera: sharper(machine(0.02))},
		{name: "6 % noise, 100 dots per inch", dotsPerInch: 100, pictures: 200, camera: sharper(machine(0.06))},
		{name: "2 % noise, 80 dots per inch", dotsPerInch: 80, pictures: 200, camera: sharper(machine(0.02))},
		{name: "2 % noise, 300 dots per inch", dotsPerInch: 300, pictures: 30, camera: machine(0.02), right: 95},
		{name: "2 % noise, up to 20 blots on the bars", dotsPerInch: 200, pictures: 500, camera: machine(0.02), print: blotted},
		{name: "6 % noise, letters without a barcode", dotsPerInch: 200, pictures: 100, camera: machine(0.06), none: true},
		{name: "2 % noise, Code 128 instead", dotsPerInch: 200, pictures: 200, camera: machine(0.02), print: code128, none: true},
		{name: "2 % noise, 65 bars that are no barcode", dotsPerInch: 200, pictures: 500, camera: machine(0.02), print: randomBars, none: true},
	}
}

// machine takes pictures as sorting machines do: turned by up to five degrees, with some blur and uneven light.
func machine(noise float64) func(*rand.Rand) mailpiece.Camera {
	return func(r *rand.Rand) mailpiece.Camera {
		return mailpiece.Camera{
			Rotation: 10*r.Float64() - 5, Noise: noise, Blur: 0.5 + 0.4*r.Float64(), Grain: 1 + 3*r.Float64(), Shade: 0.35 * r.Float64(),
		}
	}
}

func with(camera func(*rand.Rand) mailpiece.Camera, change func(*mailpiece.Camera)) func(*rand.Rand) mailpiece.Camera {
	return func(r *rand.Rand) mailpiece.Camera {
		c := camera(r)
		change(&c)
		return c
	}
}

// sharper is the blur of a coarser camera, which is as wide on the paper as that of others.
func sharper(camera func(*rand.Rand) mailpiece.Camera) func(*rand.Rand) mailpiece.Camera {
	return with(camera, func(c *mailpiece.Camera) { c.Blur *= 0.6 })
}

func blackAndWhite(grey *image.Gray) {
	for i, level := range grey.Pix {
		grey.Pix[i] = uint8(int8(level) >> 7) // 0 below 128, 255 from there on
	}
}

// label is a small sheet, for kinds of which many are needed.
func label(press *mailpiece.Press) *mailpiece.Sheet {
	sheet := press.Blank(4, 0.9)
	sheet.Text(mailpiece.Regular, 10, 0.6, 0.16, "SAMPLE ADDRESS SERVICE")
	sheet.Text(mailpiece.Mono, 10, 0.6, 0.78, "1234 SPECIMEN LN")
	return sheet
}

// blotted is a label on whose bars are blots, some large enough to pass for an ascender or a descender.
func blotted(r *rand.Rand, press *mailpiece.Press, m *barcode.IMb) *mailpiece.Sheet {
	sheet := label(press)
	sheet.IMb(0.4, 0.32, m, mailpiece.Bars{})
	for range r.IntN(21) {
		x, y := 0.55+2.9*r.Float64(), 0.348+0.145*r.Float64()
		sheet.Rectangle(x, y, x+0.01+0.02*r.Float64(), y+0.02+0.04*r.Float64())
	}
	return sheet
}

// code128 is a label with bars and spaces of one to four modules, as Code 128 and its kind have them.
func code128(r *rand.Rand, press *mailpiece.Press, _ *barcode.IMb) *mailpiece.Sheet {
	sheet := label(press)
	for x := 0.3; x < 3.6; {
		bar, space := 0.01*float64(1+r.IntN(4)), 0.01*float64(1+r.IntN(4))
		sheet.Rectangle(x, 0.2, x+bar, 0.65)
		x += bar + space
	}
	return sheet
}

// randomBars is a label with 65 bars that someone made up.
func randomBars(r *rand.Rand, press *mailpiece.Press, _ *barcode.IMb) *mailpiece.Sheet {
	sheet := label(press)
	for i := range barcode.BarCount {
		x := 0.5 + float64(i)/22
		sheet.Rectangle(x, 0.4-0.048*float64(r.IntN(2)), x+0.02, 0.448+0.048*float64(r.IntN(2)))
	}
	return sheet
}
