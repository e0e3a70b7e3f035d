package barcode

import "image"

// glyphs are the ten digits, seven rows of five dots each, the leftmost the highest bit.
var glyphs = [10][glyphHeight]uint8{
	{0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110},
	{0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110},
	{0b01110, 0b10001, 0b00001, 0b00010, 0b00100, 0b01000, 0b11111},
	{0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110},
	{0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010},
	{0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110},
	{0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110},
	{0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000},
	{0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110},
	{0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100},
}

const (
	glyphWidth  = 5
	glyphHeight = 7
	glyphPitch  = glyphWidth + 1
	textInMils  = 70 // the height of the readable line, about
)

// textScale returns the dots to a dot of a glyph.
func (l Layout) textScale() int {
	return max(1, (2*textInMils*l.DotsPerInch+glyphHeight*mils)/(2*glyphHeight*mils))
}

// textHeight returns the height of the digits.
func (l Layout) textHeight() int { return glyphHeight * l.textScale() }

// textBand returns how much higher a picture is with a readable line: the digits, and white below them. The clear zone of the bars is above.
func (l Layout) textBand() int { return l.textHeight() + l.ClearSides }

// readableText returns the digits with a space between their fields (USPS-B-3200, 2.1.3).
func readableText(m *IMb) []byte {
	var text []byte
	fields := [][]byte{m.BarcodeID(), m.STID(), m.MID(), m.Serial(), m.Routing()}
	if m.PostalMade() {
		fields = [][]byte{m.BarcodeID(), m.STID(), m.CustomerField(), m.Routing()}
	}
	for i, field := range fields {
		if i > 0 && len(field) > 0 {
			text = append(text, ' ')
		}
		text = append(text, field...)
	}
	return text
}

// drawText draws digits and spaces below the bars, in the middle.
func (l Layout) drawText(picture *image.Paletted, text []byte) {
	scale := l.textScale()
	left := (l.Width() - (len(text)*glyphPitch-1)*scale) / 2
	for i, char := range text {
		if !isDigit(char) {
			continue
		}
		for y, row := range glyphs[char-'0'] {
			for x := range glyphWidth {
				if row>>(glyphWidth-1-x)&1 != 0 {
					at := image.Pt(left+(i*glyphPitch+x)*scale, l.Height()+y*scale)
					blacken(picture, image.Rectangle{Min: at, Max: at.Add(image.Pt(scale, scale))})
				}
			}
		}
	}
}
