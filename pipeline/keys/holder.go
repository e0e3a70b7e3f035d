package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// recheck is how often a holder asks whether a slot that it holds was destroyed before its time.
const recheck = time.Minute

// HolderDeps are what a holder needs from outside.
type HolderDeps struct {
	Metrics prometheus.Registerer
	Clock   Clock
	Source  Source
}

// Holder seals and opens payloads for a role. It fetches a slot's key when it is first needed, holds it in memory, and
// wipes it at destroy_at by itself, whether the authority can be asked then or not. Without a key it does nothing: no key,
// no service.
type Holder struct {
	deps    HolderDeps
	metrics *holderMetrics
	ctx     context.Context
	end     context.CancelFunc

	mu   sync.Mutex
	held map[ID]*held
}

// held is what is derived from one key; the key itself is not kept. Its lock is held for reading while it is in use, and
// for writing while it is fetched or wiped.
type held struct {
	sync.RWMutex
	root root
	slot Slot
	stop func() bool
}

// NewHolder makes an empty one. Close it to wipe what it holds.
func NewHolder(deps HolderDeps) (*Holder, error) {
	m, err := newHolderMetrics(deps.Metrics)
	if err != nil {
		return nil, fmt.Errorf("metrics of held keys: %w", err)
	}
	ctx, end := context.WithCancel(context.Background())
	return &Holder{deps: deps, metrics: m, ctx: ctx, end: end, held: map[ID]*held{}}, nil
}

// Seal encrypts a payload for an object and appends it to dst, [Overhead] bytes longer; dst may be nil and must not overlap
// the payload. The error wraps one of this package's; [Status] is what a door answers.
func (h *Holder) Seal(ctx context.Context, dst []byte, o Object, payload []byte) (sealed []byte, err error) {
	err = h.with(ctx, &o, ToSeal, func(key root) (err error) {
		sealed, err = key.seal(dst, &o, payload)
		return err
	})
	return sealed, err
}

// Open decrypts what Seal made for the same object and appends it to dst, which may be nil and must not overlap it. The
// error wraps [ErrNotYours] where it is damaged or another object's.
func (h *Holder) Open(ctx context.Context, dst []byte, o Object, sealed []byte) (payload []byte, err error) {
	err = h.with(ctx, &o, ToOpen, func(key root) (err error) {
		payload, err = key.open(dst, &o, sealed)
		return err
	})
	return payload, err
}

// Ready tells whether the source answers. It asks for a slot that no class has, so that no key travels for it. The error
// wraps [ErrUnavailable].
func (h *Holder) Ready(ctx context.Context) error {
	_, err := h.deps.Source.Key(ctx, "none", time.Unix(0, 0), ToOpen)
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return nil
}

// with runs work with the slot's key, which is not wiped meanwhile.
func (h *Holder) with(ctx context.Context, o *Object, use Use, work func(root) error) error {
	err := h.try(ctx, o, use, work)
	if err != nil {
		reason := answerTo(err).code
		if errors.Is(err, ErrNotYours) {
			reason = "not_yours"
		}
		h.metrics.failed.WithLabelValues(string(use), reason).Inc()
	}
	return err
}

func (h *Holder) try(ctx context.Context, o *Object, use Use, work func(root) error) error {
	o.Slot = o.Slot.UTC()
	id := ID{o.Class, o.Slot}
	for {
		k := h.place(id)
		k.RLock()
		if !k.root.none() {
			err := h.usable(&k.slot, use)
			if err == nil {
				err = work(k.root)
			}
			k.RUnlock()
			return err
		}
		k.RUnlock()
		if err := h.fetch(ctx, k, id, use); err != nil {
			return err
		}
	}
}

// place is where the key of an ID is, or will be.
func (h *Holder) place(id ID) *held {
	h.mu.Lock()
	defer h.mu.Unlock()
	k := h.held[id]
	if k == nil {
		k = new(held)
		h.held[id] = k
	}
	return k
}

// placed tells whether this is still where the key is looked for. It stays so while its lock is held.
func (h *Holder) placed(k *held, id ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.held[id] == k
}

// usable tells whether the clock still allows a use: what timers do late, it does at once.
func (h *Holder) usable(slot *Slot, use Use) error {
	now := h.deps.Clock.Now()
	switch {
	case !now.Before(slot.DestroyAt):
		return fmt.Errorf("%s: %w", slot.id(), ErrDestroyed)
	case use == ToSeal && !now.Before(slot.SealAt):
		return fmt.Errorf("%s: %w", slot.id(), ErrSealed)
	}
	return nil
}

// fetch asks the source and sets the timer that wipes the key.
func (h *Holder) fetch(ctx context.Context, k *held, id ID, use Use) error {
	k.Lock()
	defer k.Unlock()
	if !k.root.none() || !h.placed(k, id) {
		return nil // another one was faster, with the key or with giving the place up
	}
	if h.ctx.Err() != nil {
		return fmt.Errorf("%s: %w: this role is ending", id, ErrUnavailable)
	}
	grant, err := h.deps.Source.Key(ctx, id.Class, id.Start, use)
	if err == nil {
		if err = h.usable(&grant.Slot, use); err == nil {
			k.root, err = grant.Key.root()
		}
		grant.Key.wipe()
	}
	if err != nil {
		h.forget(k, id)
		return err
	}
	k.slot = grant.Slot
	h.metrics.held.Inc()
	h.wake(k, id)
	return nil
}

// forget gives an empty place up, so that refused slots do not fill the memory.
func (h *Holder) forget(k *held, id ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[id] == k {
		delete(h.held, id)
	}
}

// wake sets the timer to destroy_at, or to the next question before it.
func (h *Holder) wake(k *held, id ID) {
	wait := min(k.slot.DestroyAt.Sub(h.deps.Clock.Now()), recheck)
	k.stop = h.deps.Clock.AfterFunc(max(wait, 0), func() { h.look(k, id) })
}

// look wipes a key that is due, or that the authority has destroyed. While the authority is away a key goes on to its own end.
func (h *Holder) look(k *held, id ID) {
	if h.due(k) {
		h.wipe(k, id, "due")
		return
	}
	ctx, cancel := context.WithTimeout(h.ctx, recheck)
	defer cancel()
	grant, err := h.deps.Source.Key(ctx, id.Class, id.Start, ToOpen)
	if errors.Is(err, ErrDestroyed) {
		h.wipe(k, id, "destroyed")
		return
	}
	k.Lock()
	defer k.Unlock()
	if err == nil {
		k.adopt(grant.Slot)
		grant.Key.wipe()
	}
	if !k.root.none() {
		h.wake(k, id)
	}
}

// adopt takes earlier dates over, as a changed schedule brings them; later ones never.
func (k *held) adopt(slot Slot) {
	k.slot.DestroyAt = earlier(k.slot.DestroyAt, slot.DestroyAt)
	k.slot.SealAt = earlier(k.slot.SealAt, slot.SealAt)
}

func (h *Holder) due(k *held) bool {
	k.RLock()
	defer k.RUnlock()
	return !h.deps.Clock.Now().Before(k.slot.DestroyAt)
}

// wipe ends a key in this role, once nobody uses it.
func (h *Holder) wipe(k *held, id ID, reason string) {
	k.Lock()
	defer k.Unlock()
	if k.root.none() {
		return
	}
	k.root.wipe()
	k.root = root{}
	k.stop()
	h.metrics.held.Dec()
	h.metrics.wiped.WithLabelValues(reason).Inc()
	h.forget(k, id)
}

// Close wipes every key. What is asked of the holder afterwards is refused.
func (h *Holder) Close() {
	h.end()
	h.mu.Lock()
	all := maps.Clone(h.held)
	h.mu.Unlock()
	for id, k := range all {
		h.wipe(k, id, "closed")
	}
}
