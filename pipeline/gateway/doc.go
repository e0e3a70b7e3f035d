// Package gateway is the door for equipment: it authenticates a device, checks
// every event of its request, and acknowledges after Kafka has acknowledged.
//
// One request goes through these steps, each in the file of its name:
//
//	server.go     listener, TLS, HTTP/1.1 and HTTP/2, timeouts, ending
//	routes.go     path, method, credentials, a place among the requests in flight
//	read.go       the body: content type, bounds; decompress.go
//	scans.go      POST /v1/scans: split, sift, produce, answer
//	sift.go       every event is checked; one bad event is refused alone
//	parts.go      what was accepted, cut into messages for Kafka
//	batches.go    GET /v1/batches/{id}
//	schema.go     GET /v1/schema
//	answer.go     JSON answers; codes.go has the closed list of their codes
//
// Nothing waits in a queue: what does not fit into a bound is answered at once
// with the bound's name. README.md is the reference for people who write clients.
package gateway
