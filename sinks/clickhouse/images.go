package clickhouse

import (
	"context"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"mailtrail/schemas/event"
	"mailtrail/schemas/sql"
)

// imageColumns are the stored columns of images, in the order in which they are sent.
func imageColumns() []string {
	return []string{
		"retention_class", "slot", "id", "pack", "packOffset", "packLength", "sha256", "capturedDatetime", "capturedOffsetMinutes", "received",
		"device", "machineId", "scanLocaleKey", "side", "object", "piece", "pieceKey", "code", "mid", "bars", "mediaType", "width", "height", "pages", "bytes",
		"topic", "partition", "offset", "index", "origin",
	}
}

// InsertImages stores a block of entries of the index of packs.
func (s *Store) InsertImages(ctx context.Context, token string, c *event.ImageColumns) error {
	if c.Len() == 0 {
		return nil
	}
	return s.insert(ctx, "images", token, imageColumns(), func(batch driver.Batch) error {
		for i := range c.Rows {
			r := &c.Rows[i]
			piece := uint64(0)
			if r.PieceKey != "" {
				piece = event.PieceNumber([]byte(r.PieceKey))
			}
			err := batch.Append(string(c.Class.Row(i)), time.Unix(c.Slot[i], 0).UTC(), string(r.ID[:]), r.Pack, uint32(r.Offset), uint32(r.Length), string(r.Hash[:]),
				r.Captured, r.Shift, time.UnixMilli(c.Received[i]).UTC(), r.Device, r.MachineID, r.ScanLocaleKey, r.Side, r.Object, piece, r.PieceKey, r.Code, r.MID, r.Bars,
				r.MediaType, r.Width, r.Height, uint16(r.Pages), r.Bytes, c.Topic, c.Partition, c.Offset[i], c.Index[i], string(c.Origin.Row(i)))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// mostAhead is the most that a machine's clock may be ahead of ours (the bound
// of ingest.ahead): an image's slot is that of its capture, or up to so much earlier.
const mostAhead = 24 * time.Hour

// within is the stretch of slots, none longer than mostAhead, in which images lie that were captured from first to last, Unix milliseconds.
func within(first, last int64) params {
	return params{"from": max(0, first/1000-int64(2*mostAhead/time.Second)), "until": last / 1000}
}

// KnownImages returns where the images' ids are stored, each as the one event of a message. What is no id of an image is
// stored nowhere: anybody can write a message, and its entry is rejected.
func (s *Store) KnownImages(ctx context.Context, ids []string) (found []event.BatchRow, err error) {
	ids, first, last := imageIDs(ids)
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.each(ctx, sql.KnownImages, ids, within(first, last), func(rows driver.Rows) error {
		r := event.BatchRow{Places: "0"}
		r.Outcomes[event.Stored] = 1
		err := rows.Scan(&r.ID, &r.Topic, &r.Partition, &r.Offset, &r.At)
		found = append(found, r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up images: %w", err)
	}
	return found, nil
}

// imageIDs returns those of the texts that are ids of images, and when the first and the last of these were captured, Unix milliseconds.
func imageIDs(texts []string) (ids []string, first, last int64) {
	for _, text := range texts {
		id, err := event.ParseImageID(text)
		if err != nil {
			continue
		}
		captured := id.Captured()
		if len(ids) == 0 {
			first, last = captured, captured
		}
		first, last = min(first, captured), max(last, captured)
		ids = append(ids, text)
	}
	return ids, first, last
}

// Image returns where an image lies and what is known of it, nil where there is none.
func (s *Store) Image(ctx context.Context, id event.ImageID) (*event.StoredImage, error) {
	asked := within(id.Captured(), id.Captured())
	asked["id"] = id.String()
	rows, err := s.query(ch.Context(ctx, ch.WithSettings(ch.Settings{"max_threads": 1})), sql.Image, nil, asked)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up an image: %w", err)
	}
	found, err := readImages(rows)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up an image: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return &found[0], nil
}

// ImagesOfPiece returns the images of a piece, newest first. keys are the forms that its piece key may have.
func (s *Store) ImagesOfPiece(ctx context.Context, keys []string) (found []event.StoredImage, err error) {
	wanted, err := ext.NewTable("wanted", ext.Column("piece", "UInt64"))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, key := range keys {
		known[key] = true
		if err := wanted.Append(event.PieceNumber([]byte(key))); err != nil {
			return nil, err
		}
	}
	rows, err := s.conn.Query(ch.Context(ctx, ch.WithExternalTable(wanted)), s.sql.Query(sql.ImagesOfPiece))
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up the images of a piece: %w", withRemedy(err))
	}
	all, err := readImages(rows)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up the images of a piece: %w", err)
	}
	for _, image := range all {
		if known[image.PieceKey] {
			found = append(found, image)
		}
	}
	return found, nil
}

// readImages reads rows of the table images.
func readImages(rows driver.Rows) (found []event.StoredImage, _ error) {
	defer rows.Close()
	for rows.Next() {
		var r event.StoredImage
		var id, hash, topic, origin string
		var slot time.Time
		var offset, length, index uint32
		var piece uint64
		var partition int32
		var position int64
		var pages uint16
		err := rows.Scan(&r.Class, &slot, &id, &r.Pack, &offset, &length, &hash, &r.Captured, &r.Shift, &r.Received,
			&r.Device, &r.MachineID, &r.ScanLocaleKey, &r.Side, &r.Object, &piece, &r.PieceKey, &r.Code, &r.MID, &r.Bars,
			&r.MediaType, &r.Width, &r.Height, &pages, &r.Bytes, &topic, &partition, &position, &index, &origin)
		if err != nil {
			return nil, err
		}
		copy(r.ID[:], id)
		copy(r.Hash[:], hash)
		r.Slot, r.Offset, r.Length, r.Pages = slot.Unix(), int64(offset), int64(length), uint32(pages)
		found = append(found, r)
	}
	return found, rows.Err()
}

// PackEnd is what the index says of one pack.
type PackEnd struct {
	// Pack is SLOT/NAME.
	Pack string
	// End is up to where it must reach, in bytes, Images how many images it holds.
	End    int64
	Images uint64
}

// PackEnds returns what the index says of the packs of a slot, by name. Images of slots that are due are left out.
func (s *Store) PackEnds(ctx context.Context, slot int64) (ends []PackEnd, err error) {
	prefix := event.PackName(slot, "")
	err = s.each(ctx, sql.PackEnds, nil, params{"prefix": prefix}, func(rows driver.Rows) error {
		var end PackEnd
		err := rows.Scan(&end.Pack, &end.End, &end.Images)
		ends = append(ends, end)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("clickhouse: look up the packs of a slot: %w", err)
	}
	return ends, nil
}
