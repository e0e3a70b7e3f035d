// Package crash shows that nothing is lost and nothing is counted twice, whatever is killed.
//
// Its tests start Apache Kafka, the ClickHouse engine and mailtrail's own program, feed them simulated mail whose truth is
// known, and meanwhile kill all of them, in an order that follows from a seed that the log names. In the end the receipts,
// the rows, the rejects and the topic itself must agree with each other and with the truth.
//
//	go test ./bench/crash                                            the short form, some minutes
//	go test ./bench/crash -count=1 -timeout 3h -v -args -long        the long form: make crash
//	go test ./bench/crash -count=1 -v -args -seed 7                  the same faults in the same order again
//
// # What is done
//
//   - kill -9 of an ingest, of ClickHouse, of the broker, of the gateway, whenever events wait to be taken in;
//   - the end of an ingest at every named point of a block (pipeline/ingest, Point), in a program built with the tag faults;
//   - an ingest that is stopped (SIGSTOP) until its partitions have gone to the other, and then wakes up;
//   - a connection to ClickHouse that is cut after an insert was sent and before its answer came, at once or when the
//     answer is there, for each of the tables of a block;
//   - a block that is open when every ingest ends, and is finished by programs with other rules: under its own epoch;
//   - a block of which ClickHouse holds a part: the rest is taken away by hand.
//
// The client of the gateway repeats what got no answer, so the topic holds copies. What was written straight to Kafka has no
// batch id and cannot be repeated, so that feed pauses while the broker is killed.
package crash
