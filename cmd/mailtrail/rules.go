package main

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/barcode"
	"mailtrail/schemas/derive"
	"mailtrail/schemas/event/records"
	"mailtrail/schemas/facility"
	"mailtrail/schemas/operation"
	"mailtrail/schemas/retention"
	"mailtrail/schemas/service"
)

// ruleBook is what decides about events, the retention schedule and the reference tables, and what explains them; built in or from files.
type ruleBook struct {
	schedule *retention.Schedule
	tables   *derive.Tables
	kinds    func() *records.Catalog // read when first asked for
	service  *service.Rules
}

// loadRules reads the schedule and the tables that the configuration names. zones are the time zones that devices are
// configured with, which the facility table must know besides its own.
func loadRules(c *config.Loaded, zones []string) (*ruleBook, error) {
	book := &ruleBook{schedule: retention.Builtin(), service: service.BuiltinRules(), kinds: sync.OnceValue(records.Builtin)}
	var err error
	if book.tables, err = derive.Builtin(); err != nil {
		return nil, err
	}
	for _, file := range []struct {
		key, path string
		parse     func([]byte) error
	}{
		{"retention.schedule", c.Retention.Schedule, func(text []byte) (err error) {
			book.schedule, err = retention.Parse(text)
			return err
		}},
		{"reference.facilities", c.Reference.Facilities, func(text []byte) (err error) {
			book.tables.Facilities, err = facility.Parse(bytes.NewReader(text))
			return err
		}},
		{"reference.service_types", c.Reference.ServiceTypes, func(text []byte) (err error) {
			book.tables.ServiceTypes, err = barcode.ParseServiceTypes(text)
			return err
		}},
		{"reference.known_barcodes", c.Reference.KnownBarcodes, func(text []byte) (err error) {
			book.tables.Known, err = parseKnown(text, c.Reference.KnownBarcodes, modified(c.Reference.KnownBarcodes))
			return err
		}},
		{"reference.operations", c.Reference.Operations, func(text []byte) (err error) {
			book.service.Operations, err = operation.Parse(text)
			return err
		}},
		{"reference.calendar", c.Reference.Calendar, func(text []byte) (err error) {
			book.service.Calendar, err = service.ParseCalendar(text)
			return err
		}},
		{"reference.standards", c.Reference.Standards, func(text []byte) (err error) {
			book.service.Standards, err = service.ParseStandards(text)
			return err
		}},
	} {
		if file.path == "" {
			continue
		}
		text, err := os.ReadFile(file.path)
		if err == nil {
			err = file.parse(text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file.key, file.path, err)
		}
	}
	if len(zones) > 0 {
		if book.tables.Facilities, err = book.tables.Facilities.WithZones(zones...); err != nil {
			return nil, fmt.Errorf("time zones of devices (access.file): %w", err)
		}
	}
	return book, nil
}

// modified is when the file was written: the day of a table that does not say its own, and the same at each start.
func modified(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Unix(0, 0)
	}
	return info.ModTime().UTC()
}

// scanRules are the rules about scans as ingest takes them.
func (b *ruleBook) scanRules(c *config.Loaded) ingest.Rules {
	return ingest.Rules{Schedule: b.schedule, Tables: ingest.ScanTables{Tables: b.tables}, Ahead: c.Ingest.Ahead}
}

// imageRules are the rules about entries of the index of packs.
func (b *ruleBook) imageRules(c *config.Loaded) ingest.Rules {
	return ingest.Rules{Schedule: b.schedule, Tables: ingest.ImageTables{}, Ahead: c.Ingest.Ahead}
}
