package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/retention"
	"mailtrail/sinks/clickhouse"
)

func newMigrateCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "migrate",
		Short: "Bring topics, tables, views and the bucket to what this version needs",
		Long: `migrate makes what is missing and mends what is not as the retention schedule and this version ask for.
What only a version before needed it drops. It says what it changed, and can be run again. Topics come first, then tables and views, then the bucket.`,
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
	rules, err := r.rules()
	if err != nil {
		return err
	}
	if known := frontTopics(rules.schedule); !slices.Contains(known, topic) {
		return wrongUsage("--new-topic %s: expected one of %s, the topics whose offsets are stored", topic, strings.Join(known, ", "))
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
	return r.bringStores(ctx, patience, false, tell)
}

// bringStores brings topics, tables, views and the bucket to what schedule and version ask for; a dry run only tells what it would do.
func (r *role) bringStores(ctx context.Context, patience time.Duration, dry bool, tell func(object, action, what string) error) error {
	rules, err := r.rules()
	if err != nil {
		return err
	}
	store, err := openClickHouse(r.config, rules, embedded.Owner)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := await(ctx, patience, store.Ping); err != nil {
		return fmt.Errorf("ClickHouse on %s (clickhouse.addr): %w", r.config.ClickHouse.Addr, err)
	}
	// Asked before anything is touched: a change that may not be made changes no topic either.
	if err := tellSchedule(ctx, store, rules.schedule, tell); err != nil {
		return err
	}
	if err := r.bringTopics(ctx, patience, dry, rules, tell); err != nil {
		return err
	}
	bring := store.Migrate
	if dry {
		bring = store.Drift
	}
	changes, err := bring(ctx)
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
	return r.bringBucket(ctx, patience, dry, rules, tell)
}

func (r *role) bringTopics(ctx context.Context, patience time.Duration, dry bool, rules *ruleBook, tell func(object, action, what string) error) error {
	client, err := newKafka(r.config)
	if err != nil {
		return err
	}
	defer client.Close()
	var changes []string
	if err := await(ctx, patience, func(ctx context.Context) (err error) {
		changes, err = migrateTopics(ctx, r.config, client, rules.schedule, dry)
		return err
	}); err != nil {
		return fmt.Errorf("topics on %s (kafka.brokers): %w", r.config.Kafka.Brokers, err)
	}
	return tellEach(changes, tell)
}

// tellSchedule tells what differs from the schedule that was applied last. Views and expiry follow the schedule alone and
// know nothing of an earlier one, so a longer life is refused while slots are held that began under the shorter.
func tellSchedule(ctx context.Context, store *clickhouse.Store, schedule *retention.Schedule, tell func(object, action, what string) error) error {
	applied, err := store.AppliedSchedule(ctx)
	if err != nil || applied == nil {
		return err
	}
	applied.Topics = schedule.Topics // those in force are compared with the brokers' settings
	changes := retention.Compare(applied, schedule)
	if slices.ContainsFunc(changes, func(c retention.Change) bool { return c.Lengthens }) {
		held, err := store.HeldSlots(ctx)
		if err != nil {
			return err
		}
		if err := refuseLonger(changes, held, applied); err != nil {
			return err
		}
	}
	for _, change := range changes {
		object, what, _ := strings.Cut(change.String(), ": ")
		if err := tell("schedule, "+object, "changed", what); err != nil {
			return err
		}
	}
	return nil
}

// refuseLonger refuses a change that would lengthen a slot that is held, and says until when one is.
func refuseLonger(changes []retention.Change, held []clickhouse.HeldSlot, applied *retention.Schedule) error {
	for _, change := range changes {
		last := int64(0)
		for _, slot := range held {
			if change.Lengthens && slot.Class == change.Class {
				last = max(last, applied.Row(slot.Class).DestroyAt(slot.Slot))
			}
		}
		if last > 0 {
			return fmt.Errorf("retention schedule: class %s: %s %s -> %s would lengthen slots that have begun, which a change never does: "+
				"go back to the schedule that is in force; the last slot held now is destroyed at %s", change.Class, change.Key, change.Old, change.New,
				time.Unix(last, 0).UTC().Format(time.RFC3339))
		}
	}
	return nil
}
