// Package rejects lists, shows and replays dead letters: the messages of the
// topic mail.rejects. README.md beside this file describes their format.
//
// A reject's ID is the identity of the event, where it first stood in Kafka.
// The same ID can stand several times in the topic: a block of ingest is sent
// again after a crash, and a replay can be rejected again. The newest counts.
package rejects
