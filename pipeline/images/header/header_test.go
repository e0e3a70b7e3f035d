package header

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func grey(width, height int) image.Image {
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 7)
	}
	return m
}

func pngOf(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

func jpegOf(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

// tag is an entry of a TIFF's directory: all values as LONG.
type tag struct {
	number uint16
	values []uint32
}

// tiffOf makes a TIFF of one directory for each page: pixels first, then values that do not fit, then the directories.
func tiffOf(order binary.AppendByteOrder, pixels int, pages ...[]tag) []byte {
	mark := "II*\x00"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM\x00*"
	}
	b := append([]byte(mark), 0, 0, 0, 0)
	link := 4
	b = append(b, bytes.Repeat([]byte{0xA5}, pixels)...)
	for _, tags := range pages {
		var entries []byte
		for _, t := range tags {
			entries = order.AppendUint32(order.AppendUint16(order.AppendUint16(entries, t.number), 4), uint32(len(t.values)))
			if len(t.values) == 1 {
				entries = order.AppendUint32(entries, t.values[0])
				continue
			}
			entries = order.AppendUint32(entries, uint32(len(b)))
			for _, v := range t.values {
				b = order.AppendUint32(b, v)
			}
		}
		order.(binary.ByteOrder).PutUint32(b[link:], uint32(len(b)))
		b = append(order.AppendUint16(b, uint16(len(tags))), entries...)
		link = len(b)
		b = order.AppendUint32(b, 0)
	}
	return b
}

func page(width, height uint32, strips ...uint32) []tag {
	var offsets, lengths []uint32
	for i, length := range strips {
		offsets, lengths = append(offsets, 8+uint32(i)*length), append(lengths, length)
	}
	return []tag{{imageWidth, []uint32{width}}, {imageLength, []uint32{height}}, {stripOffsets, offsets}, {stripByteCounts, lengths}}
}

func TestReadTellsWhatAPictureIs(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want Info
	}{
		"grey PNG":          {pngOf(t, grey(31, 17)), Info{PNG, 31, 17, 1}},
		"colour PNG":        {pngOf(t, image.NewNRGBA64(image.Rect(0, 0, 5, 6))), Info{PNG, 5, 6, 1}},
		"palette PNG":       {pngOf(t, image.NewPaletted(image.Rect(0, 0, 9, 2), color.Palette{color.Black, color.White})), Info{PNG, 9, 2, 1}},
		"grey JPEG":         {jpegOf(t, grey(640, 400)), Info{JPEG, 640, 400, 1}},
		"colour JPEG":       {jpegOf(t, image.NewRGBA(image.Rect(0, 0, 8, 8))), Info{JPEG, 8, 8, 1}},
		"JPEG with padding": {append(jpegOf(t, grey(8, 8)), 0, 0, 0), Info{JPEG, 8, 8, 1}},
		"TIFF, Intel":       {tiffOf(binary.LittleEndian, 300, page(100, 24, 150, 150)), Info{TIFF, 100, 24, 1}},
		"TIFF, Motorola":    {tiffOf(binary.BigEndian, 300, page(100, 24, 300)), Info{TIFF, 100, 24, 1}},
		"TIFF, two pages":   {tiffOf(binary.LittleEndian, 300, page(100, 24, 300), page(7, 8, 10)), Info{TIFF, 100, 24, 2}},
		"TIFF, tiles": {tiffOf(binary.LittleEndian, 64, []tag{{imageWidth, []uint32{16}}, {imageLength, []uint32{16}},
			{tileOffsets, []uint32{8}}, {tileByteCounts, []uint32{64}}}), Info{TIFF, 16, 16, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(c.data)
			require.Nil(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// bombPNG says that it has so many pixels, in a chunk whose check sum fits.
func bombPNG(t *testing.T, width, height uint32) []byte {
	data := pngOf(t, grey(4, 4))
	binary.BigEndian.PutUint32(data[16:], width)
	binary.BigEndian.PutUint32(data[20:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// bombJPEG is a JPEG of the largest size that its header can name.
func bombJPEG(t *testing.T) []byte {
	data := jpegOf(t, grey(16, 16))
	at := bytes.Index(data, []byte{0xFF, 0xC0})
	require.Positive(t, at)
	copy(data[at+5:], []byte{0xFF, 0xFF, 0xFF, 0xFF})
	return data
}

func TestReadRefuses(t *testing.T) {
	goodPNG, goodJPEG, goodTIFF := pngOf(t, grey(31, 17)), jpegOf(t, grey(64, 40)), tiffOf(binary.LittleEndian, 300, page(100, 24, 300))
	flipped := bytes.Clone(goodPNG)
	flipped[len(flipped)-20] ^= 1
	loop := bytes.Clone(goodTIFF)
	binary.LittleEndian.PutUint32(loop[len(loop)-4:], binary.LittleEndian.Uint32(loop[4:]))
	for name, c := range map[string]struct {
		data []byte
		want Code
	}{
		"nothing":                     {nil, Empty},
		"text":                        {[]byte("Return to sender"), Unknown},
		"GIF":                         {[]byte("GIF89a\x01\x00\x01\x00"), Unknown},
		"BigTIFF":                     {[]byte("II+\x00\x08\x00\x00\x00"), Unknown},
		"PNG cut off":                 {goodPNG[:len(goodPNG)-5], Truncated},
		"PNG without pixels":          {append(bytes.Clone(goodPNG[:33]), goodPNG[len(goodPNG)-12:]...), Truncated},
		"PNG with an altered byte":    {flipped, Broken},
		"PNG and more":                {append(bytes.Clone(goodPNG), "more"...), Broken},
		"PNG of 10 gigapixels":        {bombPNG(t, 100_000, 100_000), TooLarge},
		"PNG whose area overflows":    {bombPNG(t, 1<<31, 1<<31), TooLarge},
		"PNG of no width":             {bombPNG(t, 0, 4), Broken},
		"JPEG cut off":                {goodJPEG[:len(goodJPEG)-9], Truncated},
		"JPEG cut off in its header":  {goodJPEG[:30], Truncated},
		"JPEG without pixels":         {append(bytes.Clone(goodJPEG[:20]), 0xFF, 0xD9), Truncated},
		"JPEG of 4 gigapixels":        {bombJPEG(t), TooLarge},
		"JPEG and more":               {append(bytes.Clone(goodJPEG), "more"...), Broken},
		"TIFF cut off in its header":  {goodTIFF[:6], Truncated},
		"TIFF cut off":                {goodTIFF[:len(goodTIFF)-30], Truncated},
		"TIFF strip behind the end":   {tiffOf(binary.LittleEndian, 100, page(100, 24, 3000)), Truncated},
		"TIFF of 10 gigapixels":       {tiffOf(binary.LittleEndian, 300, page(100_000, 100_000, 300)), TooLarge},
		"TIFF whose pages are a loop": {loop, TooLarge},
		"TIFF without pixels":         {tiffOf(binary.LittleEndian, 300, []tag{{imageWidth, []uint32{3}}, {imageLength, []uint32{3}}}), Broken},
		"TIFF without directory":      {[]byte("II*\x00\x00\x00\x00\x00"), Truncated},
		"TIFF of a million strips": {tiffOf(binary.LittleEndian, 300, []tag{{imageWidth, []uint32{3}}, {imageLength, []uint32{3}},
			{stripOffsets, make([]uint32, maxStrips+1)}, {stripByteCounts, make([]uint32, maxStrips+1)}}), TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(c.data)
			require.NotNil(t, err)
			require.Equal(t, c.want, err.Code, err.Message)
		})
	}
}

// A picture cut off anywhere is never taken for a whole one.
func TestReadSeesEveryCut(t *testing.T) {
	for name, data := range map[string][]byte{
		"PNG": pngOf(t, grey(31, 17)), "JPEG": jpegOf(t, grey(64, 40)), "TIFF": tiffOf(binary.BigEndian, 90, page(10, 9, 90)),
	} {
		for cut := range data {
			_, err := Read(data[:cut])
			require.NotNil(t, err, "%s of %d bytes cut off at %d", name, len(data), cut)
		}
	}
}

// What is read can be relied on: what the standard library decodes has the size that Read tells.
func FuzzRead(f *testing.F) {
	f.Add(pngOf(f, grey(3, 4)))
	f.Add(jpegOf(f, grey(9, 9)))
	f.Add(tiffOf(binary.LittleEndian, 30, page(10, 3, 30)))
	f.Add(tiffOf(binary.BigEndian, 30, page(10, 3, 15, 15), page(1, 1, 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, wrong := Read(data)
		if wrong != nil {
			if wrong.Code == "" || wrong.Message == "" || strings.ContainsRune(wrong.Message, '\uFFFD') {
				t.Fatalf("an error says what is wrong: %+v", wrong)
			}
			return
		}
		if uint64(info.Width)*uint64(info.Height) > MaxPixels || info.Width == 0 || info.Height == 0 || info.Pages < 1 || info.Pages > MaxPages {
			t.Fatalf("%+v is beyond the bounds", info)
		}
		config, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err == nil && (uint32(config.Width) != info.Width || uint32(config.Height) != info.Height) {
			t.Fatalf("read %+v, the decoder sees %d by %d", info, config.Width, config.Height)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	noise := image.NewGray(image.Rect(0, 0, 200, 200))
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = byte(state >> 24)
	}
	for name, data := range map[string][]byte{"png": pngOf(b, noise), "jpeg": jpegOf(b, noise), "tiff": tiffOf(binary.LittleEndian, 40_000, page(200, 200, 40_000))} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for range b.N {
				if _, err := Read(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
