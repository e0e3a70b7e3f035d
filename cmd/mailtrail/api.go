package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/report"
	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
)

func newAPICommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "api",
		Short: "Serve the records officer's page",
		Long: `api serves the page for records officers at /officer: what is kept and for how long, what goes next, what verify found, and
the proofs of what was destroyed. An officer comes in with the name and the token of ` + "`mailtrail access add officer NAME`" + `, asked
for by the browser. It works without the stores too, and says which of them do not answer. The ledger it shows lies in the
data folder of the host that runs ` + "`mailtrail retention run`" + `: run it there. ` + "`mailtrail up`" + ` has one of its own.`,
		Example: `  mailtrail api --config site.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runRole(c.Context(), "api", startAPI)
		},
	}
}

// startAPI starts the door for officers, and later mailers.
func startAPI(_ context.Context, r *role) error {
	rules, err := r.rules()
	if err != nil {
		return err
	}
	log := r.log.With().Str("part", "api").Logger()
	parties, err := access.Open(r.config.AccessFile(), access.Deps{Logger: log, Registerer: r.observer.part("api"), Now: r.now})
	if err != nil {
		return err
	}
	store, err := openClickHouse(r.config, rules, embedded.Auditor)
	if err != nil {
		return err
	}
	book := &officerLedger{dir: r.config.LedgerDir(), now: r.now}
	api := report.New(report.Config{
		Listen: string(r.config.API.Listen), Cert: r.config.API.TLS.Cert, Key: r.config.API.TLS.Key, Schedule: rules.schedule,
	}, report.Deps{
		Log: log, Metrics: r.observer.registry, Clock: r.now, Officers: officers{parties}, Applied: store, Ledger: book,
		Stores: []report.Store{
			// The parts themselves, since no view shows what is due and still lies there.
			heldStore{"ClickHouse", sweptTables{store}, rules.schedule}, heldStore{"Kafka", heldTopics{r, rules}, rules.schedule},
			heldStore{"Folders", pipeline.NewFolders(r.config.Data, rules.schedule), rules.schedule},
		},
	})
	r.parts.start("api", func(ctx context.Context) error {
		defer store.Close()
		defer book.close()
		return api.Run(ctx)
	})
	return nil
}

// officers lets in the officers of the access file.
type officers struct{ store *access.Store }

func (o officers) Officer(name, token string) (string, bool) {
	if name == "" {
		return "", false // a token alone is for other doors
	}
	who, err := o.store.Authenticate(access.KindOfficer, name, token)
	return who.Name, err == nil
}

// heldStore is a store of the plan as the page asks it.
type heldStore struct {
	name     string
	store    pipeline.Store
	schedule *retention.Schedule
}

func (s heldStore) Name() string { return s.name }

func (s heldStore) Oldest(ctx context.Context) (all []report.Holding, err error) {
	held, err := s.store.Held(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	for _, h := range held {
		if h.Strange != "" {
			err = errors.Join(err, fmt.Errorf("%s holds %s, which nobody removes", h.Place.Name, h.Strange))
			continue
		}
		goes := h.GoneAt
		if row := s.schedule.Row(h.Class); goes == 0 && row != nil {
			goes = row.DestroyAt(h.From)
		}
		all = append(all, report.Holding{Class: h.Class, Place: h.Place, Oldest: at(h.From), Goes: orNever(goes), Rows: h.Rows})
	}
	return all, err
}
