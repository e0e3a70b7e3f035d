package main

import (
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/gateway"
	"mailtrail/pipeline/images"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

func newImagesCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:   "images",
		Short: "Images of mailpieces: take them in, list those of a piece, get one",
		Long: `images run is the door for cameras: POST /v1/images. An image is acknowledged when it is stored, sealed under the key of its
slot; at its limit the key is destroyed, and nobody can read it any more. An image is found by its piece or its id; there is no other way.`,
		Example: `  mailtrail images list 00270900123456000012`,
	})
	group.AddCommand(newImagesRunCommand(a), newImagesListCommand(a), newImagesGetCommand(a))
	return group
}

func newImagesRunCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Take images from mail processing equipment over HTTP",
		Long: `run opens images.listen, with the certificates of gateway.tls. It acknowledges an image only after the object store has it and Kafka
has its entry in the index; run any number of them, with one images.id_key_file. Slot keys come from keys.connect.`,
		Example: `  mailtrail images run --config site.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runRole(c.Context(), "images", func(ctx context.Context, r *role) error {
				_, err := startImages(ctx, r)
				return err
			})
		},
	}
}

// startImages starts the door for images on its own port, and returns it so that the gateway's can serve it too.
func startImages(_ context.Context, r *role) (http.Handler, error) {
	c := r.config
	stores, err := r.connect(embedded.Writer)
	if err != nil {
		return nil, err
	}
	log := r.log.With().Str("part", "images").Logger()
	parties, err := access.Open(c.AccessFile(), access.Deps{Logger: log, Registerer: r.observer.part("images"), Now: r.now})
	if err != nil {
		return nil, err
	}
	objects, err := openObjects(r, stores.rules, r.observer.registry)
	if err != nil {
		return nil, err
	}
	sealer, err := r.newImageKeys(r.observer.part("images"))
	if err != nil {
		return nil, err
	}
	idKey, err := images.LoadIDKey(c.ImageIDKeyFile())
	if err != nil {
		return nil, err
	}
	producer := stores.kafka.NewProducer(int(c.Kafka.MaxMessage))
	door, err := images.New(images.Config{
		MaxBody: int64(c.Gateway.MaxBody), PackBytes: int64(c.Images.PackBytes), PackAge: c.Images.PackAge,
		Row: stores.rules.schedule.Row(retention.MailpieceImages), Ahead: c.Ingest.Ahead, Limits: images.DefaultLimits(int64(c.Gateway.MaxBody)),
	}, images.Deps{
		Sealer: sealer, Store: packStore{objects}, Producer: producer, Authenticator: cameras{devices{parties}}, Pressure: r.watchBacklog(stores, event.ImagesTopic, log), Tables: stores.rules.tables,
		IDKey: idKey, Clock: time.Now, Log: log, Metrics: r.observer.registry, Reached: faultPoint[images.Point](),
	})
	if err != nil {
		return nil, err
	}
	certificates, err := gateway.TLS{Cert: c.Gateway.TLS.Cert, Key: c.Gateway.TLS.Key, ClientCA: c.Gateway.TLS.ClientCA}.Load()
	if err != nil {
		return nil, err
	}
	r.parts.start("images", func(ctx context.Context) error {
		defer stores.close()
		defer objects.Close()
		defer sealer.Close()
		defer producer.Close()
		defer door.Close()
		return images.NewServer(string(c.Images.Listen), certificates, door, log).Run(ctx)
	})
	return door, nil
}

// cameras lets in the devices of the access file.
type cameras struct{ devices }

func (c cameras) Authenticate(r *http.Request) (images.Device, bool) {
	shown, given := gateway.CredentialsOf(r)
	if !given {
		return images.Device{}, false
	}
	device, ok := c.devices.Authenticate(shown)
	return images.Device(device), ok
}
