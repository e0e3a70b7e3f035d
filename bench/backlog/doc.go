// Package backlog measures how one ingest takes in a backlog: so many events stand in Apache Kafka before it is started.
// The test asserts that nothing is missing and that the process never held a GiB; speed is reported and never asserted.
//
//	go test ./bench/backlog -count=1 -v -timeout 1h -args -long
//
// takes in 20 million events; without -long it is a million.
package backlog
