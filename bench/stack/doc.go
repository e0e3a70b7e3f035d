// Package stack starts what mailtrail stands on, for tests that measure: Apache Kafka, the ClickHouse engine, and
// mailtrail's own program, each a process of its own on loopback, and reads from /proc what each of them costs (Linux
// alone tells it).
//
// The roles run as shipped: external mode, default configuration, unless a test sets a variable and says so.
package stack
