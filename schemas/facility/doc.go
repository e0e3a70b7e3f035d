// Package facility is the reference data on postal places: the facilities by
// locale key, the time zone of every ZIP, and the conversion of a place's wall
// clock to UTC. It is pure and embedded; a file may replace it at run time.
//
// # What decides
//
// A scan time without an offset is the local time of its facility. The zone is
// that of the facility with the event's locale key, which has it from its own
// ZIP; else that of the event's ZIP ([Table.ZoneOf]); a device's configured
// zone comes last and is found by name ([Table.ZoneByName]).
//
// In the autumn hour, which the clock shows twice, the earlier instant is taken
// (daylight time) and flagged [Ambiguous]. A wall time that the clock leaves
// out in spring is read with the offset from before the change and flagged
// [Nonexistent]. See [Table.LocalToUTC].
//
// Everything that decides is in the table, and [Table.Encode] writes all of it:
// facilities, zones of the ZIPs, and the rules of the zones. Neither the
// machine's time zone files nor those of the Go toolchain take part, so the
// same bytes give the same results for ever.
//
// # The file
//
// UTF-8 text, plain or gzip, at most 64 MiB; lines end with LF or CRLF; blank
// lines are ignored. The first line is "mailtrail facility table 1". Sections
// follow in any order, each at most once. A section begins with its name in
// brackets and has three headers, a tab between name and value:
//
//	@version    a text that tells editions apart
//	@effective  YYYY-MM-DD, the day for which it was compiled
//	@source     where the facts are from, in words
//
// [facilities], required: one facility a line, six columns with a tab between.
//
//	locale key  6 characters of 0-9 A-Z, unique
//	ZIP         5 digits
//	state       2 capital letters
//	type        P plant, T network (transport), O post office, N non-postal, ? other
//	city        1 to 255 bytes
//	name        1 to 255 bytes; = where it is the city's
//
// [zips], else the built-in one: one entry a line, blanks or tabs between, # begins a
// comment.
//
//	prefix  3 to 5 digits, or a range of two such: 320-339, 32456-32457
//	zone    IANA name, or - for no zone on purpose
//
// The narrowest entry that holds a ZIP wins. Entries lie apart or one within
// the other; everything else is an error. A ZIP without an entry has no zone.
//
// [rules], else the built-in ones, and only together with [zips]: one rule a line,
// three columns with a tab between.
//
//	zones    IANA names with this rule, a blank between
//	offset   minutes east of UTC before the first change
//	changes  minutes:offset with a blank between; the minutes count from the
//	         change before, those of the first from 1970-01-01T00:00Z; the
//	         offset is in force from then on
//
// A file with [rules] must hold every zone that its [zips] name. Names of
// zones are at most 64 bytes and a table holds 255 of them.
//
// The embedded facilities.tsv.gz, zones.txt and rules.txt.gz are such files with
// one section each. The first and the last are written by the tests of
// generate_test.go with -update; zones.txt is kept by hand.
//
// # Sources
//
//   - Facilities: the postal service's facility file for mailers (PostalPro).
//     Kept are locale key, ZIP5, name, city, state and type.
//   - Zones: 49 CFR part 71 for the limits of the zones, 15 U.S.C. 260a and
//     state law for daylight time, and the ZIP prefixes of the states as the
//     postal service assigns them. Where the clocks of a place are known to
//     differ from the law, the clocks win, and the line says "practice". The
//     county of a ZIP is the county of its post office.
//   - Rules: the IANA time zone database (public domain), changes from 1990 to
//     2060. Years to come follow the law as it stands.
//
// # What is not known
//
//   - The facility file bears no date; its effective date is the day on which
//     it was taken over.
//   - Military post offices (ZIP 090-098, 340, 962-966) have no zone: the ZIP
//     does not tell the place.
//   - A mailer's plant is listed under the mailer's ZIP. For two rows that is
//     in another state than the address, and for one of them (N18030,
//     Indianapolis with a Wisconsin ZIP) in another zone: the ZIP decides.
//   - In split areas the post office decides for the whole ZIP, though routes
//     may cross the line; zones.txt marks mixed ones with "majority".
//     Counties were assigned from general knowledge of the places, line by
//     line; unique ZIPs of firms inside a split prefix have the prefix's zone.
//   - Zones are those of today: areas that were moved (Indiana 2006 and 2007,
//     North Dakota 2003 and 2010, Kentucky 2000) are off by an hour before.
package facility
