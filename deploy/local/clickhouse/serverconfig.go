package clickhouse

import (
	_ "embed"
	"encoding/xml"
	"fmt"
	"net"
	"runtime"
	"strings"
	"text/template"
	"time"

	"mailtrail/schemas/retention"
)

//go:embed config.xml.tmpl
var configXML string

// configFile renders config.xml for an engine that listens on nativeAddr itself.
func configFile(c Config, nativeAddr string, p paths) (string, error) {
	tmpl, err := template.New("config.xml").Funcs(template.FuncMap{"xml": escape}).Parse(configXML)
	if err != nil {
		return "", fmt.Errorf("config.xml: %w", err)
	}
	host, native, err := net.SplitHostPort(nativeAddr)
	if err != nil {
		return "", fmt.Errorf("clickhouse.addr: %w", err)
	}
	_, http, err := net.SplitHostPort(c.HTTP)
	if err != nil {
		return "", fmt.Errorf("clickhouse.http: %w", err)
	}
	logs := c.Schedule.Row(retention.SystemLogs)
	// Merges run on as many threads as there are cores, between 2 and 16; ClickHouse plans twice as many merges.
	pool := min(max(runtime.NumCPU(), 2), 16)
	var out strings.Builder
	err = tmpl.Execute(&out, map[string]any{
		"Host": host, "Native": native, "HTTP": http, "Log": p.log, "Store": p.store, "Root": p.root, "Users": p.users,
		"MemoryRatio": c.MemoryRatio, "Pool": pool, "Logs": logs.SystemTables, "Slot": int64(time.Duration(logs.Slot) / time.Second), "TTL": logs.TTL(), "Schedule": 4 * pool,
	})
	return out.String(), err
}

func escape(s string) (string, error) {
	var out strings.Builder
	err := xml.EscapeText(&out, []byte(s))
	return out.String(), err
}
