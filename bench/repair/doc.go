// Package repair measures how many damaged barcodes are read right, how many are ambiguous and how many wrong, beside the best public method.
//
//	go test ./bench/repair -count=1 -v -args -long
//
// takes about a minute. Without -long there are fewer trials, and only what never may happen is asserted.
package repair
