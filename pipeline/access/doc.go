// Package access says who may come in: the devices of the equipment, mailers, analysts and officers.
//
// One YAML file holds all of them. [Editor] changes it, for the commands `mailtrail access ...`; [Store] answers from it
// inside a running role and takes up every change within about a second, so that a revoked device is refused without
// a restart.
//
// # The file
//
//	version: 1
//	devices:
//	  - {name: dbcs-0421, zone: America/New_York, token_sha256: 64 hex digits, added: RFC 3339}
//	mailers:
//	  - {name: acme, mids: ["123456"], crids: ["1234567"], token_sha256: ..., added: ...}
//	analysts:
//	  - {name: jane, password_sha256_hex: ..., added: ...}
//	officers:
//	  - {name: records, token_sha256: ..., added: ...}
//	delegations:
//	  - {from: acme, to: presort, mids: ["123456"], start: RFC 3339, until: RFC 3339, added: ...}
//
// It has mode 0600 and is replaced as a whole: written beside itself, synced, renamed, under a lock (the file's
// name with .lock behind it). No token is in it, only SHA-256 digests.
//
// # Names
//
// A name is [a-z0-9][a-z0-9._-]{0,63}, is taken without regard to case (the common name of a client certificate often
// comes in capitals) and belongs to one party only, so that `revoke NAME` is never ambiguous.
package access
