package barcode

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
)

// SVG returns the picture of a barcode as an SVG document of one line, in its true size: black bars on white with their clear zones. With
// readable, the digits stand below, a space between their fields. m must not be the zero IMb.
func (l Layout) SVG(m *IMb, readable bool) []byte {
	width, height := l.Width(), l.Height()
	if readable {
		height += l.textBand()
	}
	inch := float64(l.DotsPerInch)
	svg := fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%.6gin" height="%.6gin" viewBox="0 0 %d %d">`,
		float64(width)/inch, float64(height)/inch, width, height)
	svg = fmt.Appendf(svg, `<path fill="#fff" d="M0 0h%dv%dh-%[1]dz"/><path fill="#000" shape-rendering="crispEdges" d="`, width, height)
	for _, bar := range l.Rectangles(m) {
		svg = fmt.Appendf(svg, "M%d %dh%dv%dh-%[3]dz", bar.Min.X, bar.Min.Y, bar.Dx(), bar.Dy())
	}
	svg = append(svg, `"/>`...)
	if readable {
		// The digits of a typical typeface are seven tenths of its size high.
		svg = fmt.Appendf(svg, `<text x="%d" y="%d" font-family="monospace" font-size="%d" text-anchor="middle">%s</text>`,
			width/2, l.Height()+l.textHeight(), l.textHeight()*10/7, readableText(m))
	}
	return append(svg, "</svg>\n"...)
}

// PNG returns the picture of a barcode as a PNG of black and white, which says its resolution, so that it comes out in its true size. With
// readable, the digits stand below, a space between their fields. m must not be the zero IMb. The error is a *ResolutionError for the
// layout of ExactLayout, whose picture would be too large.
func (l Layout) PNG(m *IMb, readable bool) ([]byte, error) {
	if l.DotsPerInch > MaxDotsPerInch {
		return nil, &ResolutionError{l.DotsPerInch, MaxDotsPerInch}
	}
	height := l.Height()
	if readable {
		height += l.textBand()
	}
	picture := image.NewPaletted(image.Rect(0, 0, l.Width(), height), color.Palette{color.White, color.Black})
	for _, bar := range l.Rectangles(m) {
		blacken(picture, bar)
	}
	if readable {
		l.drawText(picture, readableText(m))
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return nil, fmt.Errorf("barcode: encoding the picture: %w", err)
	}
	return insertResolution(file.Bytes(), l.DotsPerInch), nil
}

func blacken(picture *image.Paletted, area image.Rectangle) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		row := picture.Pix[picture.PixOffset(area.Min.X, y):picture.PixOffset(area.Max.X, y)]
		for x := range row {
			row[x] = 1
		}
	}
}

// insertResolution puts a pHYs chunk (PNG specification, 11.3.5.3) behind the header, which is the first chunk of any PNG: 8 bytes of
// signature, then length, type, 13 bytes of data and check sum.
func insertResolution(file []byte, dotsPerInch int) []byte {
	const header = 8 + 4 + 4 + 13 + 4
	const inchesPer254Metres, metres = 10000, 254
	perMetre := uint32((2*dotsPerInch*inchesPer254Metres + metres) / (2 * metres))
	chunk := binary.BigEndian.AppendUint32(nil, 9)
	chunk = append(chunk, "pHYs"...)
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = binary.BigEndian.AppendUint32(chunk, perMetre)
	chunk = append(chunk, 1) // the unit is the metre
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return append(append(file[:header:header], chunk...), file[header:]...)
}
