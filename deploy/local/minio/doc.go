// Package minio runs MinIO as a child process: one server, one drive, on a port of the loopback.
//
// # On disk
//
//	<data>/minio/store    MinIO's drive, with its own files below .minio.sys
//	<data>/minio/lock     locked while a MinIO has the drive; holds its process id
//	<data>/secrets/minio  the secret of the access key, made once (mode 0600)
//
// # Settings
//
// MinIO is configured by its environment alone, which is built here: nothing of that name is taken over from ours. The
// secret is not in it either; MinIO reads it from the file. Console, update checks and telemetry are off.
//
// Expiry by lifecycle rule is a backstop (package sinks/objectstore), so the scanner runs at its default speed: it enters a
// folder once in 16 cycles of at least a minute, and the rule's days are rounded up to midnight anyway. What has a bound
// in MinIO is set from the retention schedule: how old an unfinished upload becomes, and how often MinIO looks for such, to a
// quarter of the shortest margin of the classes that lie in buckets, so that they are gone within half a margin. A prefix that
// is deleted by force does not wait in MinIO's trash, and the parts of an upload that is aborted do (measured), so the trash is
// emptied every second and not every five minutes. The first time after a start it still takes five: MinIO sets that timer
// before it has read its settings (cmd/erasure-sets.go, cleanupDeletedObjects).
//
// # Life and death
//
// The child ends when its parent does, however that ends: on Linux the kernel kills it. It holds a lock on its folder as long
// as it lives, so that no second MinIO is started beside one that is still ending. One that dies is started again with a
// growing pause, and counted.
package minio
