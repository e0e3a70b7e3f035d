//go:build race

package barcode_test

const raceDetector = true
