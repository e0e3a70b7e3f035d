// Package simulate is a model of the mail: letters, flats and packages of a few
// thousand mailers travel through a network of plants and delivery units taken
// from the facility table, and every scan on their way is written as equipment
// would send it. It makes realistic load, and data of which the truth is known.
//
// # The mail
//
// A day of mail is the mail that reaches its last scan within 24 hours from
// [Options.Start]. What was scanned before, up to five days earlier, belongs to
// it, so that each piece has its whole history: about six scans. Pieces travel in
// trays, and a machine works through a tray: its scans follow each other,
// some tenths of a second apart. What is known of a piece is computed from its
// tray's seed and its place in the tray whenever it is scanned, so that memory
// is needed for trays only: some hundred bytes for a thousand scans.
//
// The same [Options] give the same requests, byte for byte, whatever the
// speed. Door and Wire change the form of the events, never the mail.
//
// # The truth
//
// Every disturbance is made on purpose, one to an event, so the model knows
// what must become of each event at each door: see damage. It never asks the
// pipeline's code, except for damaged bars. Its rules:
//
//   - What cannot be read as an event is refused by the gateway, and rejected
//     with the same reason where it was written straight to Kafka.
//   - What is older than the schedule's behind, or further ahead than Options.Ahead,
//     is refused by the gateway. Straight from Kafka the first is stored, or
//     expired once its slot was due; the second is rejected.
//   - Contradictions, unreadable bars and local times at unknown facilities are
//     rejected at either door.
//   - Damaged bars become the nearest barcode, as schemas/barcode finds it: in the
//     stream, or by a replay where more bars are wrong than the stream repairs. Where
//     several are equally near or none is near enough they are rejected. The truth
//     names the piece of each such event, and where it is stored as another.
//   - In the copy of a request, what the gateway refused is refused again and all
//     the rest is a duplicate, whatever became of it the first time.
//   - The class is what barcode and specialService tell. It is empty where the
//     event cannot be read or what it says does not hold; only its time may be
//     outside of the limits.
//
// # Pictures
//
// With [Options.Images] the cameras of machines send pictures of a share of the
// sound letters and flats that they scan, drawn by package mailpiece from the
// barcode and the seed. They are taken within the last five hours before Now, so
// that all of them are stored; those of a request that is repeated are sent once.
// The mail is the same with pictures and without.
//
// # Limits
//
// No event lies within an hour of a limit, counted from Options.Now to the end
// of a run of six hours, so that the truth does not depend on when an event arrives.
// Repeats through Kafka bear a batch id; a file has no copies, for nothing in it
// could tell them. Truth of a file has a row for either door that it may be fed to.
//
// Two things must be so for the truth to hold: the device of the token has no
// time zone of its own, and no other mail carries the same batch ids.
package simulate
