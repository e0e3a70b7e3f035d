package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/pipeline/images"
	"mailtrail/pipeline/keys"
)

// imageKeys is the sealer as images want it.
type imageKeys struct{ *sealer }

// newImageKeys makes one with a holder of its own. Close it.
func (r *role) newImageKeys(metrics prometheus.Registerer) (imageKeys, error) {
	s, err := r.newSealer(metrics)
	return imageKeys{s}, err
}

// Close wipes the keys that are held.
func (k imageKeys) Close() { k.holder.Close() }

// Seal implements images.Sealer.
func (k imageKeys) Seal(ctx context.Context, dst []byte, o images.Object, payload []byte) ([]byte, error) {
	sealed, err := k.holder.Seal(ctx, dst, keys.Object(o), payload)
	return sealed, k.told(err)
}

// Open implements images.Sealer.
func (k imageKeys) Open(ctx context.Context, dst []byte, o images.Object, sealed []byte) ([]byte, error) {
	payload, err := k.holder.Open(ctx, dst, keys.Object(o), sealed)
	return payload, k.told(err)
}

// Status implements images.Sealer.
func (imageKeys) Status(err error) int { return keys.Status(err) }
