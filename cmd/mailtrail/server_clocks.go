package main

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"mailtrail/cmd/mailtrail/config"
	embedded "mailtrail/deploy/local/clickhouse"
	pipeline "mailtrail/pipeline/retention"
	"mailtrail/schemas/event"
	"mailtrail/sinks/clickhouse"
	"mailtrail/sinks/kafka"
)

// compareClock holds a clock against those of the servers on other hosts, now and whenever it is compared again, until end
// is called. The embedded servers have this machine's.
func (r *role) compareClock(ctx context.Context, clock *pipeline.Clock, rules *ruleBook) (end func(), err error) {
	if r.config.Mode == config.Embedded {
		return func() {}, nil
	}
	store, err := openClickHouse(r.config, rules, embedded.Writer)
	if err != nil {
		return nil, err
	}
	client, err := newKafka(r.config)
	if err != nil {
		store.Close()
		return nil, err
	}
	clock.CompareWith(r.serverClocks(store, client)...)
	clock.Compare(ctx)
	return func() {
		store.Close()
		client.Close()
	}, nil
}

// serverClocks are the clocks of both servers.
func (r *role) serverClocks(store *clickhouse.Store, client *kafka.Client) []pipeline.ServerClock {
	stamps := pipeline.NewTopicClock("kafka "+event.ScansTopic, func(ctx context.Context) ([]pipeline.Appended, error) {
		newest, err := client.NewestStamps(ctx, event.ScansTopic)
		appended := make([]pipeline.Appended, len(newest))
		for i, n := range newest {
			appended[i] = pipeline.Appended{Partition: n.Partition, End: n.End, At: time.UnixMilli(n.Time)}
		}
		return appended, err
	})
	addresses := config.Strings(r.config.ClickHouse.Addr)
	return []pipeline.ServerClock{
		elsewhere{addresses, askedClock{"clickhouse " + strings.Join(addresses, ","), store.Now}},
		elsewhere{config.Strings(r.config.Kafka.Brokers), stamps},
	}
}

// askedClock is the clock of a server that tells its time when it is asked.
type askedClock struct {
	name string
	ask  func(context.Context) (time.Time, error)
}

func (c askedClock) Name() string { return c.name }

func (c askedClock) Ahead(ctx context.Context, wall func() time.Time) (ahead, within time.Duration, known bool, err error) {
	before := wall()
	server, err := c.ask(ctx)
	took := wall().Sub(before)
	if err != nil || took < 0 || took > time.Minute { // the wall clock was set meanwhile
		return 0, 0, false, err
	}
	return server.Sub(before.Add(took / 2)), took / 2, true, nil
}

// elsewhere is a clock that tells nothing where one of its addresses is this machine's: it would agree with itself.
type elsewhere struct {
	addresses []string
	pipeline.ServerClock
}

func (e elsewhere) Ahead(ctx context.Context, wall func() time.Time) (ahead, within time.Duration, known bool, err error) {
	for _, address := range e.addresses {
		here, err := onThisMachine(ctx, address)
		if err != nil || here {
			return 0, 0, false, err
		}
	}
	return e.ServerClock.Ahead(ctx, wall)
}

// onThisMachine tells whether HOST:PORT leads to this machine.
func onThisMachine(ctx context.Context, address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, err
	}
	found, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false, err
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(found, func(ip net.IPAddr) bool {
		return ip.IP.IsLoopback() || ip.IP.IsUnspecified() || slices.ContainsFunc(own, func(a net.Addr) bool {
			network, ok := a.(*net.IPNet)
			return ok && network.IP.Equal(ip.IP)
		})
	}), nil
}
