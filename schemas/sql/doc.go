// Package sql holds all SQL of mailtrail, one statement a file: base tables,
// the public views of analysts, the queries of the store, and the reports.
//
// A file is a text/template with few holes, all filled from [Names] and the
// retention schedule:
//
//	{{.Name}}               the object that the file creates, qualified
//	{{table "scans"}}       a base table, {{view "scans"}} a public view
//	{{ttl "scans"}}         when the store's own expiry takes a row of the table: half a margin after destroy_at
//	{{visible "scans"}}     true while the slot of a row is not due; over the columns retention_class and slot, so that partitions are pruned
//	{{settings "TABLE"}}    the settings of a table with a limit, {{window}} its dedup window
//	{{own "blocks"}}        the class of a table that mailtrail keeps for itself, as text
//	{{slotSeconds "batches"}}  the length of its slots
//	{{classes}}             the schedule as an array of (class, limit, life, slot), seconds
//	{{scheduleRows}}        the whole schedule as an array of tuples, {{scheduleHash}} its hash
//	{{.Definer}}            the user, without a login, as which all views run
//	{{joined "topic"}}      the text of that name in the column of scans in which it is joined with others
//	{{pieceKey}}, {{imb}}   the texts that numbers of scans stand for; {{packedKey}} of a piece's number alone, whose highest bit is not set
//	{{text X}}              X as a string literal
//
// A report (folder reports) is a query whose head says what its numbers mean:
// a title, then definition, unit, source and complete (from when on nothing is
// lacking), and a line for each of its typed parameters. It reads public views
// only, so that analysts can run it as it is. See [Report].
//
// No table has a column TTL: with ttl_only_drop_parts one that is due later
// keeps a whole part readable (ClickHouse issue 120310).
package sql
