// Package engines finds the programs that the embedded stack and the tests run beside mailtrail: the ClickHouse engine and
// Apache Kafka. What is on the machine is used; what is lacking is fetched once, in a pinned version with a checked hash, by
// the ordinary clients of the package registries (npm, Maven, apt-get), into a cache outside the source tree.
package engines

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Fetcher finds engines and fetches those that are lacking. It is safe to use from several processes at once: a fetch
// holds a file lock, and the others wait for its end.
type Fetcher struct {
	cache string
	out   io.Writer
}

// Config says where engines are kept.
type Config struct {
	// Cache is the folder; empty means CacheDir.
	Cache string
}

// Deps are what a Fetcher needs from outside.
type Deps struct {
	// Out receives one sentence for each thing that is fetched or installed and why, and the progress in percent.
	// Nothing is written when everything is there already.
	Out io.Writer
}

// New makes a Fetcher. It touches neither disk nor network.
func New(config Config, deps Deps) (*Fetcher, error) {
	if deps.Out == nil {
		return nil, errors.New("engines: Deps.Out is missing")
	}
	cache := config.Cache
	if cache == "" {
		var err error
		if cache, err = CacheDir(); err != nil {
			return nil, err
		}
	}
	return &Fetcher{cache: cache, out: deps.Out}, nil
}

// CacheDir is the folder in which engines are kept: $MAILTRAIL_CACHE, else $XDG_CACHE_HOME/mailtrail, else mailtrail in
// the cache folder of the operating system.
func CacheDir() (string, error) {
	if dir := os.Getenv("MAILTRAIL_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return filepath.Join(dir, "mailtrail"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for the engines (set MAILTRAIL_CACHE to one): %w", err)
	}
	return filepath.Join(dir, "mailtrail"), nil
}

// say writes one sentence about what is being done.
func (f *Fetcher) say(format string, args ...any) {
	fmt.Fprintf(f.out, format+"\n", args...)
}

// progressEvery is how often a long step reports its percentage.
const progressEvery = 3 * time.Second
