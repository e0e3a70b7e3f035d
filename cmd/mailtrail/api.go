package main

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/gateway"
	"mailtrail/pipeline/images"
	"mailtrail/pipeline/report"
	"mailtrail/schemas/retention"
)

func newAPICommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "api",
		Short: "Answer mailers and officers over HTTP",
		Long: `api opens api.listen. An officer gets every image that is not past its limit, a mailer those that bear its own MIDs or MIDs
that were delegated to it. So far it has no other answers.`,
		Example: `  mailtrail api --config site.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runRole(c.Context(), "api", startAPI)
		},
	}
}

// startAPI starts the door for mailers and officers.
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
	shelf, err := r.openShelf(stores)
	if err != nil {
		return err
	}
	api := report.New(report.Config{Listen: string(r.config.API.Listen), Cert: r.config.API.TLS.Cert, Key: r.config.API.TLS.Key},
		report.Deps{Log: log, Clock: r.now, Images: images.NewShelf(shelf.reader, viewers{parties, r.now}, stores.rules.tables.ServiceTypes)})
	r.parts.start("api", func(ctx context.Context) error {
		defer stores.close()
		defer shelf.close()
		return api.Run(ctx)
	})
	return nil
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
