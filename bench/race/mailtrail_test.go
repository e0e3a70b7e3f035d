package race

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/stretchr/testify/require"

	"mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/ports"
)

// mailtrailGroup is the default of ingest.group.
const mailtrailGroup = "mailtrail"

// mailtrail is the shipped program in its default configuration: only where the servers are is said.
type mailtrail struct {
	program string
	ingest  *process
}

func (m *mailtrail) prepare(r *run) {
	r.stage.forget(mailtrailGroup)
	migrate := m.command(r, clickhouse.Owner, "migrate")
	out, err := migrate.CombinedOutput()
	require.NoError(r.t, err, "%s", out)
}

func (m *mailtrail) start(r *run) int {
	m.ingest = r.launch(m.command(r, clickhouse.Writer, "ingest"))
	return m.ingest.cmd.Process.Pid
}

func (m *mailtrail) ended() <-chan struct{} { return m.ingest.ended }

func (m *mailtrail) stop(*run) { m.ingest.stop() }

func (m *mailtrail) command(r *run, user string, args ...string) *exec.Cmd {
	free, err := ports.Free(1)
	require.NoError(r.t, err)
	cmd := exec.Command(m.program, args...)
	cmd.Dir = r.folder
	cmd.Env = append(os.Environ(), "MAILTRAIL_MODE=external", "MAILTRAIL_DATA="+filepath.Join(r.folder, "data"), "MAILTRAIL_METRICS_LISTEN="+free[0],
		"MAILTRAIL_KEYS_CONNECT=unix:"+filepath.Join(r.folder, "keys.sock"), // nobody serves there: no event of the race is rejected
		"MAILTRAIL_KAFKA_BROKERS="+r.stage.broker.Addr(), "MAILTRAIL_CLICKHOUSE_ADDR="+r.server.native,
		"MAILTRAIL_CLICKHOUSE_USER="+user, "MAILTRAIL_CLICKHOUSE_PASSWORD_FILE="+clickhouse.PasswordFile(r.server.data, user))
	return cmd
}

func (m *mailtrail) goods() goods {
	return goods{stored: "mailtrail_data.scans", public: "mailtrail.scans", all: []string{"mailtrail_data.*"}, columns: map[string]string{
		"scanDatetime":          "replaceOne(toString(scanLocalDatetime), ' ', 'T'), " + offsetSQL("scanOffsetMinutes"),
		"startTheClockDate":     "toString(startTheClockDate)",
		"predictedDeliveryDate": "toString(predictedDeliveryDate)",
	}}
}
