package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mailtrail/pipeline/simulate"
)

// simulateFlags are the flags of the command.
type simulateFlags struct {
	count              uint64
	duration           time.Duration
	rate               float64
	seed               uint64
	start              string
	to, tokenFile, out string
	truth              string
	wire               string
	batch, concurrency int
	damaged            float64
	knownOut           string
}

func newSimulateCommand(a *app) *cobra.Command {
	f := simulateFlags{}
	command := &cobra.Command{
		Use:   "simulate",
		Short: "A model of the mail: realistic scans, and the truth about them",
		Long: `simulate sends the scans of a modelled day of mail to the gateway, into Kafka or into a file.
The same seed, count and start are the same mail at any speed. --truth writes what must become of
every event, from the model's own state.

Of the reads of letters and flats some are damaged (--damaged): one, two or three bars read wrongly, or some not
read at all. The truth has a line for each: the bars, the barcode of the piece, and whether the read is stored
(and as which barcode, if it is not its own), or rejected as ambiguous or unreadable. --known-out writes the
mailers of the mail in the form that reference.known_barcodes takes, which settles most of the ambiguous ones.`,
		Example: `  mailtrail simulate --count 100000 --to http --token-file token.txt --truth truth.jsonl`,
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.simulate(c.Context(), f) },
	}
	flags := command.Flags()
	flags.Uint64Var(&f.count, "count", 0, "how many events")
	flags.DurationVar(&f.duration, "duration", 0, "instead of --count: how long to send at --rate")
	flags.Float64Var(&f.rate, "rate", 0, "events a second; 0: as fast as they are taken")
	flags.Uint64Var(&f.seed, "seed", 1, "which mail")
	flags.StringVar(&f.start, "start", "", "beginning of the modelled day, RFC 3339 (default 24 hours ago)")
	flags.StringVar(&f.to, "to", "http", "where to: http (the gateway), kafka (the topic mail.scans) or file")
	flags.StringVar(&f.out, "out", "", "the file of --to file; - is standard output")
	flags.StringVar(&f.tokenFile, "token-file", "", "file with the token of the device that sends (for --to http)")
	flags.StringVar(&f.truth, "truth", "", "file for the truth, JSON lines")
	flags.StringVar(&f.wire, "wire", "json", "form of the events: json or protobuf")
	flags.IntVar(&f.batch, "batch", 500, "events in a request")
	flags.Float64Var(&f.damaged, "damaged", 0.002, "`share` of events with damaged bars, 0 to 0.4")
	flags.StringVar(&f.knownOut, "known-out", "", "`file` for the mailers of this mail, as known barcodes")
	flags.IntVar(&f.concurrency, "concurrency", 4, "requests under way at once")
	return command
}

func (f *simulateFlags) options(a *app) (simulate.Options, error) {
	options := simulate.Defaults(a.now())
	options.Seed, options.Count, options.Duration, options.Rate, options.BatchSize = f.seed, f.count, f.duration, f.rate, f.batch
	options.Wire = simulate.Wire(f.wire)
	if !(f.damaged >= 0 && f.damaged <= 0.4) {
		return options, wrongUsage("--damaged %g: expected 0 to 0.4", f.damaged)
	}
	each := f.damaged / 4
	options.Shares.OneWrong, options.Shares.TwoWrong, options.Shares.ThreeWrong, options.Shares.Erased = each, each, each, each
	if (f.count == 0) == (f.duration == 0) {
		return options, wrongUsage("expected either --count or --duration")
	}
	if f.duration > 0 && f.rate <= 0 {
		return options, wrongUsage("--duration needs --rate")
	}
	if options.Wire != simulate.JSON && options.Wire != simulate.Protobuf {
		return options, wrongUsage("--wire %s: expected json or protobuf", f.wire)
	}
	if f.start != "" {
		start, err := time.Parse(time.RFC3339, f.start)
		if err != nil {
			return options, wrongUsage("--start %s: expected RFC 3339, such as 2026-11-20T00:00:00Z", f.start)
		}
		options.Start = start
	}
	return options, nil
}

func (a *app) simulate(ctx context.Context, f simulateFlags) error {
	options, err := f.options(a)
	if err != nil {
		return err
	}
	r, err := a.plainRole()
	if err != nil {
		return err
	}
	rules, err := r.rules()
	if err != nil {
		return err
	}
	options.Schedule, options.Facilities, options.Ahead = rules.schedule, rules.tables.Facilities, r.config.Ingest.Ahead
	options.Known = rules.tables.Known
	if f.knownOut != "" {
		known, err := simulate.KnownBarcodes(options)
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.knownOut, known, 0o644); err != nil {
			return err
		}
	}
	bar := a.newProgress("simulated mail", "events", eventsToSend(options))
	sent := uint64(0)
	tell := func(p simulate.Progress) {
		bar.Add(int64(p.Events - sent))
		sent = p.Events
	}
	truth, progress, err := r.sendTo(ctx, f, options, tell)
	bar.Close()
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%d events sent in %d requests, %d refused, %d requests sent again\n", progress.Events, progress.Requests, progress.Refused, progress.Retries)
	if f.truth == "" {
		return nil
	}
	return writeFile(f.truth, a.stdout, truth.Write)
}

// eventsToSend is about how many events a run sends: those of the model, and the copies of requests that are repeated.
func eventsToSend(o simulate.Options) int64 {
	count := max(float64(o.Count), o.Rate*o.Duration.Seconds())
	return int64(count * (1 + o.Shares.Repeated))
}

// sendTo sends the mail to the door that --to names.
func (r *role) sendTo(ctx context.Context, f simulateFlags, options simulate.Options, tell func(simulate.Progress)) (truth simulate.Truth, progress simulate.Progress, err error) {
	switch simulate.Door(f.to) {
	case simulate.HTTP:
		token, err := readToken(f.tokenFile)
		if err != nil {
			return nil, progress, err
		}
		client, url := r.gatewayClient()
		return simulate.ToHTTP(ctx, options, simulate.HTTPConfig{URL: url, Token: token, Client: client, Concurrency: f.concurrency, Progress: tell})
	case simulate.Kafka:
		client, err := newKafka(r.config)
		if err != nil {
			return nil, progress, err
		}
		defer client.Close()
		producer := client.NewProducer(int(r.config.Kafka.MaxMessage))
		defer producer.Close()
		return simulate.ToKafka(ctx, options, simulate.KafkaConfig{Producer: producer, Concurrency: f.concurrency, Progress: tell})
	case simulate.File:
		if f.out == "" {
			return nil, progress, wrongUsage("--to file needs --out FILE")
		}
		err = writeFile(f.out, r.stdout, func(w io.Writer) (err error) {
			truth, progress, err = simulate.ToFile(ctx, options, w, tell)
			return err
		})
		return truth, progress, err
	}
	return nil, progress, wrongUsage("--to %s: expected http, kafka or file", f.to)
}

func readToken(path string) (string, error) {
	if path == "" {
		return "", wrongUsage("the gateway needs --token-file FILE with a device's token: `mailtrail access add device NAME > FILE`")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// gatewayClient reaches the gateway of this configuration, trusting its own certificate.
func (r *role) gatewayClient() (*http.Client, string) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	url := "http://" + string(r.config.Gateway.Listen)
	if cert := r.config.Gateway.TLS.Cert; cert != "" {
		url = "https://" + string(r.config.Gateway.Listen)
		pool := x509.NewCertPool()
		if pem, err := os.ReadFile(cert); err == nil && pool.AppendCertsFromPEM(pem) {
			transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		}
	}
	return &http.Client{Transport: transport, Timeout: time.Minute}, url
}

// writeFile lets write fill the file at path, or standard output for "-".
func writeFile(path string, stdout io.Writer, write func(io.Writer) error) error {
	if path == "-" {
		return write(stdout)
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
