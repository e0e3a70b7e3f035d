package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
)

// Against Apache Kafka and a ClickHouse of its own, with the auditor's credentials: internal topics are known, folders of other
// hosts are not inspected until they are seen or waived, and the roles' own credentials are told.
func TestVerifyOfExternalServers(t *testing.T) {
	s := external(t)
	client := (&planter{site: s}).client()
	ingest := s.start("ingest")
	s.do("simulate", "--count", "3000", "--to", "kafka", "--log-level", "error")
	ingest.says("partitions assigned", 30*time.Second)
	brokers, err := client.InspectBrokers(t.Context())
	require.NoError(t, err)
	kafkaFolder := brokers[0].Settings["log.dirs"]
	storeFolder := filepath.Join(s.data, "clickhouse", "store")

	// The role beside the servers has a data folder of its own, and a ledger in it.
	role := s.with("--data", filepath.Join(t.TempDir(), "role"))
	require.Contains(t, role.run("retention", "sweep").stderr, "nothing is due")
	auditor := role.with("--set", "verify.clickhouse.user="+embedded.Auditor, "--set", "verify.clickhouse.password_file="+embedded.PasswordFile(s.data, embedded.Auditor))
	blind := auditor.run("retention", "verify", "--format", "csv")
	require.Equal(t, exitFailed, blind.status)
	require.Contains(t, blind.stdout, "finding,not_inspected,clickhouse,disk default,")
	require.Contains(t, blind.stdout, fmt.Sprintf("finding,not_inspected,kafka,broker %d log.dirs,", brokers[0].ID))
	require.Equal(t, 2, strings.Count(blind.stdout, "finding,"), blind.stdout)

	seen := auditor.with("--set", "verify.directories="+kafkaFolder+","+storeFolder)
	got := seen.run("retention", "verify", "--format", "csv")
	require.Zero(t, got.status, got.stdout)
	require.Contains(t, got.stdout, "room,,kafka,__consumer_offsets,group_offsets,")
	require.Contains(t, got.stdout, "room,,kafka,mail.scans,mail_tracking,,20")
	require.Contains(t, got.stdout, "room,,clickhouse,mailtrail_data.blocks,receipts,,20")

	own := role.with("--set", "verify.directories="+kafkaFolder+","+storeFolder).run("retention", "verify", "--format", "csv")
	require.Equal(t, exitFailed, own.status)
	require.Contains(t, own.stdout, "finding,auditor_rights,clickhouse,user writer,")
}
