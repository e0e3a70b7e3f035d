package images

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// packer fills packs and brings them into the stores: the pack first, then its
// index. Pictures of one slot share a pack until it is large or old enough.
type packer struct {
	config  *Config
	deps    *Deps
	metrics *metrics

	mu     sync.Mutex
	open   map[int64]*pack // by slot
	bodies sync.Pool       // of *[]byte

	uploads chan struct{} // a place for each pack on its way
	sending sync.WaitGroup
	// rests is until when nothing is taken, Unix nanoseconds: a pack could not be stored.
	rests atomic.Int64
}

func newPacker(config *Config, deps *Deps, m *metrics) *packer {
	return &packer{
		config: config, deps: deps, metrics: m, open: map[int64]*pack{}, uploads: make(chan struct{}, config.Limits.Uploads),
		bodies: sync.Pool{New: func() any { return new([]byte) }},
	}
}

// add puts a sealed picture into the pack of its slot, and returns the pack to wait for.
func (p *packer) add(picture *picture, sealed []byte) *pack {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := picture.slot
	k := p.open[slot]
	if k != nil && int64(len(k.body)+entryHead+len(sealed)) > p.config.PackBytes {
		p.cut(k)
		k = nil
	}
	if k == nil {
		k = newPack(slot, *p.bodies.Get().(*[]byte))
		p.open[slot] = k
		k.age = time.AfterFunc(p.config.PackAge, func() { p.tooOld(k) })
	}
	k.add(picture, sealed)
	if int64(len(k.body)) >= p.config.PackBytes {
		p.cut(k)
	}
	return k
}

// tooOld ends a pack that has waited long enough.
func (p *packer) tooOld(k *pack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[k.slot] == k {
		p.cut(k)
	}
}

// cut ends a pack and sends it on its way. The lock is held.
func (p *packer) cut(k *pack) {
	k.age.Stop()
	delete(p.open, k.slot)
	p.sending.Add(1)
	go func() {
		defer p.sending.Done()
		p.uploads <- struct{}{}
		defer func() { <-p.uploads }()
		p.send(k)
	}()
}

// flush sends every pack on its way and waits for all of them.
func (p *packer) flush() {
	p.mu.Lock()
	for _, k := range p.open {
		p.cut(k)
	}
	p.mu.Unlock()
	p.sending.Wait()
}

// send stores a pack and then its index. It goes on when those who wait for it
// have gone: whether the pictures are stored must not hang on a connection.
func (p *packer) send(k *pack) {
	p.metrics.step("wait", k.began)
	p.metrics.packed.Observe(float64(len(k.body)))
	err := p.put(k)
	result := "put_failed"
	if err == nil {
		err = p.index(k)
		result = "index_failed"
	}
	if err == nil {
		result = "stored"
		p.metrics.accepted.Add(float64(len(k.entries)))
		p.metrics.bytes.Add(float64(k.bytes))
	} else {
		p.rests.Store(time.Now().Add(p.config.Limits.Rest).UnixNano())
		p.deps.Log.Error().Err(asFailure(err).cause).Str("pack", k.name).Int("images", len(k.entries)).Str("result", result).Msg("a pack was not acknowledged")
	}
	p.metrics.packs.WithLabelValues(result).Inc()
	body := k.body
	k.body = nil
	p.bodies.Put(&body)
	k.finish(err)
}

func (p *packer) put(k *pack) error {
	ctx, cancel := context.WithTimeout(context.Background(), p.config.Limits.Put)
	defer cancel()
	p.deps.Reached(BeforePut)
	began := time.Now()
	err := p.deps.Store.Put(ctx, k.name, k.body)
	p.metrics.step("put", began)
	if err != nil {
		return later(StoreUnavailable, p.config.Limits.Rest, "the object store did not take the picture: send the same again").because(err)
	}
	p.deps.Reached(AfterPut)
	return nil
}

// index writes the pack's entries. One that Kafka has already, though its answer
// was lost, is written again: the first entry of a picture wins.
func (p *packer) index(k *pack) error {
	ctx, cancel := context.WithTimeout(context.Background(), p.config.Limits.Produce)
	defer cancel()
	began := time.Now()
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(100*time.Millisecond), backoff.WithMaxInterval(2*time.Second), backoff.WithMaxElapsedTime(0))
	err := backoff.RetryNotify(func() error { return p.deps.Producer.Produce(ctx, k.entries) }, backoff.WithContext(pauses, ctx),
		func(error, time.Duration) { p.metrics.retries.WithLabelValues("index").Inc() })
	p.metrics.step("index", began)
	if err != nil {
		return later(NotAcknowledged, p.config.Limits.Rest, "Kafka did not acknowledge the index: send the same again, it is stored once").because(err)
	}
	p.deps.Reached(AfterKeep)
	return nil
}

// refuse tells whether nothing is to be taken at the moment, since a pack could not be stored just now.
func (p *packer) refuse() *failure {
	left := time.Until(time.Unix(0, p.rests.Load()))
	if left <= 0 {
		return nil
	}
	return later(StoreUnavailable, left, "the stores did not take a pack a moment ago: send the same again")
}
