// Package picture reads Intelligent Mail barcodes from pictures of mail: grey or black and white, turned, noisy, blurred, upside down, several in one.
//
//	grey, err := picture.Decode(file)             // TIFF, PNG or JPEG
//	reader := picture.NewReader(nil)              // one for each worker
//	found, err := reader.Read(grey)
//	for _, one := range found {
//		if one.Err == nil {
//			use(one.Repaired.IMb, one.Repaired.Confidence, one.Corners)
//		}
//	}
//
// It has no input or output and, but for the forms of files, no dependencies.
//
// # What it reads
//
// Bars from 3.4 to 67 pixels apart (75 to 1,400 dots per inch; below 100 noise soon makes them unreadable), turned from the rows or, where that gives
// nothing, from the columns by some ten degrees either way. Paper may be light or grey, its light uneven and ink faint, as long as bars are darker
// than the paper beside them. bench/picture has the figures.
//
// # How
//
//   - Scales. The picture is halved three times, so that at one scale bars are between 3.4 and 8.4 pixels apart.
//   - Rows (rows.go). Trackers alone make a row in which all bars stand at one pitch. Each row, taken together with its neighbours, is cut into dark
//     pulses where its grey turns (pulses.go): no threshold, so light and blur do not matter. Five or more pulses at an equal pitch are a run;
//     runs that stand above each other are a group, and the least-squares line through its pulses is where a barcode may be.
//   - Bars (track.go). Along that line, at twice the scale, the bars are followed to both ends by phase and pitch. A polynomial of degree three
//     through all of them gives each its place, whatever noise does to a single one.
//   - Heights (heights.go). Beside each bar the darkness across the line is read, against the paper on both sides of the bar. The mean of all bars
//     shows where trackers, ascenders and descenders end. Groups of bars tell how far the line is beside the middle of the trackers; it is moved,
//     and all is read again until it fits.
//   - Letters (letters.go). The ends of all bars fall into two heaps, ink and paper. What lies in between, or has no tracker, is "?".
//   - Answer (found.go). A barcode.Repairer, whose limit is two wrong bars or what amounts to it, finds the barcode. An answer with two wrong bars that
//     are plain in the picture is refused.
//
// # Never a guess
//
// Bars that fit no barcode are told as refused, with the bars as they were read. What is not 60 to 68 bars at an even pitch with ends above or
// below their trackers is not told at all: other barcodes, text, rulers. PLANET and POSTNET are not read.
//
// # Bounds
//
// Time and memory grow with the pixels alone: at most 400 places of a picture are looked at, 64 barcodes told, and pictures above 40 million pixels
// refused, from their header where it is a file.
package picture
