package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/simulate"
	"mailtrail/sinks/clickhouse"
)

// demoDevice is the device from which the demonstration's mail comes.
const demoDevice = "demonstration"

// demoEvents is how many events are sent: a million are to be stored, and some are not as they should be.
const demoEvents = 1_015_000

// demoState remembers the demonstration of a data folder: begun with these options, it is the same mail when it is sent
// again after an interruption, so that nothing counts twice.
type demoState struct {
	Seed uint64    `json:"seed"`
	Now  time.Time `json:"now"`
	Done bool      `json:"done"`
}

// demonstration is a simulated day of mail for one data folder.
type demonstration struct {
	*role
	path  string
	state demoState
	token string
}

// prepareDemo makes the device that sends the mail, before the gateway opens. It
// returns nil where the data folder has had its day of mail.
func (r *role) prepareDemo(ctx context.Context) (*demonstration, error) {
	d := &demonstration{role: r, path: filepath.Join(r.config.Data, "demonstration.json")}
	var err error
	if d.state, err = readDemo(d.path, r.now()); err != nil {
		return nil, err
	}
	if d.state.Done {
		fmt.Fprintln(r.stderr, "demonstration: this data folder has had its day of mail")
		return nil, nil
	}
	if err := writeDemo(d.path, d.state); err != nil {
		return nil, err
	}
	editor := access.NewEditor(r.config.AccessFile(), r.now)
	if _, err := editor.Revoke(ctx, demoDevice); err != nil && !errors.Is(err, access.ErrUnknown) {
		return nil, err
	}
	d.token, err = editor.AddDevice(ctx, demoDevice, "")
	return d, err
}

// run feeds the mail through the gateway and then waits for ctx.
func (d *demonstration) run(ctx context.Context) error {
	if err := d.send(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (d *demonstration) send(ctx context.Context) error {
	options := simulate.Defaults(d.state.Now)
	options.Seed, options.Ahead = d.state.Seed, d.config.Ingest.Ahead
	options.Wire, options.Count = simulate.Protobuf, demoEvents
	fmt.Fprintf(d.stderr, "demonstration: sending a simulated day of mail, %d events, to the gateway\n", options.Count)
	bar := d.newProgress("simulated day of mail", "events", eventsToSend(options))
	sent := uint64(0)
	client, url := d.gatewayClient()
	truth, progress, err := simulate.ToHTTP(ctx, options, simulate.HTTPConfig{
		URL: url, Token: d.token, Client: client, Concurrency: 4,
		Progress: func(p simulate.Progress) {
			bar.Add(int64(p.Events - sent))
			sent = p.Events
		},
	})
	bar.Close()
	if err != nil {
		return err
	}
	stored := truth.Totals(simulate.HTTP)["stored"]
	fmt.Fprintf(d.stderr, "demonstration: all sent; %d accepted, %d refused as they should be\n", progress.Accepted, progress.Refused)
	if err := d.awaitStored(ctx, stored); err != nil {
		return err
	}
	d.state.Done = true
	if err := writeDemo(d.path, d.state); err != nil {
		return err
	}
	fmt.Fprintf(d.stderr, "demonstration: %d events are stored, each once; see for yourself with `mailtrail audit`\n", stored)
	return nil
}

// awaitStored waits until so many events of the demonstration can be seen in the public view, or ctx ends.
func (d *demonstration) awaitStored(ctx context.Context, want uint64) error {
	rules, err := d.rules()
	if err != nil {
		return err
	}
	store, err := openClickHouse(d.config, rules, embedded.Writer)
	if err != nil {
		return err
	}
	defer store.Close()
	for {
		seen, err := countDemo(ctx, store)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && seen >= want:
			return nil
		case err != nil && !clickhouse.Transient(err):
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func countDemo(ctx context.Context, store *clickhouse.Store) (seen uint64, err error) {
	rows, err := store.Query(ctx, "SELECT count() FROM scans WHERE device = '"+demoDevice+"'")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for row, err := range rows.All() {
		if err != nil {
			return 0, err
		}
		seen = row[0].(uint64)
	}
	return seen, nil
}

func readDemo(path string, now time.Time) (demoState, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return demoState{Seed: 1, Now: now.UTC().Truncate(time.Millisecond)}, nil
	}
	var state demoState
	if err == nil {
		err = json.Unmarshal(raw, &state)
	}
	if err != nil {
		return demoState{}, fmt.Errorf("read the demonstration's state: %w; remove %s and the demonstration begins anew", err, path)
	}
	return state, nil
}

func writeDemo(path string, state demoState) error {
	raw, err := json.Marshal(state)
	if err == nil {
		err = os.WriteFile(path, append(raw, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the demonstration's state: %w", err)
	}
	return nil
}
