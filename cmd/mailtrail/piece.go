package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/retention"
)

func newPieceCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "piece BARCODE",
		Short: "The history of one piece, newest scan first",
		Long: `piece shows where a piece was scanned, as far back as its scans are kept. The barcode may be an IMb (20, 25,
29 or 31 digits, or its 65 bars), an IMpb with or without 420 and ZIP Code, an S10, an IMtb, an IMcb or a
PLANET code; spaces and hyphens do not matter. Times are those on the clock of the facility, with its distance from UTC. The exit
status is 1 where no scan of the piece is kept.`,
		Example: `  mailtrail piece 00270900123456000012
  mailtrail piece 9400 1112 0620 6406 2607 87 --format json`,
		Args: cobra.MinimumNArgs(1),
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		readings, err := readBarcode(strings.Join(args, " "))
		if err != nil {
			return wrongUsage("not a barcode: %w", err)
		}
		return a.piece(c.Context(), readings, *format)
	}
	return command
}

// readBarcode returns every reading of a text that holds, the likeliest first: 20 digits may be an IMb and a package, and
// the ZIP Code in front of a package may have two lengths. The error is that of the likeliest.
func readBarcode(text string) ([]barcode.Parsed, error) {
	first, err := barcode.Parse(text)
	digits := []byte(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			return -1
		}
		return r
	}, text))
	var readings []barcode.Parsed
	add := func(p barcode.Parsed, err error) {
		if err == nil && !slices.Contains(readings, p) {
			readings = append(readings, p)
		}
	}
	add(first, err)
	if len(digits) == barcode.TrackingLength {
		imb, err := barcode.ParseIMb(digits)
		add(barcode.Parsed{Object: barcode.ObjectIMb, IMb: imb, Ambiguous: first.Ambiguous}, err)
		impb, err := barcode.ParseIMpb(digits)
		add(barcode.Parsed{Object: barcode.ObjectIMpb, IMpb: impb, Ambiguous: first.Ambiguous}, err)
	}
	if first.IMpb.Ambiguous() {
		for _, behindZIP := range []int{len("420") + 5, len("420") + 9} {
			impb, err := barcode.ParseIMpb(digits[behindZIP:])
			add(barcode.Parsed{Object: barcode.ObjectIMpb, IMpb: impb, Ambiguous: true}, err)
		}
	}
	if len(readings) == 0 {
		return nil, err
	}
	return readings, nil
}

func (a *app) piece(ctx context.Context, readings []barcode.Parsed, format rowFormat) error {
	r, err := a.plainRole()
	if err != nil {
		return err
	}
	rules, err := r.rules()
	if err != nil {
		return err
	}
	store, err := openClickHouse(r.config, rules, embedded.Auditor)
	if err != nil {
		return err
	}
	defer store.Close()
	var keys []string
	for i := range readings {
		keys = append(keys, readings[i].LookupKeys(rules.tables.ServiceTypes)...)
	}
	slices.Sort(keys)
	answer, err := store.Piece(ctx, slices.Compact(keys))
	if err != nil {
		return atClickHouse(r.config, err)
	}
	defer answer.Close()
	var scans []pieceScan
	for values, err := range answer.All() {
		if err != nil {
			return atClickHouse(r.config, err)
		}
		scans = append(scans, newPieceScan(answer.Columns, values, rules))
	}
	if len(scans) == 0 {
		return notKept(readings, rules, a.now())
	}
	if format == "table" {
		return a.showPiece(scans, rules)
	}
	return writeScans(a.stdout, format, scans)
}

// showPiece says where the piece is, and then what happened to it.
func (a *app) showPiece(scans []pieceScan, rules *ruleBook) error {
	if _, err := io.WriteString(a.stdout, headline(scans, a.now())+"\n"+serviceLine(scans, rules)); err != nil {
		return err
	}
	shown := scans[:min(len(scans), tableRows)]
	if len(shown) < len(scans) {
		fmt.Fprintf(a.stderr, "only the newest %d scans are shown: --format json or csv gives all %d\n", len(shown), len(scans))
	}
	rows, err := newRowWriter(a.stdout, "table", "time at the facility", "place", "machine", "code", "what happened", "event", "class of mail")
	if err != nil {
		return err
	}
	for _, s := range shown {
		if err := rows.Row(s.timeText(), s.place(), s.machine, s.code, s.what(), eventTypeName(s.eventType), s.mailClass); err != nil {
			return err
		}
	}
	return rows.Close()
}

// writeScans writes the scans for programs, under the names of the feed.
func writeScans(out io.Writer, format rowFormat, scans []pieceScan) error {
	rows, err := newRowWriter(out, format, "scanDatetime", "object", "scanLocaleKey", "scanFacilityName", "scanFacilityCity", "scanFacilityState", "scanFacilityZip",
		"machineId", "scanEventCode", "scanEventDescription", "handlingEventType", "mailClassDescription", "predictedDeliveryDate", "retention_class",
		"repairedBars", "repairConfidence")
	if err != nil {
		return err
	}
	for _, s := range scans {
		var predicted any
		if s.predicted != "" {
			predicted = s.predicted
		}
		if err := rows.Row(s.timeText(), s.object, s.localeKey, s.facility, s.city, s.state, s.zip,
			s.machine, s.code, s.what(), s.eventType, s.mailClass, predicted, s.class, int64(s.repaired), s.confidence); err != nil {
			return err
		}
	}
	return rows.Close()
}

// notKept says until when scans of such a piece are kept, without naming the piece.
func notKept(readings []barcode.Parsed, rules *ruleBook, now time.Time) error {
	var classes []string
	for i := range readings {
		class := classOf(&readings[i], rules)
		row := rules.schedule.Row(class)
		if row == nil {
			continue
		}
		said := fmt.Sprintf("read as %s, its scans are of class %s, which are kept for up to %s: what there was from before %s is destroyed",
			readings[i].Object, class, row.Limit, time.Unix(row.CompleteFrom(now.Unix()), 0).UTC().Format(time.RFC3339))
		if !slices.Contains(classes, said) {
			classes = append(classes, said)
		}
	}
	return errors.New("no scan of this piece is kept; " + strings.Join(classes, "; "))
}

// classOf is the retention class that the barcode alone tells.
func classOf(reading *barcode.Parsed, rules *ruleBook) string {
	told := retention.UnknownKind
	switch kind := reading.Kind(rules.tables.ServiceTypes, rules.tables.SpecialServices); {
	case reading.Object == barcode.ObjectPLANET:
		told = retention.ConfirmRecord
	case kind == barcode.KindMail:
		told = retention.Mail
	case kind == barcode.KindPackage:
		told = retention.Package
	case kind == barcode.KindSpecialService:
		told = retention.SpecialService
	}
	class, _ := retention.Classify(told, false)
	return class
}
