// Package race lets programs that take JSON scan events out of Apache Kafka into ClickHouse run against each other: one
// topic, one machine, the same server for each run anew, three runs each in turn.
//
// Two are built in: the Kafka table engine of ClickHouse itself, and mailtrail as it is shipped, in its default
// configuration. Any other program is added by a file, see README.md in the folder above. Measured are speed, the CPU time
// of every process, memory, and what the rows take on disk. Nobody wins by dropping something: each entry says how
// the 24 fields of an event are told from its columns, every message is made again from them, byte for byte, and the
// sum of the messages' hashes must be the one that the generator had when it wrote them.
//
//	go test ./bench/race -count=1 -v -timeout 1h -args -long
//
// races with three million events; without -long it is 60,000 of them once, and only rows and hashes are looked at.
// Speed is reported and never asserted.
package race
