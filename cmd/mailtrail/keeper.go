package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/pipeline/keys"
	"mailtrail/pipeline/ledger"
	pipeline "mailtrail/pipeline/retention"
)

// keeper is what one process alone has of an installation's retention: the ledger, the clock by which slots end, and the
// slot keys.
type keeper struct {
	ledger    *ledger.Log
	clock     *pipeline.Clock
	authority *keys.Authority
	// started is what the start of the authority destroyed and found.
	started keys.Report
	// agreed: the schedule is known to be the one in force. Before, keys end at the dates that they were made with, and
	// nobody gets one, so that a wrong file destroys none.
	agreed atomic.Bool
}

// keysAhead is how far a role's clock may run ahead of the keeper's: a slot of its has a key that much before it begins.
const keysAhead = 10 * time.Minute

// openKeeper takes the ledger and the slot keys for this process, and destroys every key that is overdue, or was destroyed
// before and came back. The error wraps [ledger.ErrBusy] where another process has them.
func (r *role) openKeeper(ctx context.Context, metrics prometheus.Registerer) (_ *keeper, err error) {
	rules, err := r.rules()
	if err != nil {
		return nil, err
	}
	log := r.log.With().Str("part", "sweeper").Logger()
	k := &keeper{clock: pipeline.NewClock(r.now, newUptime(), log)}
	k.ledger, err = ledger.Open(ledger.Config{Dir: r.config.LedgerDir()}, ledger.Deps{Log: log, Clock: k.clock.Now})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.ledger.Close())
		}
	}()
	k.clock.AtLeast(k.ledger.LastTime())
	reached := faultPoint[keys.Point]()
	store, err := r.keyStore(reached)
	if err != nil {
		return nil, err
	}
	calendar := keys.FromSchedule(rules.schedule)
	k.authority, err = keys.New(keys.Config{Tombstones: r.config.Tombstones(), Ahead: keysAhead, Every: r.config.Retention.SweepEvery}, keys.Deps{
		Log: r.log.With().Str("part", "keys").Logger(), Metrics: metrics, Clock: k.clock.Now, Store: store, Ledger: k.ledger, Reached: reached, NextDue: keys.NextDue(rules.schedule),
		Calendar: func(class string, start time.Time) (keys.Slot, error) {
			if !k.agreed.Load() {
				return keys.Slot{}, fmt.Errorf("%w: the retention schedule is not agreed on yet", keys.ErrUnavailable)
			}
			return calendar(class, start)
		},
	})
	if err != nil {
		return nil, err
	}
	k.started, err = k.authority.Start(ctx)
	return k, err
}

// keyStore is where the keys lie.
func (r *role) keyStore(reached func(keys.Point)) (keys.Store, error) {
	if r.config.Keys.Memory {
		return keys.NewMemoryStore(), nil
	}
	return keys.OpenFileStore(r.config.KeysDir(), reached)
}

func (k *keeper) close() {
	_ = k.authority.Close() // it gives a lock free, as the end of the process does
	_ = k.ledger.Close()
}

// takeKeeper makes this process the keeper, until the role's parts are stopped.
func (r *role) takeKeeper(ctx context.Context) error {
	k, err := r.openKeeper(ctx, r.observer.registry)
	if err != nil {
		return err
	}
	tellKeys(r.log, k.started)
	r.keeper = k
	r.parts.start("slot keys", func(ctx context.Context) error {
		defer k.close()
		return k.authority.Run(ctx)
	})
	return nil
}

// awaitKeeper makes this process the keeper when no other one is, at most after patience (0: as long as it takes).
func (r *role) awaitKeeper(ctx context.Context, patience time.Duration) error {
	told, began := false, time.Now()
	for r.keeper == nil {
		err := r.takeKeeper(ctx)
		if !errors.Is(err, ledger.ErrBusy) {
			return err
		}
		if patience > 0 && time.Since(began) > patience {
			return fmt.Errorf("%w; it is `mailtrail retention run` or `sweep`: stop it, this one sweeps by itself", err)
		}
		if !told {
			r.log.Info().Msg("another sweeper runs; this one waits for its end")
			told = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
	return nil
}

// runKeeper runs a role that is the keeper. What is overdue of the keys is destroyed before any port is opened; where
// another process has them, that process has done it, and the role waits.
func (a *app) runKeeper(ctx context.Context, name string, start func(context.Context, *role) error) error {
	r, err := a.newRole()
	if err != nil {
		return err
	}
	defer r.parts.stop()
	if err := r.takeKeeper(ctx); err != nil && !errors.Is(err, ledger.ErrBusy) {
		return err
	}
	return r.run(ctx, name, start)
}

// serveKeys opens the ways by which other processes get keys: the socket in the data folder, where socket says so, and
// keys.listen.
func (r *role) serveKeys(socket bool) error {
	var ways []keys.ServerConfig
	if socket {
		ways = append(ways, keys.ServerConfig{Network: "unix", Address: r.config.KeysSocket()})
	}
	if listen := r.config.Keys.Listen; listen != "" {
		tls, err := keysTLS(r.config, listen)
		if err != nil {
			return err
		}
		network, address := listen.Dial()
		if network != "unix" || !socket || address != r.config.KeysSocket() {
			ways = append(ways, keys.ServerConfig{Network: network, Address: address, TLS: tls})
		}
	}
	if len(ways) == 0 {
		r.log.Warn().Msg("keys.listen is not set, so no other process gets slot keys: `mailtrail ingest` and `mailtrail rejects` need them; " +
			"set keys.listen here and keys.connect there, to unix:PATH or to host:port with keys.tls")
	}
	for _, way := range ways {
		server, err := keys.NewServer(way, keys.ServerDeps{Log: r.log.With().Str("part", "keys").Logger(), Authority: r.keeper.authority})
		if err != nil {
			return err
		}
		r.parts.start("slot keys at "+way.Address, server.Run)
	}
	return nil
}

// keeperClock is the keeper's clock for those who hold keys in the same process.
type keeperClock struct{ *pipeline.Clock }

func (keeperClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return time.AfterFunc(d, f).Stop
}

// tellKeys says which keys a sweep destroyed, in the log that a person reads.
func tellKeys(log zerolog.Logger, report keys.Report) {
	for _, id := range report.Destroyed {
		log.Info().Stringer("key", id).Msg("a slot key is destroyed")
	}
}
