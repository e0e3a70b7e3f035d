// Package expiry watches records end: under a schedule of seconds or minutes, with mail coming in, it looks several times a
// second at everything that can show a record, and reads every byte of every file.
//
//	go test ./bench/expiry                                          a small form, limits of 25 s and more
//	go test ./bench/expiry -count=1 -timeout 30m -v -args -long     the long form: limits of 60 and 180 s, load for 10 minutes
//
// Records with a mark of their own, the canaries, are planted in mail.scans, in mail that is stored and in mail that is
// rejected. They are sent without compression, and the one column in which they are stored is set to none for the test, so
// that a raw search finds them; that it does, in each store that holds them in clear, is asserted too.
// What is measured stands in README.md beside this file.
package expiry
