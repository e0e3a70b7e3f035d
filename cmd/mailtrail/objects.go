package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"mailtrail/cmd/mailtrail/config"
	"mailtrail/deploy/local/minio"
	"mailtrail/sinks/objectstore"
)

// openObjects makes the client of the object store; nothing is connected yet.
func openObjects(r *role, rules *ruleBook, metrics prometheus.Registerer) (*objectstore.Store, error) {
	c := r.config
	key, secret := c.Objects.AccessKey, c.Objects.SecretKeyFile.Read
	switch {
	case key == "" && c.Mode == config.Embedded:
		key, secret = minio.AccessKey, func() (string, error) { return embeddedObjectsSecret(c) }
	case c.Objects.SecretKeyFile.Path == "":
		secret = nil
	}
	var encrypted *tls.Config
	if c.Objects.TLS {
		encrypted = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return objectstore.Open(objectstore.Config{
		Endpoint: string(c.Objects.Endpoint), Bucket: c.Objects.Bucket, AccessKey: key, TLS: encrypted,
	}, objectstore.Deps{SecretKey: secret, Schedule: rules.schedule, Log: r.log.With().Str("part", "objects").Logger(), Metrics: metrics})
}

func embeddedObjectsSecret(c *config.Loaded) (string, error) {
	raw, err := os.ReadFile(minio.SecretFile(c.Data))
	if os.IsNotExist(err) {
		return "", fmt.Errorf("there is no embedded MinIO in the data folder %s yet: run `mailtrail up` first, or set data to its folder", c.Data)
	}
	return strings.TrimSpace(string(raw)), err
}
