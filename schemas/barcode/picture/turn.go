package picture

import "image"

// turnRight returns the picture turned clockwise by 90 degrees, its upper left pixel at 0, 0.
func turnRight(picture *image.Gray) *image.Gray {
	width, height := picture.Rect.Dx(), picture.Rect.Dy()
	turned := image.NewGray(image.Rect(0, 0, height, width))
	for y := range height {
		for x, grey := range picture.Pix[y*picture.Stride:][:width] {
			turned.Pix[x*turned.Stride+height-1-y] = grey
		}
	}
	return turned
}

// turnBack tells the place of what was found in a picture that was turned, in the picture itself, of which the height is given.
func (f *Found) turnBack(height int) {
	for i, corner := range f.Corners {
		f.Corners[i] = Point{corner.Y, float64(height-1) - corner.X}
	}
	if f.Angle -= 90; f.Angle <= -180 {
		f.Angle += 360
	}
}
