// Package keys makes, serves and destroys slot keys: one random key of 32 bytes a
// class and slot, under which payloads are encrypted before they are written
// anywhere. Destroying it ends every copy of them at once.
//
// One [Authority] has the keys. It gives them to a [Holder] in the same process,
// or through [Server] and [Client] to those of other roles. A holder seals and
// opens payloads, and wipes each key by itself when its slot ends.
//
// README.md beside this file describes every format, the states of a key, and
// what destruction does and does not show.
package keys
