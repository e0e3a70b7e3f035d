package main

import (
	"io"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"mailtrail/cmd/mailtrail/config"
)

// app is what every command shares: the process's surroundings and its configuration.
type app struct {
	surroundings
	now func() time.Time

	// configFile, sets, data and logLevel are the persistent flags.
	configFile string
	sets       []string
	data       string
	logLevel   string

	loaded *config.Loaded
	// started is true once a command's own code runs; what fails before is wrong usage.
	started bool
}

func newApp(around surroundings) *app {
	return &app{surroundings: around, now: time.Now}
}

// config is the configuration, loaded by the first call. The error is a config.Mistakes, or wrong usage of --set.
func (a *app) config() (*config.Loaded, error) {
	if a.loaded != nil {
		return a.loaded, nil
	}
	flags, err := a.settings()
	if err != nil {
		return nil, err
	}
	loaded, err := config.Load(config.Options{File: a.configFile, Environ: a.environ, Flags: flags})
	if err != nil {
		return nil, err
	}
	a.loaded = loaded
	return loaded, nil
}

// settings are the flags that set keys; a flag with a name of its own wins over --set.
func (a *app) settings() ([]config.Setting, error) {
	var settings []config.Setting
	for _, set := range a.sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok || key == "" {
			return nil, wrongUsage("--set %s: expected section.key=value, such as --set gateway.listen=127.0.0.1:8441", key)
		}
		settings = append(settings, config.Setting{Flag: "--set", Key: key, Value: value})
	}
	if a.data != "" {
		settings = append(settings, config.Setting{Flag: "--data", Key: "data", Value: a.data})
	}
	if a.logLevel != "" {
		settings = append(settings, config.Setting{Flag: "--log-level", Key: "log.level", Value: a.logLevel})
	}
	return settings, nil
}

// logger writes to standard error as log.level and log.format say: for people on a terminal, JSON otherwise.
func (a *app) logger() (zerolog.Logger, error) {
	loaded, err := a.config()
	if err != nil {
		return zerolog.Nop(), err
	}
	level, err := zerolog.ParseLevel(loaded.Log.Level)
	if err != nil {
		return zerolog.Nop(), err
	}
	var out io.Writer = a.stderr
	if format := loaded.Log.Format; format == "console" || format == "auto" && isTerminal(a.stderr) {
		out = zerolog.ConsoleWriter{Out: a.stderr, TimeFormat: time.TimeOnly, NoColor: !isTerminal(a.stderr)}
	}
	return zerolog.New(out).Level(level).Hook(timestamp{a.now}), nil
}

// timestamp gives each line the time in UTC to the millisecond, whatever zone the machine is in.
type timestamp struct{ now func() time.Time }

// Run adds the time to an event.
func (t timestamp) Run(event *zerolog.Event, _ zerolog.Level, _ string) {
	event.Str(zerolog.TimestampFieldName, t.now().UTC().Format("2006-01-02T15:04:05.000Z"))
}

// isTerminal tells whether a person sees what is written there.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
