// Package barcode reads, writes, repairs, explains and draws the barcodes on United States mail: the marks that tell one piece from another.
//
// It is made of pure functions without input or output and without dependencies. Values are small and comparable, tables never change once
// made, so everything but a Repairer may be used by many goroutines at once. What a mail stream calls for every piece does not allocate.
//
//	symbology                              on                    text                        read with
//	IMb   Intelligent Mail barcode         letters, flats        20, 25, 29 or 31 digits     ParseIMb, NewIMb
//	                                                             65 bars A D F T             DecodeBars
//	                                                             64 to 66, damaged           Repairer
//	IMtb  Intelligent Mail tray barcode    trays, tubs, sacks    24 digits                   ParseIMtb
//	IMcb  Intelligent Mail container b.    containers            21 characters               ParseIMcb
//	IMpb  Intelligent Mail package b.      packages              20 to 42 digits             ParseIMpb
//	S10   Universal Postal Union S10       international items   13 characters               ParseS10
//	PLANET    CONFIRM, until 2013          letters, flats        12 or 14 digits             ParsePLANET
//	                                                             62 or 72 bars L S           DecodePLANETBars
//	POSTNET   routing, until 2013          letters               6, 10 or 12 digits          ParsePOSTNET
//	                                                             32, 52 or 62 bars L S       DecodePOSTNETBars
//
// Parse tells them apart. Each parser returns a value whose methods return its fields as slices of the value itself; the input may be used
// again at once. Parsed.Fields lists all fields by name, with what the reference tables say of them.
//
// # Where to begin
//
//	bars, err := barcode.Encode(tracking, routing)       // digits to bars
//	m, upsideDown, err := barcode.DecodeBars(bars)       // bars to digits, exact
//	r := barcode.NewRepairer(nil)                        // bars to digits, damaged: one Repairer for each worker
//	answer, err := r.Repair(bars, 2)                     // ... up to two wrong bars
//	p, err := barcode.Parse(text)                        // anything that people type
//	key, note := p.AppendPieceKey(nil, types)            // what scans of one piece have in common
//	layout, err := barcode.NewLayout(600)                // a picture for a printer of 600 dots per inch
//	file, err := layout.PNG(&m, true)
//	found, err := picture.NewReader(nil).Read(grey)      // and from a picture of mail: package picture, below this one
//
// # Intelligent Mail barcode
//
// Encode and IMb.Bars write the 65 bars, DecodeBars reads them, upright or upside down, after USPS-B-3200 (revision H, 2015-04-20).
// A bar is a letter: F full, A ascender, D descender, T tracker. The fields of the tracking code:
//
//	digits   field        remark
//	1-2      barcode id   00; OEL() on flats; 93: Redirected; 94: PostalMade
//	3-5      STID         service type id, explained by ServiceTypes
//	6-11/14  MID          mailer id: 9 digits where it begins with a 9, else 6
//	to 20    serial       9 digits, or 6
//
// Behind them stands the routing code of 0, 5, 9 or 11 digits. Two kinds of barcode fill the fifteen digits behind the STID otherwise
// (CustomerField): a postal-made one with machine and time (PostalMark), and reply mail that is traced by its routing code
// (ServiceType.TracedByRouting) with what the subscriber chose.
//
// # Damaged reads
//
// DecodeBars never corrects: no single wrong bar reads as another barcode. A Repairer finds the nearest barcode to damaged bars, says how
// many bars it changed, how far the runner-up is and how probable the answer is. Where several are equally near it answers with a list instead
// of a guess, and where none is near enough with an error. A KnownSet of barcodes that are expected settles most of what is ambiguous.
//
// # Errors
//
// Every error of a parser or decoder is an *Error: the symbology, the part, the place and what was expected, wrapped around one of the Err
// variables, for errors.Is. It never holds the input. Bars that a camera read badly give an error that wraps ErrUnreadable; a letter that is no
// bar gives ErrBarLetter. An error of a reference table is a *TableError, one of a resolution for printing a *ResolutionError.
//
// # Piece key
//
// A piece key is a text that is equal for all barcodes of one mail object, and different for objects that differ:
//
//	F-902345678-123456           piece: letter of the STID's class, MID, serial number
//	270-902345678-123456         piece whose STID the table did not know: STID, MID, serial number
//	reply-050-123456789012345-12345678901   reply mail without a MID: STID, 15 digits, routing code (KeyNotUnique)
//	pimb-94009100013230400001    piece with a postal-made barcode: its 20 digits
//	impb-9400111206206406260787  package: the construct without 420 and ZIP code
//	s10-RB123456785GB            international item
//	imtb-..., imcb-...           handling unit, container: all their characters
//	planet-..., postnet-...      mailing, address: all their digits (KeyNotUnique)
//
// The letters are F First-Class Mail, M Marketing Mail, P Periodicals, B Bound Printed Matter, R reply mail, Y Priority Mail, S Share Mail.
// Keys sort by class, then mailer, then serial number. The 31 digits are no key: a redirected piece (barcode id 93) has another routing code.
// Reply mail without a MID is told by its routing code, so it alone changes its key when it is redirected.
// Two pieces may rightly have one key after the 45 days for which a mailer must keep serial numbers unique.
//
// A stored key is never made anew. Where a table that is loaded later knows a STID that was unknown, the piece has scans under both forms:
// LookupKeys returns both.
//
// # Reference tables
//
// BuiltinServiceTypes explains STIDs and BuiltinSpecialServices tells special services by service type code. Both are dated, and
// ParseServiceTypes and ParseSpecialServices read a replacement; the built-in files, service_types.txt and special_services.txt, explain
// the form. A STID may have meant different things in different times: ServiceTypes.LookupAt answers for a day, History for all, Lookup with
// the newest. What a table does not know is kept and flagged, never refused. Reference.Digest tells whether two tables decide alike.
//
// Kind says what a barcode tells of retention: mail, package, special service, or unknown.
//
// # Printing
//
// A Layout is the geometry of an IMb in whole dots: NewLayout for a resolution, ExactLayout for an SVG in nominal dimensions. Layout.SVG and
// Layout.PNG draw in true size, bars, heights and clear zones within the tolerances of USPS-B-3200, 2.3.1; a resolution that cannot keep them
// is refused.
//
// # Damaged bars
//
// A Repairer finds the barcode behind bars of which some were read wrongly (up to MaxRepair), some not at all ("?"), or of which one is lost or
// one too many. The search is exact: it finds every barcode up to one wrong bar beyond the nearest, upright and upside down, in some
// microseconds where one bar is wrong, half a millisecond where three are, and does not allocate. The answer tells how many bars were changed,
// how far the next barcode is, and its confidence, the probability that it is what was printed if each bar is misread with the probability
// Misread. Where barcodes are equally near the read is OutcomeAmbiguous and Candidates lists them.
//
// AppendMending says in a few words what a repair changed, and Mend applies them: so an answer travels without the barcode, and is checked
// instead of searched again.
//
// With two wrong bars about 98 of 100 reads are repaired, and two in 10,000 wrongly; with three 80 to 88 and less than one in 100; four are worth
// a try. The rest is ambiguous by nature: barcodes lie no further apart. What the bars leave open a KnownSet settles, the serial numbers that
// are expected in the mail, read by ParseKnownSet.
package barcode
