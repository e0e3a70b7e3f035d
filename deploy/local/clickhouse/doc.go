// Package clickhouse runs the real ClickHouse engine as a child process, on ClickHouse's own native and HTTP ports.
//
// Where a clickhouse binary is known, the child is "clickhouse server". Elsewhere it is this very program, started again under a hidden
// sub-command whose body is EngineMain: it loads libchdb, the same engine as a library, which is kept out of our own
// process because it installs signal handlers and can end the process it lives in.
//
// An exception in the handshake of the native protocol ends libchdb, and a client that resets its connection can. So the
// configured native address is taken by a relay in this process (package relay), which answers wrong passwords and
// unknown databases itself; the library listens behind it on a private port of the loopback, chosen anew at each start. A
// clickhouse binary needs no relay and takes the address itself. HTTP goes to the engine in either case.
//
// # On disk
//
//	<data>/clickhouse/etc      config.xml and users.xml, written anew at each start (mode 0600)
//	<data>/clickhouse/store    ClickHouse's own files
//	<data>/secrets             passwords of mailtrail's own users, made once (mode 0600)
//	<data>/logs/clickhouse.log the engine's log, rotated by it
//
// # Users
//
//	mailtrail     owner: makes databases, tables and views
//	writer        ingest and sweeper: reads, inserts and alters in both databases
//	auditor       reads everything, the system tables too; changes nothing
//	view_definer  whom the views run as; cannot log in
//	default       needed by libchdb's local session and so without a password; may do nothing but open the ports, and
//	              does not pass the relay
//	(analysts)    one user each: reads the views of database mailtrail, within limits of memory, time and rows
//
// # Life and death
//
// The child ends when its parent does, however that ends: its standard input is a pipe from the parent, and on Linux the
// kernel kills it too. A child that dies is started again with a growing pause, and counted. Native clients that come
// meanwhile wait at the relay for up to 4 s, so that they see nothing of a short restart.
//
// In libchdb the database system lives in memory, so query_log and part_log reach back to the start of the engine and
// what an earlier run left on disk of them is removed at start. With a clickhouse binary they persist, up to their TTL.
package clickhouse
