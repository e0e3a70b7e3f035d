package minio

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/retention"
)

// AccessKey is who comes in: the one account, which may do everything. Its secret lies in [SecretFile].
const AccessKey = "mailtrail"

// SecretFile is where the secret of the access key is kept.
func SecretFile(data string) string { return filepath.Join(data, "secrets", "minio") }

// Config says where MinIO keeps its data and where it listens.
type Config struct {
	// Data is mailtrail's data folder (configuration key data).
	Data string
	// Addr is the loopback address, host:port (key objects.endpoint).
	Addr string
	// Schedule is the retention schedule, whose margins say how long MinIO may keep unfinished uploads.
	Schedule *retention.Schedule
}

// Deps are what a Server needs from outside.
type Deps struct {
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	// Program is the path of minio.
	Program string
}

func (c Config) check(d Deps) error {
	var wrong []error
	host, _, err := net.SplitHostPort(c.Addr)
	if err != nil {
		wrong = append(wrong, fmt.Errorf("objects.endpoint: %q is not host:port: %w", c.Addr, err))
	} else if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		wrong = append(wrong, fmt.Errorf("objects.endpoint: the embedded MinIO listens on this machine alone: the host must be 127.0.0.1, not %q", host))
	}
	if c.Data == "" {
		wrong = append(wrong, errors.New("data: the data folder is missing"))
	}
	if c.Schedule == nil || d.Metrics == nil || d.Program == "" {
		wrong = append(wrong, errors.New("minio: Schedule, Metrics and Program are needed"))
	}
	return errors.Join(wrong...)
}

// paths are the places below the data folder.
type paths struct{ store, certs, lock, secret string }

func (c Config) paths() (paths, error) {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return paths{}, fmt.Errorf("data: %w", err)
	}
	root := filepath.Join(data, "minio")
	return paths{store: filepath.Join(root, "store"), certs: filepath.Join(root, "certs"), lock: filepath.Join(root, "lock"), secret: SecretFile(data)}, nil
}

func (p paths) make() error {
	for _, dir := range []string{p.store, p.certs, filepath.Dir(p.secret)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making a folder below the data folder (key data): %w", err)
		}
	}
	return nil
}

// cleanEvery is how old an unfinished upload may become, and how often MinIO looks for such.
func cleanEvery(schedule *retention.Schedule) time.Duration {
	shortest := time.Duration(0)
	for _, row := range schedule.Rows() {
		if margin := time.Duration(row.Margin); len(row.Buckets) > 0 && (shortest == 0 || margin < shortest) {
			shortest = margin
		}
	}
	return max(shortest/4, time.Second)
}
