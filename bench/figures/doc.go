// Package figures measures mailtrail as it is shipped, against Apache Kafka and the ClickHouse engine on one machine: how
// fast a backlog is taken in and at what cost, what the gateway takes, how soon an event is visible, how fast a piece is
// found, how many bytes a row needs, and what bad events do to good ones.
//
//	go test ./bench/figures                                             a small form: counts alone
//	go test ./bench/figures -count=1 -timeout 4h -v -args -long         the long form: make bench
//	go test ./bench/figures -run Latency -count=1 -v -args -long        one measure
//	go test ./bench/figures -count=1 -v -args -long -share 0.1          a tenth of the long form, for a first look
//
// The tests assert that nothing is missing and that every event became what the simulated mail's truth says; no speed is
// ever asserted. A table of what was seen is printed in the end. Processor times are those of the processes, user and
// system, from /proc; everything runs on the same cores, the maker of the load too.
package figures
