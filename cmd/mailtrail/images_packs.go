package main

import (
	"context"
	"errors"
	"fmt"

	"mailtrail/pipeline/audit"
	"mailtrail/pipeline/images"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/objectstore"
)

// packStore is the object store as images want it: packs of their class.
type packStore struct{ *objectstore.Store }

func packKey(pack string) string { return retention.MailpieceImages + "/" + pack }

func (s packStore) Put(ctx context.Context, pack string, body []byte) error {
	return s.Store.Put(ctx, packKey(pack), body)
}

func (s packStore) Get(ctx context.Context, pack string, offset, length int64) ([]byte, error) {
	sealed, err := s.Store.Get(ctx, packKey(pack), offset, length)
	if errors.Is(err, objectstore.ErrNotFound) || errors.Is(err, objectstore.ErrShort) {
		return nil, fmt.Errorf("%w: %w", images.ErrNoBytes, err)
	}
	return sealed, err
}

// auditedPacks are the packs as an audit wants them.
type auditedPacks struct{ *objectstore.Store }

func (s auditedPacks) Packs(ctx context.Context, slot int64) (map[string]int64, error) {
	sizes := map[string]int64{}
	for object, err := range s.List(ctx, objectstore.Prefix(retention.MailpieceImages, slot)) {
		if err != nil {
			return nil, err
		}
		sizes[object.Key[len(retention.MailpieceImages)+1:]] = object.Size
	}
	return sizes, nil
}

// auditedIndex is the index of packs as an audit wants it.
type auditedIndex struct{ *clickhouse.Store }

func (s auditedIndex) PackEnds(ctx context.Context, slot int64) ([]audit.PackEnd, error) {
	found, err := s.Store.PackEnds(ctx, slot)
	return converted(found, func(e clickhouse.PackEnd) audit.PackEnd { return audit.PackEnd(e) }), err
}
