package clickhouse

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/deploy/local/engines"
	"mailtrail/schemas/retention"
)

// Config says where the engine keeps its data and where it listens.
type Config struct {
	// Data is mailtrail's data folder (configuration key data).
	Data string
	// Native and HTTP are the loopback addresses, host:port (keys clickhouse.addr and clickhouse.http).
	Native, HTTP string
	// Schedule is the retention schedule; its class system_logs tells which tables the engine keeps about itself, and how long.
	Schedule *retention.Schedule
	// MemoryRatio is the share of the machine's memory that the engine may use, between 0 and 1.
	MemoryRatio float64
	// Reader limits each query of an analyst.
	Reader ReaderLimits
}

// ReaderLimits are the limits of one analyst's query. A query over a limit ends with an error that names it.
type ReaderLimits struct {
	Memory     int64         // bytes
	Time       time.Duration // whole seconds
	RowsRead   int64
	RowsResult int64
}

// DefaultReaderLimits suit a small machine.
func DefaultReaderLimits() ReaderLimits {
	return ReaderLimits{Memory: 2 << 30, Time: 60 * time.Second, RowsRead: 2_000_000_000, RowsResult: 10_000_000}
}

// Analyst is a person or program that may read the public views.
type Analyst struct {
	Name           string
	PasswordSHA256 string // lower-case hex
}

// Deps are what a Server needs from outside.
type Deps struct {
	Log     zerolog.Logger
	Metrics prometheus.Registerer
	Engine  engines.ClickHouse
	// Self is the command that runs EngineMain in a new process: the path of this program and the hidden sub-command.
	Self []string
	// Analysts is asked at each start of the engine who may come in.
	Analysts func() ([]Analyst, error)
}

func (c Config) check(d Deps) error {
	var wrong []error
	for key, addr := range map[string]string{"clickhouse.addr": c.Native, "clickhouse.http": c.HTTP} {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %q is not host:port: %w", key, addr, err))
		} else if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			wrong = append(wrong, fmt.Errorf("%s: the embedded ClickHouse listens on this machine alone: the host must be 127.0.0.1, not %q", key, host))
		}
	}
	if c.Data == "" {
		wrong = append(wrong, errors.New("data: the data folder is missing"))
	}
	if c.Schedule == nil || c.Schedule.Row(retention.SystemLogs) == nil {
		wrong = append(wrong, errors.New("clickhouse: a retention schedule with the class system_logs is missing"))
	}
	if c.MemoryRatio <= 0 || c.MemoryRatio > 1 {
		wrong = append(wrong, fmt.Errorf("clickhouse: the share of memory must be above 0 and at most 1, not %g", c.MemoryRatio))
	}
	if c.Reader.Memory <= 0 || c.Reader.Time < time.Second || c.Reader.RowsRead <= 0 || c.Reader.RowsResult <= 0 {
		wrong = append(wrong, errors.New("clickhouse: every limit of the analysts must be set"))
	}
	if (d.Engine.Server == "") == (d.Engine.Library == "") {
		wrong = append(wrong, errors.New("clickhouse: exactly one of engine binary and library must be given"))
	}
	if len(d.Self) == 0 || d.Metrics == nil || d.Analysts == nil {
		wrong = append(wrong, errors.New("clickhouse: Deps are incomplete"))
	}
	return errors.Join(wrong...)
}

// paths are the places below the data folder.
type paths struct{ root, etc, config, users, store, secrets, log string }

func (c Config) paths() (paths, error) {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return paths{}, fmt.Errorf("data: %w", err)
	}
	root := filepath.Join(data, "clickhouse")
	etc := filepath.Join(root, "etc")
	return paths{
		root: root, etc: etc,
		config: filepath.Join(etc, "config.xml"), users: filepath.Join(etc, "users.xml"),
		store: filepath.Join(root, "store"), secrets: filepath.Join(data, "secrets"),
		log: filepath.Join(data, "logs", "clickhouse.log"),
	}, nil
}

func (p paths) make() error {
	for _, dir := range []string{p.etc, p.store, p.secrets, filepath.Dir(p.log)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making a folder below the data folder (key data): %w", err)
		}
	}
	return nil
}
