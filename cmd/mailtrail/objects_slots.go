package main

import (
	"context"
	"time"

	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/objectstore"
)

var imagesBucket = retention.Place{Store: retention.Objects, Name: retention.ImagesBucket}

func heldPrefixes(slots []objectstore.HeldSlot) (held []pipeline.Held) {
	for _, slot := range slots {
		held = append(held, pipeline.Held{Class: slot.Class, Place: imagesBucket, From: slot.Slot, Rows: slot.Objects, Bytes: slot.Bytes, Strange: slot.Strange})
	}
	return held
}

// sweptPrefixes is the bucket as the sweeper wants it.
type sweptPrefixes struct {
	store    *objectstore.Store
	schedule *retention.Schedule
	// soon is how long before its destruction a slot is counted: of all the others it is enough that they are there.
	soon time.Duration
	now  func() time.Time
}

func (s sweptPrefixes) Held(ctx context.Context) ([]pipeline.Held, error) {
	by := s.now().Add(s.soon).Unix()
	slots, err := s.store.HeldSlots(ctx, func(class string, slot int64) bool { return s.schedule.Row(class).DestroyAt(slot) <= by })
	return heldPrefixes(slots), err
}

func (s sweptPrefixes) Drop(ctx context.Context, slot pipeline.Slot) error {
	return s.store.DeletePrefix(ctx, objectstore.Prefix(slot.Class, slot.Start))
}

// plannedPrefixes tells of the bucket what every slot holds.
type plannedPrefixes struct {
	*role
	rules *ruleBook
}

func (s plannedPrefixes) Held(ctx context.Context) ([]pipeline.Held, error) {
	auditor, err := openObjectsAuditor(s.config)
	if err != nil {
		return nil, err
	}
	defer auditor.Close()
	slots, err := auditor.HeldSlots(ctx, s.config.Objects.Bucket, s.rules.schedule)
	return heldPrefixes(slots), err
}
