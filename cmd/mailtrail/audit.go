package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/audit"
	"mailtrail/pipeline/ingest"
	"mailtrail/schemas/event"
)

func newAuditCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "audit",
		Short: "Prove that every offset has its receipt and every receipt its rows",
		Long: `audit compares the group's offset, the receipts and the rows.
It exits with 0 and one line of totals where they agree, and with 1 and the ranges where they differ.
It may run beside ingest: what is in flight is left out.

--repair inserts what is absent, as long as Kafka holds its offsets, and names what is too much;
it removes nothing. Only one may run at a time. Where it has to set the group's offset, all ingest
must be stopped.`,
		Example: `  mailtrail audit --repair --config site.yaml`,
		Args:    cobra.NoArgs,
	}
	repair := command.Flags().Bool("repair", false, "insert what is absent, then audit again")
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, _ []string) error {
		r, err := a.plainRole()
		if err != nil {
			return err
		}
		return runAudit(c.Context(), r, *repair, *format)
	}
	return command
}

// auditSettle is the pause before the second look at what seems wrong: ingest may have been in the middle of it.
const auditSettle = 500 * time.Millisecond

// runAudit audits, mends where told to, and prints.
func runAudit(ctx context.Context, r *role, repair bool, format rowFormat) error {
	rules, err := r.rules()
	if err != nil {
		return err
	}
	client, err := newKafka(r.config)
	if err != nil {
		return err
	}
	defer client.Close()
	store, err := openClickHouse(r.config, rules, embedded.Writer)
	if err != nil {
		return err
	}
	defer store.Close()
	blocks, err := ingest.NewRebuilder(ingest.Config{
		BlockRows: r.config.Ingest.BlockRows, BlockBytes: int(r.config.Ingest.BlockBytes), BlockAge: r.config.Ingest.BlockAge,
		Rules: rules.scanRules(r.config),
	}, ingest.Deps{
		Log: r.log, Metrics: prometheus.NewRegistry(), Clock: wallClock, Broker: newFrontTopic(r.config, client, event.ScansTopic), Store: rowStore{store},
		Stream: ingest.Scans(store.InsertScans), Room: ingest.NewRoom(int64(r.config.Ingest.Memory)),
	})
	if err != nil {
		return err
	}
	shown := r.newProgress("audit", "receipts", -1)
	auditor, err := audit.New(audit.Config{
		Topic: event.ScansTopic, Group: r.config.Ingest.Group, Database: r.config.ClickHouse.Database + "_data",
		Schedule: rules.schedule, Settle: auditSettle,
	}, audit.Deps{
		Clock: wallClock, Kafka: auditedTopic{client, r.config.Ingest.Group}, Store: auditedStore{store}, Blocks: auditedBlocks{blocks},
		Progress: func(receipts int) { shown.Add(int64(receipts)) },
	})
	if err != nil {
		return err
	}
	printed, err := newAuditPrinter(r.stdout, r.stderr, format)
	if err != nil {
		return err
	}
	report, err := auditor.Check(ctx)
	if err == nil && repair && !report.Clean() {
		if err = auditor.Repair(ctx, report, printed.action); err == nil {
			report, err = auditor.Check(ctx)
		}
	}
	shown.Close()
	if err != nil {
		return err
	}
	if err := printed.report(report); err != nil {
		return err
	}
	if report.Clean() {
		return nil
	}
	return &findings{fmt.Sprintf("%d findings; the first: %s", len(report.Findings), findingRange(&report.Findings[0]))}
}

// findingRange says in one sentence what and where.
func findingRange(f *audit.Finding) string {
	return fmt.Sprintf("topic %s partition %d, offsets %d to %d: %s", f.Topic, f.Partition, f.First, f.Last, f.Text)
}
