// Package realkafka starts Apache Kafka itself, as one process that is broker and controller (KRaft), for tests and
// benchmarks. See package engines for where its jars come from.
package realkafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"

	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/ports"
)

// Config says where the broker keeps its data and where it listens.
type Config struct {
	// Dir holds properties, log and data; it is made.
	Dir string
	// Addr and Controller are loopback addresses, host:port; empty ones are chosen.
	Addr, Controller string
	// Overrides are further lines of server.properties, or others in place of ours.
	Overrides map[string]string
	// Kafka is where the jars and Java are.
	Kafka engines.Kafka
}

// Broker is a running Apache Kafka. Its methods are not for several goroutines at once.
type Broker struct {
	config Config
	cmd    *exec.Cmd
	ended  chan struct{}
}

// readyWithin is how long a start may take: two seconds as a rule, longer on a busy machine or after a kill.
const readyWithin = time.Minute

// Start formats the folder if it is new, starts the broker and returns when it answers.
func Start(ctx context.Context, config Config) (*Broker, error) {
	free, err := ports.Free(2)
	if err != nil {
		return nil, err
	}
	if config.Addr == "" {
		config.Addr = free[0]
	}
	if config.Controller == "" {
		// The address that was given may be one that is free now too.
		config.Controller = free[slices.IndexFunc(free, func(addr string) bool { return addr != config.Addr })]
	}
	if config.Dir, err = filepath.Abs(config.Dir); err != nil {
		return nil, fmt.Errorf("apache kafka: %w", err)
	}
	if err := os.MkdirAll(config.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("apache kafka: %w", err)
	}
	b := &Broker{config: config}
	if err := os.WriteFile(b.properties(), []byte(propertiesFile(config)), 0o644); err != nil {
		return nil, fmt.Errorf("apache kafka: %w", err)
	}
	if err := b.format(ctx); err != nil {
		return nil, err
	}
	return b, b.start(ctx)
}

// Addr is where clients connect, host:port.
func (b *Broker) Addr() string { return b.config.Addr }

// PID is the process id, for signals such as SIGSTOP.
func (b *Broker) PID() int { return b.cmd.Process.Pid }

// Kill9 kills the broker as a crash does, and returns when it is gone.
func (b *Broker) Kill9() {
	_ = b.cmd.Process.Kill()
	<-b.ended
}

// Stop ends the broker in order, and kills it when that takes more than 20 s.
func (b *Broker) Stop() {
	_ = b.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-b.ended:
	case <-time.After(20 * time.Second):
		b.Kill9()
	}
}

// Restart starts the broker again after Kill9 or Stop, on the same ports and data.
func (b *Broker) Restart(ctx context.Context) error { return b.start(ctx) }

func (b *Broker) properties() string { return filepath.Join(b.config.Dir, "server.properties") }
func (b *Broker) log() string        { return filepath.Join(b.config.Dir, "kafka.log") }

// propertiesFile renders server.properties.
func propertiesFile(config Config) string {
	lines := map[string]string{
		"process.roles":                            "broker,controller",
		"node.id":                                  "1",
		"controller.quorum.voters":                 "1@" + config.Controller,
		"listeners":                                "PLAINTEXT://" + config.Addr + ",CONTROLLER://" + config.Controller,
		"advertised.listeners":                     "PLAINTEXT://" + config.Addr,
		"controller.listener.names":                "CONTROLLER",
		"listener.security.protocol.map":           "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name":               "PLAINTEXT",
		"log.dirs":                                 filepath.Join(config.Dir, "data"),
		"num.partitions":                           "4",
		"offsets.topic.replication.factor":         "1",
		"offsets.topic.num.partitions":             "4",
		"transaction.state.log.replication.factor": "1",
		"transaction.state.log.min.isr":            "1",
		"transaction.state.log.num.partitions":     "4",
		"group.initial.rebalance.delay.ms":         "0",
		"group.min.session.timeout.ms":             "1000",
		"auto.create.topics.enable":                "false",
		// A killed broker is let in again only when its former self has timed out.
		"broker.session.timeout.ms":    "3000",
		"broker.heartbeat.interval.ms": "500",
	}
	for key, value := range config.Overrides {
		lines[key] = value
	}
	keys := make([]string, 0, len(lines))
	for key := range lines {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var out strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&out, "%s=%s\n", key, lines[key])
	}
	return out.String()
}

// format prepares a new data folder; any 22 characters of URL-safe base64 name a cluster.
func (b *Broker) format(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(b.config.Dir, "data", "meta.properties")); err == nil {
		return nil
	}
	out, err := b.java(ctx, "kafka.tools.StorageTool", "format", "-t", "mailtrail0000000000000", "-c", b.properties()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("apache kafka: formatting its folder: %w: %s", err, out)
	}
	return nil
}

func (b *Broker) java(ctx context.Context, class string, args ...string) *exec.Cmd {
	all := append([]string{"-Xms256m", "-Xmx1g", "-XX:+UseSerialGC", "-cp", filepath.Join(b.config.Kafka.Jars, "*"), class}, args...)
	return exec.CommandContext(ctx, b.config.Kafka.Java, all...)
}

// start starts the process and returns when it answers. The process outlives ctx, which bounds the wait alone.
func (b *Broker) start(ctx context.Context) error {
	if err := errors.Join(ports.Check("kafka.brokers", b.config.Addr), ports.Check("controller", b.config.Controller)); err != nil {
		return fmt.Errorf("apache kafka: %w", err)
	}
	log, err := os.OpenFile(b.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("apache kafka: %w", err)
	}
	defer log.Close()
	cmd := b.java(context.WithoutCancel(ctx), "kafka.Kafka", b.properties())
	cmd.Stdout, cmd.Stderr = log, log
	ended := make(chan struct{})
	if err := startBound(cmd, ended); err != nil {
		return fmt.Errorf("apache kafka: %w", err)
	}
	b.cmd, b.ended = cmd, ended
	if err := b.awaitReady(ctx); err != nil {
		b.Kill9()
		return err
	}
	return nil
}

// awaitReady returns when the broker is registered as its own controller's broker, and so can make topics.
func (b *Broker) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-b.ended:
			return fmt.Errorf("apache kafka ended at start, see %s", b.log())
		case <-ctx.Done():
			return fmt.Errorf("apache kafka did not answer in time, see %s: %w", b.log(), ctx.Err())
		case <-tick.C:
			if b.answers(ctx) {
				return nil
			}
		}
	}
}

func (b *Broker) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.config.Addr)
	if err != nil {
		return false
	}
	_ = conn.Close()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := kafka.Client{Addr: kafka.TCP(b.config.Addr), Transport: transport}
	meta, err := client.Metadata(ctx, &kafka.MetadataRequest{})
	return err == nil && len(meta.Brokers) == 1 && meta.Controller.Host != ""
}
