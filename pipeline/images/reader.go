package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/rs/zerolog"

	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

// Index is what ClickHouse knows of pictures. What is past its limit it does not tell.
type Index interface {
	// Image returns nil where it has no such picture.
	Image(ctx context.Context, id event.ImageID) (*event.StoredImage, error)
	// ImagesOfPiece returns the pictures of a piece, the newest first; keys are the forms that its key may have.
	ImagesOfPiece(ctx context.Context, keys []string) ([]event.StoredImage, error)
}

// ReaderDeps are what a Reader needs from outside.
type ReaderDeps struct {
	Sealer Sealer
	Store  Store
	Index  Index
	// Row is the schedule's row of class mailpiece_images.
	Row     *retention.Row
	Clock   func() time.Time
	Log     zerolog.Logger
	Metrics prometheus.Registerer
}

// Reader reads pictures back, one at a time: by id, or the list of one piece.
// There is no way to ask for more. Its errors say what is the matter and what to do.
type Reader struct {
	deps  ReaderDeps
	reads *prometheus.CounterVec
}

// NewReader makes a Reader.
func NewReader(deps ReaderDeps) *Reader {
	return &Reader{deps, promauto.With(deps.Metrics).NewCounterVec(prometheus.CounterOpts{
		Namespace: "mailtrail", Subsystem: "images", Name: "reads_total", Help: "Pictures that were asked for, by what became of it: read, or a code.",
	}, []string{"result"})}
}

// due tells whether a slot is over, whatever the stores still have of it.
func (r *Reader) due(slot int64) bool { return r.deps.Row.DestroyAt(slot) <= r.deps.Clock().Unix() }

func gone() *failure {
	return fail(http.StatusGone, Gone, "the image is past its limit and was destroyed")
}

// Find returns where a picture lies and what is known of it. An id tells its own
// slot, so that what is past its limit is known as that when no store has a trace of it any more.
func (r *Reader) Find(ctx context.Context, id event.ImageID) (*event.StoredImage, error) {
	if r.due(r.deps.Row.SlotOf(id.Captured())) {
		return nil, gone()
	}
	image, err := r.deps.Index.Image(ctx, id)
	switch {
	case err != nil:
		return nil, later(StoreUnavailable, time.Second, "the index of images does not answer: ask again").because(err)
	case image == nil:
		return nil, fail(http.StatusNotFound, NotFound, "no image has this id; one that was sent just now is found within seconds")
	case r.due(image.Slot):
		return nil, gone()
	}
	return image, nil
}

// OfPiece lists the pictures of one piece, the newest first.
func (r *Reader) OfPiece(ctx context.Context, keys []string) ([]event.StoredImage, error) {
	found, err := r.deps.Index.ImagesOfPiece(ctx, keys)
	if err != nil {
		return nil, later(StoreUnavailable, time.Second, "the index of images does not answer: ask again").because(err)
	}
	return found, nil
}

// Read returns a picture's bytes: a stretch of its pack, which must be what was
// stored to the bit, and which opens under its own class, slot and id alone.
func (r *Reader) Read(ctx context.Context, image *event.StoredImage) ([]byte, error) {
	bytes, err := r.read(ctx, image)
	result := "read"
	if err != nil {
		result = string(asFailure(err).code)
	}
	if result == string(Damaged) {
		r.deps.Log.Error().AnErr("cause", asFailure(err).cause).Str("image", image.ID.String()).Str("pack", image.Pack).Msg("the stored bytes of an image are not what was stored")
	}
	r.reads.WithLabelValues(result).Inc()
	return bytes, err
}

func (r *Reader) read(ctx context.Context, image *event.StoredImage) ([]byte, error) {
	slot, _, err := event.SplitPackName(image.Pack)
	if err != nil {
		return nil, damaged("the index names no pack", err)
	}
	if r.due(slot) {
		return nil, gone()
	}
	sealed, err := r.deps.Store.Get(ctx, image.Pack, image.Offset, image.Length)
	switch {
	case errors.Is(err, ErrNoBytes):
		return nil, damaged("the object store does not have the image's bytes", err)
	case err != nil:
		return nil, later(StoreUnavailable, time.Second, "the object store does not answer: ask again").because(err)
	case sha256.Sum256(sealed) != image.Hash:
		return nil, damaged("the object store has other bytes in the image's place", nil)
	}
	bytes, err := r.deps.Sealer.Open(ctx, nil, objectOf(slot, image.ID), sealed)
	if err != nil {
		switch r.deps.Sealer.Status(err) {
		case http.StatusGone:
			return nil, gone().because(err)
		case http.StatusInternalServerError:
			return nil, damaged("the image's bytes do not open under its own slot and id: they are altered or another's", err)
		}
		return nil, later(KeyUnavailable, time.Second, "the slot's key cannot be had at the moment: ask again").because(err)
	}
	if len(bytes) != int(image.Bytes) {
		return nil, damaged("the image has another length than the index says", nil)
	}
	return bytes, nil
}

func damaged(what string, cause error) *failure {
	return fail(http.StatusInternalServerError, Damaged, what+"; `mailtrail audit` compares packs and index").because(cause)
}
