// Package clickhouse is the store of rows: ClickHouse over its native
// protocol. It makes and mends the tables and views of schemas/sql, inserts
// blocks so that each is stored once, and answers the look-ups of the pipeline
// and of the audit.
//
// # One block, once
//
// Each insert is one block, sent by one INSERT under a token. The server
// remembers the token for each partition of each table, those of materialized
// views that others hang on it among them, so the same block under the same
// token adds only the parts that are missing: whoever is not sure whether an
// insert came through repeats it. What the caller owes: the same rows in the
// same order under the same token, and a context that ends only when waiting
// longer is of no use. A context that ends during the insert closes its
// connection, and whether the block was stored is then unknown until it is
// repeated.
package clickhouse
