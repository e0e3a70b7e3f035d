package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/gateway"
	"mailtrail/pipeline/images"
	"mailtrail/pipeline/report"
	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/retention"
)

func newAPICommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "api",
		Short: "Answer records officers and mailers over HTTP",
		Long: `api serves the page for records officers at /officer: what is kept and for how long, what goes next, what verify found, and
the proofs of what was destroyed. An officer comes in with the name and the token of ` + "`mailtrail access add officer NAME`" + `, asked
for by the browser. It works without the stores too, and says which of them do not answer. The ledger it shows lies in the
data folder of the host that runs ` + "`mailtrail retention run`" + `: run it there. ` + "`mailtrail up`" + ` has one of its own.

Images stand at /v1/images: an officer gets every one that is not past its limit, a mailer those that bear its own MIDs or MIDs
that were delegated to it.`,
		Example: `  mailtrail api --config site.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runRole(c.Context(), "api", startAPI)
		},
	}
}

// startAPI starts the door for officers and mailers.
func startAPI(_ context.Context, r *role) error {
	stores, err := r.connect(embedded.Auditor)
	if err != nil {
		return err
	}
	log := r.log.With().Str("part", "api").Logger()
	parties, err := access.Open(r.config.AccessFile(), access.Deps{Logger: log, Registerer: r.observer.part("api"), Now: r.now})
	if err != nil {
		return err
	}
	rules, store := stores.rules, stores.clickhouse
	var pictures http.Handler
	closeShelf := func() {}
	if r.hasObjects(rules.schedule) {
		shelf, err := r.openShelf(stores)
		if err != nil {
			return err
		}
		pictures, closeShelf = images.NewShelf(shelf.reader, viewers{parties, r.now}, rules.tables.ServiceTypes), shelf.close
	}
	held := []report.Store{
		// The parts themselves, since no view shows what is due and still lies there.
		heldStore{"ClickHouse", sweptTables{store}, rules.schedule}, heldStore{"Kafka", heldTopics{r, rules}, rules.schedule},
		heldStore{"Folders", pipeline.NewFolders(r.config.Data, rules.schedule), rules.schedule},
	}
	if r.hasObjects(rules.schedule) {
		held = append(held, heldStore{"Object store", plannedPrefixes{r, rules}, rules.schedule})
	}
	book := &officerLedger{dir: r.config.LedgerDir(), now: r.now}
	api := report.New(report.Config{
		Listen: string(r.config.API.Listen), Cert: r.config.API.TLS.Cert, Key: r.config.API.TLS.Key, Schedule: rules.schedule,
	}, report.Deps{
		Log: log, Metrics: r.observer.registry, Clock: r.now, Officers: officers{parties}, Applied: store, Ledger: book,
		Stores: held, Images: pictures,
	})
	r.parts.start("api", func(ctx context.Context) error {
		defer stores.close()
		defer closeShelf()
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

// shelf is what reads images back.
type shelf struct {
	reader *images.Reader
	close  func()
}

// openShelf makes a reader of images. Close it.
func (r *role) openShelf(stores *connections) (*shelf, error) {
	metrics := r.observer.part("api")
	log := r.log.With().Str("part", "images").Logger()
	objects, err := openObjects(r, stores.rules, r.observer.registry)
	if err != nil {
		return nil, err
	}
	opener, err := r.newImageKeys(metrics)
	if err != nil {
		return nil, err
	}
	reader := images.NewReader(images.ReaderDeps{
		Sealer: opener, Store: packStore{objects}, Index: stores.clickhouse, Row: stores.rules.schedule.Row(retention.MailpieceImages), Clock: r.now, Log: log, Metrics: r.observer.registry,
	})
	return &shelf{reader, func() {
		opener.Close()
		objects.Close()
	}}, nil
}

// viewers lets in officers and mailers.
type viewers struct {
	parties *access.Store
	now     func() time.Time
}

func (v viewers) Viewer(r *http.Request) (images.Viewer, bool) {
	shown, given := gateway.CredentialsOf(r)
	if !given || shown.Certificate != nil {
		return images.Viewer{}, false
	}
	name, token := shown.Device, shown.Token
	if who, err := v.parties.Authenticate(access.KindOfficer, name, token); err == nil {
		return images.Viewer{Name: who.Name, All: true}, true
	}
	who, err := v.parties.Authenticate(access.KindMailer, name, token)
	if err != nil {
		return images.Viewer{}, false
	}
	mids, _, ok := v.parties.Scope(who.Name, v.now())
	return images.Viewer{Name: who.Name, MIDs: slices.Compact(slices.Sorted(slices.Values(mids)))}, ok
}
