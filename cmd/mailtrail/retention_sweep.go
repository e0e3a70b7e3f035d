package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"mailtrail/cmd/mailtrail/config"
	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/keys"
	"mailtrail/pipeline/ledger"
	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/objectstore"
)

func newRetentionSweepCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "sweep",
		Short: "Destroy now what is due, once",
		Long: `sweep drops every slot that is due and destroys its key, enters that in the ledger, and prints what went. Run again, it finds nothing.
One sweeps at a time: beside ` + "`mailtrail up`" + ` or ` + "`mailtrail retention run`" + `, which do it by themselves, it ends with 1.
The exit status is 1 where something that is due could not be destroyed or entered.`,
		Example: `  mailtrail retention sweep --config site.yaml`,
		Args:    cobra.NoArgs,
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		r, err := a.plainRole()
		if err != nil {
			return err
		}
		return r.sweepOnce(c.Context(), *format)
	}
	return command
}

func newRetentionRunCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Destroy what is due, on time, until it is stopped",
		Long: `run is the sweeper: it destroys what is overdue at once, wakes whenever a slot is due, looks every retention.sweep_every
besides, and enters each destruction in the ledger in the data folder. A second one waits for the end of the first.
It has the slot keys too, and serves them to the other roles at keys.listen. The auditor runs with it, every few minutes,
as ` + "`mailtrail retention verify`" + ` does once. ` + "`mailtrail up`" + ` has a sweeper, keys and an auditor of its own.`,
		Example: `  mailtrail retention run --config site.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runKeeper(c.Context(), "retention", func(ctx context.Context, r *role) error {
				if err := startSweeper(ctx, r, 0); err != nil {
					return err
				}
				return r.serveKeys(false)
			})
		},
	}
}

// sweepOnce sweeps and prints what went.
func (r *role) sweepOnce(ctx context.Context, format rowFormat) error {
	k, err := r.openKeeper(ctx, prometheus.NewRegistry())
	if errors.Is(err, ledger.ErrBusy) {
		return fmt.Errorf("%w; it is `mailtrail up` or `mailtrail retention run`, which sweeps by itself", err)
	}
	if err != nil {
		return err
	}
	defer k.close()
	s, err := r.openSweep(k, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer s.close()
	ended, err := s.agreed(ctx)
	if err != nil {
		return err
	}
	swept := s.sweeper.Sweep(ctx)
	rows, err := newRowWriter(r.stdout, format, "class", "store", "place", "slot", "rows", "by", "returned", "late_seconds")
	if err != nil {
		return err
	}
	for _, d := range swept.Drops {
		if err := rows.Row(d.Class, string(d.Place.Store), d.Place.Name, at(d.Start), d.Rows, d.By, d.Returned, int64(d.Lag/time.Second)); err != nil {
			return err
		}
	}
	for _, id := range slices.Concat(k.started.Returned, k.started.Destroyed, ended.Destroyed) {
		if err := rows.Row(id.Class, ledger.KeyStore, "slot key", id.Start, nil, keys.ByAuthority, slices.Contains(k.started.Returned, id), nil); err != nil {
			return err
		}
	}
	if format != "table" || len(swept.Drops)+len(k.started.Returned)+len(k.started.Destroyed)+len(ended.Destroyed) > 0 {
		if err := rows.Close(); err != nil {
			return err
		}
	} else if len(swept.Failures) == 0 {
		fmt.Fprintln(r.stderr, "nothing is due")
	}
	return swept.Err()
}

// startSweeper waits until no other sweeper runs, at most so long (0: as long as it takes), destroys what is overdue, and
// starts the sweeper.
func startSweeper(ctx context.Context, r *role, patience time.Duration) error {
	err := r.parts.check(ctx, func(ctx context.Context) error { return r.awaitKeeper(ctx, patience) })
	if err != nil {
		return err
	}
	s, err := r.openSweep(r.keeper, r.observer.registry)
	if err != nil {
		return err
	}
	err = r.parts.check(ctx, func(ctx context.Context) error {
		err := await(ctx, applyPatience, func(ctx context.Context) error {
			ended, err := s.agreed(ctx)
			tellKeys(r.log, ended)
			return err
		})
		if err != nil {
			return err
		}
		return await(ctx, applyPatience, func(ctx context.Context) error { return s.sweeper.Sweep(ctx).Err() })
	})
	if err != nil {
		s.close()
		return err
	}
	r.observer.ready("clickhouse", s.store.Ping)
	if s.objects != nil {
		r.observer.ready("objects", s.objects.Ping)
	}
	r.parts.start("sweeper", func(ctx context.Context) error {
		defer s.close()
		return s.sweeper.Run(ctx)
	})
	return startVerifier(r, s.keeper.ledger)
}

// sweep is the sweeper with what it holds.
type sweep struct {
	role    *role
	rules   *ruleBook
	keeper  *keeper
	store   *clickhouse.Store
	objects *objectstore.Store // nil where the installation has none
	sweeper *pipeline.Sweeper
}

// openSweep makes the sweeper.
func (r *role) openSweep(k *keeper, metrics prometheus.Registerer) (*sweep, error) {
	rules, err := r.rules()
	if err != nil {
		return nil, err
	}
	s := &sweep{role: r, rules: rules, keeper: k}
	if s.store, err = openClickHouse(r.config, rules, embedded.Writer); err != nil {
		return nil, err
	}
	stores := map[retention.Store]pipeline.SlotStore{retention.ClickHouse: sweptTables{s.store}}
	if r.hasObjects(rules.schedule) {
		if s.objects, err = openObjects(r, rules, metrics); err != nil {
			s.close()
			return nil, err
		}
		stores[retention.Objects] = sweptPrefixes{s.objects, rules.schedule, 2 * r.config.Retention.SweepEvery, r.now}
	}
	s.sweeper, err = pipeline.New(pipeline.Config{
		Schedule: rules.schedule, Every: r.config.Retention.SweepEvery, Notes: filepath.Join(r.config.Data, "sweep.json"),
		Emptied: func(place retention.Place) bool {
			return r.config.Mode == config.Embedded && strings.HasPrefix(place.Name, "system.")
		},
	}, pipeline.Deps{
		Stores: stores,
		Ledger: sweepLedger{k.ledger}, Log: r.log.With().Str("part", "sweeper").Logger(), Metrics: metrics, Clock: k.clock,
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *sweep) close() {
	s.store.Close()
	if s.objects != nil {
		s.objects.Close()
	}
}

// agreed makes sure that the schedule is the one from which the tables were made, so that a wrong file destroys nothing,
// enters it in the ledger, and destroys the keys that are due by it.
func (s *sweep) agreed(ctx context.Context) (ended keys.Report, err error) {
	applied, err := s.store.AppliedSchedule(ctx)
	if err != nil {
		return ended, atClickHouse(s.role.config, err)
	}
	if applied == nil {
		return ended, errors.New("ClickHouse has no tables of mailtrail yet: run `mailtrail migrate` first")
	}
	applied.Topics = s.rules.schedule.Topics // the server does not hold them
	if changes := retention.Compare(applied, s.rules.schedule); len(changes) > 0 {
		return ended, fmt.Errorf("ClickHouse was made from another retention schedule (%s): run `mailtrail retention apply` with the right one first; nothing is destroyed", changes[0])
	}
	if _, err = s.keeper.ledger.Adopt(s.rules.schedule.Hash(), classRows(s.rules.schedule, s.keeper.clock.Now()), pipeline.BySweeper); err != nil {
		return ended, err
	}
	s.keeper.agreed.Store(true)
	return s.keeper.authority.Sweep(ctx)
}
