package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/ports"
	"mailtrail/pipeline/simulate"
	"mailtrail/sinks/kafka"
)

func TestEmbeddedStackKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the embedded stack, and kills it")
	}
	chooseSeed()
	kills, events := 3, uint64(60_000)
	if *long {
		kills, events = 10, 500_000
	}
	r := &run{began: time.Now(), site: &site{t: t, dir: keptDir(t), program: program(t)}}
	up := r.configureEmbedded()
	r.token = strings.TrimSpace(r.run("access", "add", "device", device))
	require.NoError(t, up.start())
	t.Cleanup(up.hold)
	r.await("the embedded stack", time.Minute, up.ready)
	r.openStores()

	r.feed = newFeed(events, nil)
	r.feed.start(t.Context(), []part{{0.7, simulate.HTTP, simulate.JSON}, {0.3, simulate.HTTP, simulate.Protobuf}}, "http://"+r.gateway, r.token, *seed)
	for i := range kills {
		r.feed.gate.allow(1 / float64(kills+1))
		due := uint64(float64(events) * (float64(i) + 0.7) / float64(kills+1))
		r.await("load on the gateway and on ingest", faultWithin, func() bool {
			return r.feed.sent.Load() > due && r.feed.flying.Load() > 0 && r.look().lag > 0
		})
		r.killUp(up, i+1, kills)
	}
	r.finish()
	r.mendLostParts()
	requireTruth(t, r.kafka, r.store, r.feed.truths, r.feed.sum())
	r.requireCleanAudit()
}

// configureEmbedded writes a configuration with ports of its own.
func (r *run) configureEmbedded() *service {
	free, err := ports.Free(8)
	require.NoError(r.t, err)
	r.gateway, r.native, r.config = free[0], free[2], filepath.Join(r.dir, "site.yaml")
	text := fmt.Sprintf(`mode: embedded
data: %s
gateway: {listen: %s}
api: {listen: %s}
images: {listen: %s}
kafka: {brokers: [%s], partitions: %d}
clickhouse: {addr: [%s], http: %s}
objects: {endpoint: %s}
ingest: {block_rows: 4000, block_age: 250ms, memory: 384MiB}
`, r.data(), r.gateway, free[5], free[6], free[1], partitions, r.native, free[3], free[7])
	require.NoError(r.t, os.WriteFile(r.config, []byte(text), 0o600))
	r.kafka, err = kafka.New(kafka.Config{Brokers: []string{free[1]}})
	require.NoError(r.t, err)
	r.t.Cleanup(r.kafka.Close)
	return r.service("up", free[4], nil)
}

func (r *run) openStores() {
	var err error
	r.store, err = openReader(r.native, clickhouse.Owner, r.passwordOf(clickhouse.Owner))
	require.NoError(r.t, err)
	r.t.Cleanup(r.store.close)
}

// killUp kills the whole stack, makes sure that nothing of it is left, and starts it again.
func (r *run) killUp(up *service, number, of int) {
	children := childrenOf(up.pid())
	r.say("kill %d of %d: up and its children %v; %d of %d events were sent until now", number, of, children, r.feed.sent.Load(), r.feed.total)
	require.NotEmpty(r.t, children, "the ClickHouse engine is a child of up")
	up.hold()
	r.await("the children of up to end with it", 10*time.Second, func() bool { return !slices.ContainsFunc(children, alive) })
	require.NoError(r.t, up.resume())
	r.await("the embedded stack to come back", time.Minute, up.ready)
}
