package minio

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"mailtrail/schemas/retention"
)

// The test program plays one more part: a mailtrail that can be killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "parent" {
		os.Exit(parent(os.Args[2], os.Args[3], os.Args[4]))
	}
	os.Exit(m.Run())
}

// parent runs a MinIO and prints its process id once it answers; it lives until it is killed.
func parent(data, addr, program string) int {
	server, err := New(Config{Data: data, Addr: addr, Schedule: retention.Builtin()}, Deps{Log: zerolog.Nop(), Metrics: prometheus.NewRegistry(), Program: program})
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
