package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/deploy/local/engines"
	"mailtrail/deploy/local/minio"
	"mailtrail/pipeline/access"
	"mailtrail/pipeline/gateway"
	"mailtrail/pipeline/images"
	"mailtrail/pipeline/ingest"
	"mailtrail/pipeline/keys"
	"mailtrail/pipeline/rejects"
	sweeper "mailtrail/pipeline/retention"
	"mailtrail/pipeline/retention/verify"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/objectstore"
)

// alertFile is deploy/prometheus/alerts.yaml as Prometheus reads it.
type alertFile struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

func readAlerts(t *testing.T) alertFile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "prometheus", "alerts.yaml"))
	require.NoError(t, err)
	var alerts alertFile
	require.NoError(t, yaml.UnmarshalWithOptions(text, &alerts, yaml.Strict()))
	return alerts
}

var (
	metricInRule  = regexp.MustCompile(`(mailtrail_[a-z_]+)(?:\{([^}]*)\})?`)
	matcherInRule = regexp.MustCompile(`([a-z_]+)(?:=~|!~|!=|=)"`)
	groupedInRule = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
	constantLabel = regexp.MustCompile(`([a-z_]+)="`)
	descriptionOf = regexp.MustCompile(`^Desc\{fqName: "([^"]+)".*constLabels: \{(.*)\}, variableLabels: \{([^}]*)\}\}$`)
)

// Each metric and each label that a rule names is one of the program's, and each rule says what is the matter and what to do.
func TestAlertsNameWhatThereIs(t *testing.T) {
	metrics := everyMetric(t)
	seen := map[string]bool{}
	for _, group := range readAlerts(t).Groups {
		require.NotEmpty(t, group.Rules, group.Name)
		for _, rule := range group.Rules {
			t.Run(rule.Alert, func(t *testing.T) {
				require.Regexp(t, `^Mailtrail[A-Za-z]+$`, rule.Alert)
				require.False(t, seen[rule.Alert], "two rules of one name")
				seen[rule.Alert] = true
				require.Contains(t, []string{"page", "ticket"}, rule.Labels["severity"])
				require.ElementsMatch(t, []string{"summary", "action"}, slices.Collect(maps.Keys(rule.Annotations)))
				require.NotEmpty(t, rule.Annotations["summary"])
				require.NotEmpty(t, rule.Annotations["action"])
				if rule.For != "" {
					_, err := time.ParseDuration(rule.For)
					require.NoError(t, err)
				}
				for _, pair := range []string{"()", "{}", "[]"} {
					require.Equal(t, strings.Count(rule.Expr, pair[:1]), strings.Count(rule.Expr, pair[1:]), "brackets")
				}
				used := metricInRule.FindAllStringSubmatch(rule.Expr, -1)
				require.NotEmpty(t, used, "a rule over no metric of ours")
				var labels []string
				for _, metric := range used {
					name := metric[1]
					if _, ok := metrics[name]; !ok {
						name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
					}
					require.Contains(t, metrics, name)
					labels = append(labels, metrics[name]...)
					for _, matcher := range matcherInRule.FindAllStringSubmatch(metric[2], -1) {
						require.Contains(t, metrics[name], matcher[1], "label of %s", name)
					}
				}
				for _, grouped := range groupedInRule.FindAllStringSubmatch(rule.Expr, -1) {
					for _, label := range strings.Split(grouped[1], ", ") {
						require.Contains(t, append(labels, "le"), label)
					}
				}
			})
		}
	}
}

// The rules measure the backlog of each front topic against the topic's life in the built-in schedule, and one of each topic pages.
func TestAlertsKnowTheTopicsLife(t *testing.T) {
	paged := map[string]bool{}
	measured := regexp.MustCompile(`mailtrail_gateway_backlog_age_seconds\{topic="([^"]+)"\}`)
	for _, group := range readAlerts(t).Groups {
		for _, rule := range group.Rules {
			if !strings.Contains(rule.Expr, "mailtrail_gateway_backlog_age_seconds") {
				continue
			}
			found := measured.FindStringSubmatch(rule.Expr)
			require.NotNil(t, found, "%s: %s", rule.Alert, rule.Expr)
			life := fmt.Sprintf(" * %d", int(retention.Builtin().TopicLife(found[1]).Seconds()))
			require.True(t, strings.HasSuffix(rule.Expr, life), "%s: %s", rule.Alert, rule.Expr)
			paged[found[1]] = paged[found[1]] || rule.Labels["severity"] == "page"
		}
	}
	require.Equal(t, map[string]bool{event.ScansTopic: true, event.RecordsTopic: true, event.ImagesTopic: true}, paged)
}

// everyMetric makes every part of the program and returns the labels of each metric that they register.
func everyMetric(t *testing.T) map[string][]string {
	t.Helper()
	registry := prometheus.NewRegistry()
	a := newApp(surroundings{environ: []string{"MAILTRAIL_DATA=" + t.TempDir()}})
	c, err := a.config()
	require.NoError(t, err)
	rules, err := loadRules(c, nil)
	require.NoError(t, err)
	_, err = ingest.New(ingest.Config{BlockRows: 1, BlockBytes: 1, BlockAge: 1, Rules: rules.scanRules(c)}, ingest.Deps{Metrics: registry, Stream: ingest.Scans(nil)})
	require.NoError(t, err)
	rejects.NewRepair(rules.tables, rejects.RepairDeps{Metrics: registry})
	_, err = keys.New(keys.Config{}, keys.Deps{Metrics: registry})
	require.NoError(t, err)
	_, err = keys.NewHolder(keys.HolderDeps{Metrics: registry})
	require.NoError(t, err)
	_, err = access.Open(c.AccessFile(), access.Deps{Logger: zerolog.Nop(), Registerer: registry, Now: time.Now})
	require.NoError(t, err)
	images.NewReader(images.ReaderDeps{Metrics: registry})
	_, err = images.New(images.Config{
		MaxBody: int64(c.Gateway.MaxBody), PackBytes: int64(c.Images.PackBytes), PackAge: c.Images.PackAge, Row: rules.schedule.Row(retention.MailpieceImages),
		Limits: images.DefaultLimits(int64(c.Gateway.MaxBody)),
	}, images.Deps{Metrics: registry})
	require.NoError(t, err)
	gateway.NewBacklog("mail.scans", time.Hour, nil, time.Now, zerolog.Nop(), registry)
	_, err = gateway.New(gateway.Config{
		Listen: "127.0.0.1:0", MaxBody: int64(c.Gateway.MaxBody), MaxMessage: int(c.Kafka.MaxMessage),
		Behind: time.Hour, Ahead: time.Hour, Limits: gateway.DefaultLimits(int64(c.Gateway.MaxBody)),
	}, gateway.Deps{Clock: time.Now, Logger: zerolog.Nop(), Registerer: registry})
	require.NoError(t, err)
	_, err = embedded.New(embedded.Config{
		Data: c.Data, Native: "127.0.0.1:0", HTTP: "127.0.0.1:0", Schedule: retention.Builtin(), MemoryRatio: 0.5, Reader: embedded.DefaultReaderLimits(),
	}, embedded.Deps{Metrics: registry, Engine: engines.ClickHouse{Server: "clickhouse"}, Self: []string{"mailtrail"}, Analysts: func() ([]embedded.Analyst, error) { return nil, nil }})
	require.NoError(t, err)
	_, err = minio.New(minio.Config{Data: c.Data, Addr: "127.0.0.1:0", Schedule: retention.Builtin()}, minio.Deps{Metrics: registry, Program: "minio"})
	require.NoError(t, err)
	_, err = objectstore.Open(objectstore.Config{Endpoint: "127.0.0.1:1", Bucket: c.Objects.Bucket}, objectstore.Deps{Metrics: registry})
	require.NoError(t, err)

	_, err = sweeper.New(sweeper.Config{Schedule: retention.Builtin(), Every: time.Minute}, sweeper.Deps{
		Metrics: registry, Clock: sweeper.NewClock(time.Now, func() time.Duration { return 0 }, zerolog.Nop()),
	})
	require.NoError(t, err)
	_, err = verify.New(verify.Config{Schedule: retention.Builtin().Source()}, verify.Deps{Metrics: registry, Clock: time.Now})
	require.NoError(t, err)

	descriptions := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descriptions)
		close(descriptions)
	}()
	metrics := map[string][]string{}
	for description := range descriptions {
		parts := descriptionOf.FindStringSubmatch(description.String())
		require.NotNil(t, parts, "%s", description)
		metrics[parts[1]] = strings.Split(parts[3], ",")
		for _, constant := range constantLabel.FindAllStringSubmatch(parts[2], -1) {
			metrics[parts[1]] = append(metrics[parts[1]], constant[1])
		}
	}
	return metrics
}
