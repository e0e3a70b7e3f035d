package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/event"
	"mailtrail/sinks/clickhouse"
)

func newMigrateCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Bring topics, tables and views to what this version needs",
		Long: `migrate makes what is missing and mends what is not as the retention schedule and this version ask for.
What only a version before needed it drops. It says what it changed, and can be run again. Topics come first, then tables and views.`,
		Example: `  mailtrail migrate --config site.yaml`,
		Args:    cobra.NoArgs,
	}
	format := addFormatFlag(command)
	newTopic := command.Flags().String("new-topic", "", "say that the `topic` was made anew: its offsets begin at 0 again and are counted apart from now on")
	command.RunE = func(c *cobra.Command, _ []string) error {
		r, err := a.plainRole()
		if err != nil {
			return err
		}
		rows, err := newRowWriter(a.stdout, *format, "object", "action", "what")
		if err != nil {
			return err
		}
		tell := func(object, action, what string) error { return rows.Row(object, action, what) }
		err = migrate(c.Context(), r, time.Minute, tell)
		if err == nil && *newTopic != "" {
			err = relabel(c.Context(), r, *newTopic, tell)
		}
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
		return err
	}
	return command
}

// relabel gives a topic that was made anew its next label.
func relabel(ctx context.Context, r *role, topic string, tell func(object, action, what string) error) error {
	if topic != event.ScansTopic {
		return wrongUsage("--new-topic %s: expected %s, the topic whose offsets are stored", topic, event.ScansTopic)
	}
	rules, err := r.rules()
	if err != nil {
		return err
	}
	store, err := openClickHouse(r.config, rules, embedded.Writer)
	if err != nil {
		return err
	}
	defer store.Close()
	label, err := store.NewTopicLabel(ctx, topic)
	if err != nil {
		return err
	}
	return tell("topic "+topic, "relabelled", "its rows and receipts stand under "+label+"; partitions that had stopped go on within seconds")
}

// plainRole is the surroundings of a command that starts no long-lived part.
func (a *app) plainRole() (*role, error) {
	c, err := a.config()
	if err != nil {
		return nil, err
	}
	log, err := a.logger()
	return &role{app: a, config: c, log: log}, err
}

// migrate brings the stores to what this version needs, waiting so long for servers that are being started. tell gets
// each change; what is as it should be is not mentioned.
func migrate(ctx context.Context, r *role, patience time.Duration, tell func(object, action, what string) error) error {
	rules, err := r.rules()
	if err != nil {
		return err
	}
	client, err := newKafka(r.config)
	if err != nil {
		return err
	}
	defer client.Close()
	var topics []string
	if err := await(ctx, patience, func(ctx context.Context) (err error) {
		topics, err = migrateTopics(ctx, r.config, client, rules.schedule)
		return err
	}); err != nil {
		return fmt.Errorf("topics on %s (kafka.brokers): %w", r.config.Kafka.Brokers, err)
	}
	for _, change := range topics {
		object, what, _ := strings.Cut(change, ": ")
		if err := tell(object, "changed", what); err != nil {
			return err
		}
	}
	store, err := openClickHouse(r.config, rules, embedded.Owner)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := await(ctx, patience, store.Ping); err != nil {
		return fmt.Errorf("ClickHouse on %s (clickhouse.addr): %w", r.config.ClickHouse.Addr, err)
	}
	changes, err := store.Migrate(ctx)
	for _, change := range changes {
		if change.Action == clickhouse.Unchanged {
			continue
		}
		if err := tell(change.Object, string(change.Action), strings.Join(change.Drift, "; ")); err != nil {
			return err
		}
	}
	if err != nil {
		return fmt.Errorf("tables and views: %w", err)
	}
	return nil
}
