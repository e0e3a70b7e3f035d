package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/deploy/local/minio"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/objectstore"
)

// hasObjects tells whether the installation has an object store: the embedded stack has one of its own as soon as the schedule
// names a bucket; elsewhere a site that takes images in names who comes into one (objects.access_key).
func (r *role) hasObjects(schedule *retention.Schedule) bool {
	return slices.ContainsFunc(schedule.Rows(), func(row *retention.Row) bool {
		return len(row.Buckets) > 0 && (r.config.Mode == config.Embedded || row.Flows() && r.config.Objects.AccessKey != "")
	})
}

// objectsConfig is how the object store is reached.
func objectsConfig(c *config.Loaded) objectstore.Config {
	out := objectstore.Config{Endpoint: string(c.Objects.Endpoint), Bucket: c.Objects.Bucket, AccessKey: c.Objects.AccessKey}
	if c.Objects.TLS {
		out.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return out
}

// openObjects makes the client of the bucket; nothing is connected yet. Into the embedded MinIO it comes with its one account
// where the configuration names none.
func openObjects(r *role, rules *ruleBook, metrics prometheus.Registerer) (*objectstore.Store, error) {
	to, secret := objectsLogin(r.config)
	return objectstore.Open(to, objectstore.Deps{
		SecretKey: secret, Schedule: rules.schedule, Log: r.log.With().Str("part", "objects").Logger(), Metrics: metrics,
	})
}

func objectsLogin(c *config.Loaded) (objectstore.Config, func() (string, error)) {
	to := objectsConfig(c)
	if to.AccessKey == "" && c.Mode == config.Embedded {
		to.AccessKey = minio.AccessKey
		return to, func() (string, error) { return embeddedObjectsSecret(c) }
	}
	return to, c.Objects.SecretKeyFile.Read
}

// openObjectsAuditor comes in with the auditor's own credentials (verify.objects). Where it has none it reads with the account of
// the configuration, into the embedded MinIO with that account's rights cut down to reading.
func openObjectsAuditor(c *config.Loaded) (*objectstore.Auditor, error) {
	if own := c.Verify.Objects; own.AccessKey != "" {
		to := objectsConfig(c)
		to.AccessKey = own.AccessKey
		return objectstore.OpenAuditor(to, own.SecretKeyFile.Read)
	}
	to, secret := objectsLogin(c)
	if c.Mode == config.Embedded {
		return objectstore.OpenConfinedAuditor(to, secret)
	}
	return objectstore.OpenAuditor(to, secret)
}

func embeddedObjectsSecret(c *config.Loaded) (string, error) {
	raw, err := os.ReadFile(minio.SecretFile(c.Data))
	if os.IsNotExist(err) {
		return "", fmt.Errorf("there is no embedded MinIO in the data folder %s yet: run `mailtrail up` first, or set data to its folder", c.Data)
	}
	if err != nil {
		return "", fmt.Errorf("read the secret of the embedded MinIO: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// startMinIO starts the embedded object store and waits until it answers.
func startMinIO(ctx context.Context, r *role, program string, schedule *retention.Schedule) error {
	server, err := minio.New(minio.Config{Data: r.config.Data, Addr: string(r.config.Objects.Endpoint), Schedule: schedule},
		minio.Deps{Log: r.log.With().Str("part", "minio").Logger(), Metrics: r.observer.registry, Program: program})
	if err != nil {
		return err
	}
	r.parts.start("MinIO", server.Run)
	return r.parts.check(ctx, server.Ready)
}

// bringBucket makes the bucket, or brings it to what the schedule asks for; a dry run only tells what it would do.
func (r *role) bringBucket(ctx context.Context, patience time.Duration, dry bool, rules *ruleBook, tell func(object, action, what string) error) error {
	if !r.hasObjects(rules.schedule) {
		return nil
	}
	store, err := openObjects(r, rules, prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer store.Close()
	bring := store.Migrate
	if dry {
		bring = store.Drift
	}
	var changes []string
	var refused error // waiting does not change it
	err = await(ctx, patience, func(ctx context.Context) (err error) {
		if changes, err = bring(ctx); err != nil && !objectstore.Transient(err) {
			refused, err = err, nil
		}
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return fmt.Errorf("object store on %s (objects.endpoint): %w", r.config.Objects.Endpoint, err)
	}
	return tellEach(changes, tell)
}

// tellEach tells changes that stand as "object: what".
func tellEach(changes []string, tell func(object, action, what string) error) error {
	for _, change := range changes {
		object, what, _ := strings.Cut(change, ": ")
		if err := tell(object, "changed", what); err != nil {
			return err
		}
	}
	return nil
}
