package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/retention"
)

// logKeeper keeps the engine's log within the limit of its class in the schedule. The engine cuts its log by size alone, so a
// quiet one would keep its first line for ever.
//
// The file that the engine writes is copied aside and emptied when its first line has reached half of the age: the engine opens
// it to append, so it goes on at the beginning. A line that it writes between the two is lost. A copy is removed at the whole age.
type logKeeper struct {
	live string
	// age is how old a line may become: the limit less the margin of its class.
	age   time.Duration
	now   func() time.Time
	log   zerolog.Logger
	files *prometheus.CounterVec
}

// newLogKeeper returns nil where the schedule has no limit for the folder.
func newLogKeeper(schedule *retention.Schedule, live string, log zerolog.Logger, metrics prometheus.Registerer) (*logKeeper, error) {
	files := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "mailtrail_clickhouse_log_files_total",
		Help: "What became of log files of the embedded ClickHouse engine as they grew old: set_aside, removed, failed.",
	}, []string{"what"})
	if err := metrics.Register(files); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	for _, row := range schedule.Rows() {
		if row.Sliced() && slices.Contains(row.Folders, filepath.Base(filepath.Dir(live))) {
			return &logKeeper{live, row.Longest() - time.Duration(row.Margin), time.Now, log, files}, nil
		}
	}
	return nil, nil
}

// run looks at once and then often enough that a line is at most a small part older than it may be, until ctx ends.
func (k *logKeeper) run(ctx context.Context) {
	for {
		if err := k.tidy(); err != nil {
			k.files.WithLabelValues("failed").Inc()
			k.log.Error().Err(err).Msg("old logs of the engine could not be removed; it is tried again")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(k.age/48, time.Second)):
		}
	}
}

// tidy removes what is too old. What fails does not stop the rest.
func (k *logKeeper) tidy() error {
	paths, err := filepath.Glob(k.live + "*")
	for _, path := range paths {
		began, beganErr := logBegan(path)
		if errors.Is(beganErr, fs.ErrNotExist) || errors.Is(beganErr, errEmpty) {
			continue
		}
		age := k.now().Sub(began)
		switch {
		case beganErr != nil:
			err = errors.Join(err, beganErr)
		case path == k.live && age >= k.age:
			err = errors.Join(err, k.count("removed", os.Truncate(path, 0)))
		case path == k.live && age >= k.age/2:
			err = errors.Join(err, k.count("set_aside", k.setAside()))
		case path != k.live && age >= k.age:
			err = errors.Join(err, k.count("removed", os.Remove(path)))
		}
	}
	return err
}

func (k *logKeeper) count(what string, err error) error {
	if err == nil {
		k.files.WithLabelValues(what).Inc()
	}
	return err
}

// setAside copies the file that the engine writes, and empties it.
func (k *logKeeper) setAside() error {
	from, err := os.Open(k.live)
	if err != nil {
		return err
	}
	defer from.Close()
	aside, err := os.OpenFile(k.live+"."+k.now().UTC().Format("20060102T150405Z"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(aside, from)
	if err = errors.Join(err, aside.Close()); err != nil {
		return errors.Join(err, os.Remove(aside.Name()))
	}
	return os.Truncate(k.live, 0)
}

var errEmpty = errors.New("the log is empty")

// logBegan is the time of a log's first line; where that has none, of the last change.
func logBegan(path string) (time.Time, error) {
	file, err := os.Open(path)
	if err != nil {
		return time.Time{}, err
	}
	defer file.Close()
	head := make([]byte, len("2006.01.02 15:04:05"))
	if _, err := io.ReadFull(file, head); err == nil {
		if at, err := time.Parse("2006.01.02 15:04:05", string(head)); err == nil {
			return at, nil
		}
	}
	info, err := file.Stat()
	if err != nil {
		return time.Time{}, err
	}
	if info.Size() == 0 {
		return time.Time{}, errEmpty
	}
	return info.ModTime(), nil
}
