package clickhouse

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/deploy/local/engines"
	"mailtrail/schemas/retention"
)

// The test program plays two more parts: the engine's process, and a mailtrail that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine-clickhouse" {
		os.Exit(EngineMain(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "parent" {
		os.Exit(parent(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// parent runs an engine and prints its process id once it answers; it lives until it is killed.
func parent(args []string) int {
	server, err := New(testConfig(args[0], args[1], args[2]), testDeps(zerolog.Nop(), engines.ClickHouse{Server: args[3], Library: args[4]}))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	background, failed := context.Background(), make(chan error, 1)
	go func() { failed <- server.Run(background) }()
	if err := server.Ready(background); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(server.PID())
	fmt.Fprintln(os.Stderr, <-failed)
	return 1
}

func testConfig(data, native, http string) Config {
	return Config{Data: data, Native: native, HTTP: http, Schedule: retention.Builtin(), MemoryRatio: 0.3, Reader: DefaultReaderLimits()}
}

func testDeps(log zerolog.Logger, engine engines.ClickHouse) Deps {
	return Deps{
		Log: log, Metrics: prometheus.NewRegistry(), Engine: engine,
		Self:     []string{os.Args[0], "engine-clickhouse"},
		Analysts: func() ([]Analyst, error) { return []Analyst{{Name: "ann", PasswordSHA256: sha256Hex("hers")}}, nil },
	}
}
