package clickhouse

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// plainBlock is a block of scans as plain rows: a value for each column that
// people know, as it was given. It is what the packed columns must give back.
type plainBlock struct {
	packed event.ScanColumns
	rows   []map[string]any
}

func drawBlock(t *rapid.T, first int64) *plainBlock {
	b := &plainBlock{}
	b.packed.Topic = rapid.SampledFrom([]string{event.ScansTopic, "other"}).Draw(t, "topic")
	b.packed.Partition = rapid.SampledFrom([]int32{0, 3, math.MaxInt32}).Draw(t, "partition")
	empty := rapid.IntRange(0, 2).Draw(t, "of rare columns") == 0
	for i := range rapid.IntRange(1, 30).Draw(t, "rows") {
		b.append(t, first+int64(i), empty)
	}
	return b
}

func (b *plainBlock) append(t *rapid.T, offset int64, plain bool) {
	row := event.ScanRow{
		Head: event.Head{
			Class:  rapid.SampledFrom([]string{retention.MailTracking, retention.PackageTracking}).Draw(t, "class"),
			Slot:   today() - rapid.Int64Range(0, 2).Draw(t, "days")*86400,
			Offset: offset, Index: uint32(drawNumber(t, 32)),
		},
		Device:    drawText(t, 4),
		ScanShift: rapid.Int16Range(-1439, 1439).Draw(t, "shift"), Flags: uint32(drawNumber(t, 32)),
	}
	row.Received, row.Captured = row.Slot*1000+rapid.Int64Range(0, 86_399_999).Draw(t, "received"), row.Slot*1000+rapid.Int64Range(0, 86_399_999).Draw(t, "scanned")
	if !plain && rapid.Bool().Draw(t, "replayed") {
		row.Origin = "mail.scans/3/17/" + strconv.Itoa(int(drawNumber(t, 31)))
	}
	var key, code string
	row.Object, key, code = drawBarcode(t)
	row.PieceKey, row.Code = []byte(key), []byte(code)
	if !plain && rapid.IntRange(0, 3).Draw(t, "damaged") == 0 {
		row.RepairedBars, row.RepairConfidence = uint16(1+drawNumber(t, 3)), uint16(drawNumber(t, 13))
	}
	values := map[string]any{
		"repairedBars": uint8(row.RepairedBars), "repairConfidence": float32(float64(row.RepairConfidence) / 10000),
		"retention_class": row.Class, "slot": time.Unix(row.Slot, 0).UTC(), "topic": b.packed.Topic, "partition": b.packed.Partition, "offset": row.Offset, "index": row.Index,
		"received": time.UnixMilli(row.Received).UTC(), "scanDatetime": time.UnixMilli(row.Captured).UTC(), "scanOffsetMinutes": row.ScanShift,
		"object": row.Object, "pieceKey": key, "origin": row.Origin, "device": row.Device, "flags": row.Flags,
		"imb": "", "imtb": "", "imcb": "", "impb": "", "s10": "", "planet": "",
	}
	values[row.Object] = code
	scan := drawFields(t, values, plain)
	b.packed.Append(&row, scan)
	b.rows = append(b.rows, values)
}

// drawFields draws the fields of an event beside its barcode, and notes their values.
func drawFields(t *rapid.T, values map[string]any, plain bool) *event.Scan {
	scan := &event.Scan{}
	scan.Set(event.ScanDatetime, []byte("2026-11-20T14:03:22-05:00"))
	scan.Set(event.MachineID, []byte("M"))
	for f := range event.NumFields {
		spec := f.Spec()
		if _, known := values[spec.Name]; known || spec.Derived {
			continue
		}
		text := ""
		if (!plain || spec.Group != event.More) && rapid.IntRange(0, 2).Draw(t, "given") > 0 {
			text = drawField(t, f)
		}
		if text == "" && f == event.MachineID {
			text = "M"
		}
		scan.Set(f, []byte(text))
		switch spec.Kind {
		case event.Date:
			at := time.Unix(0, 0).UTC()
			if text != "" {
				at, _ = time.Parse(time.DateOnly, text)
			}
			values[spec.Name] = at
		case event.Count:
			n, _ := strconv.ParseUint("0"+text, 10, 32)
			values[spec.Name] = uint32(n)
		default:
			values[spec.Name] = text
		}
	}
	if !scan.Has(event.Bars) {
		scan.Set(event.IMb, []byte("00270900123456000012"))
	}
	if err := scan.Check(); err != nil {
		t.Fatalf("the test drew what is no event: %v", err)
	}
	return scan
}

func drawField(t *rapid.T, f event.Field) string {
	spec := f.Spec()
	length := spec.Max
	if len(spec.Lengths) > 0 {
		length = rapid.SampledFrom(spec.Lengths).Draw(t, "length")
	}
	switch {
	case f == event.IDTag:
		return rapid.SampledFrom([]string{
			"0123456789ABCDEF0123", "12345678901234567890", "00000000000000000000", "0123456789abcdef0123", "0123456789ABCDEf0123", "GHIJKLMNOPQRSTUVWXYZ", "A1", "",
		}).Draw(t, "tag")
	case spec.Kind == event.Moment:
		return "2026-11-20T14:03:22-05:00"
	case spec.Kind == event.Date: // a Date ends on 2149-06-06
		return time.Unix(rapid.Int64Range(0, math.MaxUint16).Draw(t, "day")*86400, 0).UTC().Format(time.DateOnly)
	case spec.Kind == event.Count:
		return strings.Repeat("0", rapid.IntRange(0, 1).Draw(t, "zeros")) + strconv.FormatUint(drawNumber(t, 29), 10)
	case spec.Kind == event.Digits:
		return drawDigits(t, length)
	case spec.Kind == event.Letters:
		return rapid.StringOfN(rapid.RuneFrom([]rune("AZ09az")), 0, length, -1).Draw(t, "letters")
	}
	return drawText(t, length)
}

// drawText draws any UTF-8 of at most so many bytes.
func drawText(t *rapid.T, most int) string {
	text := rapid.StringN(0, most, most).Draw(t, "text")
	if !utf8.ValidString(text) {
		t.Fatalf("rapid drew %q", text)
	}
	return text
}

func drawDigits(t *rapid.T, n int) string {
	return rapid.StringOfN(rapid.RuneFrom([]rune("0189")), n, n, -1).Draw(t, "digits")
}

// drawNumber draws a number of up to so many bits, of any size.
func drawNumber(t *rapid.T, bits int) uint64 {
	return rapid.Uint64Range(0, 1<<rapid.IntRange(0, bits).Draw(t, "bits")-1).Draw(t, "number")
}

// drawBarcode draws Intelligent Mail barcodes with keys that hold their MID and
// serial number and with others, and barcodes of other kinds.
func drawBarcode(t *rapid.T) (object, key, code string) {
	mid, serial := rapid.StringMatching(`[0-8][0-9]{5}`).Draw(t, "MID"), 9
	if rapid.Bool().Draw(t, "long") {
		mid, serial = rapid.StringMatching(`9[0-9]{8}`).Draw(t, "MID"), 6
	}
	piece := mid + "-" + drawDigits(t, serial)
	head := drawDigits(t, 5)
	code = head + strings.ReplaceAll(piece, "-", "") + rapid.SampledFrom([]string{"", "00000", "12345", "123456789", "00000000000", "99999999999"}).Draw(t, "routing")
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return "imb", "pimb-" + code[:20], code
	case 1:
		return "imb", "reply-" + head[2:] + "-" + code[5:20] + "-" + code[20:], code
	case 2:
		return "imb", "?-" + piece, code
	case 3:
		return "imb", head[2:] + "-" + piece, code
	case 4: // a key of another barcode
		return "imb", "F-900123456-000012", code
	case 5:
		package22 := drawDigits(t, 22)
		return "impb", "impb-" + package22, rapid.SampledFrom([]string{"", "42012345"}).Draw(t, "ZIP Code") + package22
	case 6:
		code = drawDigits(t, 24)
		return "imtb", "imtb-" + code, code
	case 7:
		return "imcb", "imcb-99M1234567890123456AB", "99M1234567890123456AB"
	case 8:
		return "s10", "s10-RR123456785US", "RR123456785US"
	}
	return "imb", rapid.SampledFrom([]string{"F", "M", "A", "Z"}).Draw(t, "class") + "-" + piece, code
}
