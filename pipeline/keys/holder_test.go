package keys

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// watched is a source that can be away, and keeps the keys that it gave so that a test can see them wiped.
type watched struct {
	Source
	mu    sync.Mutex
	away  bool
	given []Secret
}

func (w *watched) Key(ctx context.Context, class string, start time.Time, use Use) (Grant, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return Grant{}, ErrUnavailable
	}
	grant, err := w.Source.Key(ctx, class, start, use)
	if err == nil {
		w.given = append(w.given, grant.Key)
	}
	return grant, err
}

func (w *watched) setAway(away bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = away
}

func (w *watched) allWiped() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, key := range w.given {
		if *key.reach() != [secretSize]byte{} {
			return false
		}
	}
	return true
}

// rootsOf are what a holder holds now.
func rootsOf(h *Holder) (roots []root) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, k := range h.held {
		roots = append(roots, k.root)
	}
	return roots
}

func wiped(roots []root) bool {
	for _, r := range roots {
		if *r.reach() != [secretSize]byte{} {
			return false
		}
	}
	return true
}

func newTestHolder(t *testing.T) (*bench, *watched, *Holder) {
	b := newBench(t)
	source := &watched{Source: b.authority}
	h, err := NewHolder(HolderDeps{Metrics: prometheus.NewRegistry(), Clock: b.clock, Source: source})
	require.NoError(t, err)
	t.Cleanup(h.Close)
	return b, source, h
}

// valueOf is the present value of a counter or gauge.
func valueOf(t *testing.T, m prometheus.Metric) float64 {
	t.Helper()
	var out dto.Metric
	require.NoError(t, m.Write(&out))
	return out.GetCounter().GetValue() + out.GetGauge().GetValue()
}

func object(n int) Object { return Object{testClass, slotAt(n), "1", 1} }

func TestAHolderWipesKeysByItself(t *testing.T) {
	b, source, h := newTestHolder(t)
	ctx := context.Background()
	sealed, err := h.Seal(ctx, nil, object(0), []byte("a picture"))
	require.NoError(t, err)
	require.Len(t, source.given, 1)
	require.True(t, source.allWiped(), "the key itself is not kept")
	roots := rootsOf(h)
	require.Len(t, roots, 1)

	// The authority goes away; what is held goes on to its end, and nothing new begins.
	source.setAway(true)
	b.clock.run(slotAt(1))
	_, err = h.Seal(ctx, nil, object(0), []byte("a picture"))
	require.NoError(t, err)
	_, err = h.Seal(ctx, nil, object(1), []byte("a picture"))
	require.ErrorIs(t, err, ErrUnavailable, "no key, no service")
	require.Equal(t, 503, Status(err))
	b.clock.run(slotAt(2))
	_, err = h.Seal(ctx, nil, object(0), []byte("a picture"))
	require.ErrorIs(t, err, ErrSealed, "without being told")
	payload, err := h.Open(ctx, nil, object(0), sealed)
	require.NoError(t, err)
	require.Equal(t, "a picture", string(payload))
	_, err = h.Open(ctx, nil, Object{testClass, slotAt(0), "2", 1}, sealed)
	require.ErrorIs(t, err, ErrNotYours)

	b.clock.run(slotAt(6).Add(-1))
	require.False(t, wiped(roots))
	b.clock.run(slotAt(6))
	require.True(t, wiped(roots), "at destroy_at, with nobody to say so")
	_, err = h.Open(ctx, nil, object(0), sealed)
	require.ErrorIs(t, err, ErrUnavailable)
	source.setAway(false)
	_, err = h.Open(ctx, nil, object(0), sealed)
	require.ErrorIs(t, err, ErrDestroyed)
	require.Equal(t, 410, Status(err))
	require.Equal(t, 1.0, valueOf(t, h.metrics.wiped.WithLabelValues("due")))
	require.Zero(t, valueOf(t, h.metrics.held))
	require.Empty(t, h.held, "refused slots take no memory")
}

func TestAHolderWhoseTimersAreLateRefusesAllTheSame(t *testing.T) {
	b, _, h := newTestHolder(t)
	sealed, err := h.Seal(context.Background(), nil, object(0), nil)
	require.NoError(t, err)
	b.clock.set(slotAt(6)) // a machine that slept: no timer has run
	_, err = h.Open(context.Background(), nil, object(0), sealed)
	require.ErrorIs(t, err, ErrDestroyed)
	_, err = h.Seal(context.Background(), nil, object(0), nil)
	require.ErrorIs(t, err, ErrDestroyed)
}

func TestAnEarlyDestructionReachesHolders(t *testing.T) {
	b, source, h := newTestHolder(t)
	_, err := h.Seal(context.Background(), nil, object(0), nil)
	require.NoError(t, err)
	require.NoError(t, b.authority.Destroy(context.Background(), testClass, slotAt(0), "operator"))
	roots := rootsOf(h)
	b.clock.run(slotAt(0).Add(recheck))
	require.True(t, wiped(roots) && source.allWiped())
	require.Equal(t, 1.0, valueOf(t, h.metrics.wiped.WithLabelValues("destroyed")))
	_, err = h.Seal(context.Background(), nil, object(0), nil)
	require.ErrorIs(t, err, ErrDestroyed)
}

func TestAClosedHolderHoldsNothing(t *testing.T) {
	_, source, h := newTestHolder(t)
	_, err := h.Seal(context.Background(), nil, object(0), nil)
	require.NoError(t, err)
	roots := rootsOf(h)
	require.False(t, wiped(roots))
	h.Close()
	require.True(t, wiped(roots) && source.allWiped())
	_, err = h.Seal(context.Background(), nil, object(0), nil)
	require.ErrorIs(t, err, ErrUnavailable)
}

func TestManySealWhileKeysAreWiped(t *testing.T) {
	b, source, h := newTestHolder(t)
	ctx := context.Background()
	var group errgroup.Group
	for w := range 4 {
		group.Go(func() error {
			for i := range 300 {
				o := object((i + w) % 3)
				sealed, err := h.Seal(ctx, nil, o, []byte("a picture"))
				if err != nil {
					if errors.Is(err, ErrDestroyed) || errors.Is(err, ErrSealed) || errors.Is(err, ErrNotBegun) {
						continue
					}
					return err
				}
				if _, err := h.Open(ctx, nil, o, sealed); err != nil && !errors.Is(err, ErrDestroyed) {
					return err
				}
			}
			return nil
		})
	}
	group.Go(func() error {
		for i := range 10 {
			b.clock.run(slotAt(i))
			if _, err := b.authority.Sweep(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, group.Wait())
	roots := rootsOf(h)
	b.clock.run(slotAt(20))
	require.True(t, wiped(roots) && source.allWiped())
}
