// Package mailpiece draws pictures of mailpieces as the cameras of sorting machines take them: paper with its texture, a return address, an
// address block, an Intelligent Mail barcode, a permit imprint or a stamp with its cancellation, at 200 dots per inch.
//
//	press, err := mailpiece.NewPress(200)                 // one for each worker
//	sheet := press.Letter(seed, &m)                       // what is printed
//	grey := sheet.Photograph(seed, mailpiece.Camera{Rotation: 3, Noise: 0.02, Blur: 0.6})
//	file, err := mailpiece.Encode(grey, mailpiece.JPEG)   // about 40 kB
//
// The same seed makes the same picture. A Sheet is printed at three dots to each pixel of the camera, in grey where an edge crosses a dot, and
// photographed by taking nine of its points for a pixel, so bars fall anywhere between the pixels. Nothing here asks the code that reads pictures.
//
// Senders, recipients and streets are no one's: every name says that it is a sample.
package mailpiece
