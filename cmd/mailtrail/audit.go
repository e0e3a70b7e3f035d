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
		Short: "Prove that every offset has its receipt, every receipt its rows and every image its pack",
		Long: `audit compares the group's offset, the receipts and the rows of each topic, and the index of images with the packs.
It exits with 0 and one line of totals where they agree, and with 1 and the ranges where they differ.
It may run beside ingest: what is in flight is left out. Rows that outlive their receipts, as those of many records do, are proved
while their receipts are kept.

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

// allAudited is what was found in all topics, and in the packs of images.
type allAudited struct {
	topics []*audit.Report
	packs  *audit.Packs // nil where there is no object store
}

func (a *allAudited) findings() (all []audit.Finding) {
	for _, r := range a.topics {
		all = append(all, r.Findings...)
	}
	if a.packs != nil {
		all = append(all, a.packs.Findings...)
	}
	return all
}

// runAudit audits, mends where told to, and prints.
func runAudit(ctx context.Context, r *role, repair bool, format rowFormat) error {
	stores, err := r.connect(embedded.Writer)
	if err != nil {
		return err
	}
	defer stores.close()
	sealer, err := r.newSealer(prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer sealer.holder.Close()
	printed, err := newAuditPrinter(r.stdout, r.stderr, format)
	if err != nil {
		return err
	}
	// An audit makes no key of hashes: rows that were put back under another would not be found.
	key, noKey := readRecordKey(r.config.RecordKeyFile())
	records := ingest.RecordDeps{Keys: ingestKeys(sealer), Hash: recordHash(key), Metrics: prometheus.NewRegistry()}
	shown := r.newProgress("audit", "receipts", -1)
	found, err := auditAll(ctx, r, stores, records, func(receipts int) { shown.Add(int64(receipts)) }, func(auditor *audit.Audit) (*audit.Report, error) {
		report, err := auditor.Check(ctx)
		if err == nil && repair && !report.Clean() {
			if report.Topic == event.RecordsTopic && noKey != nil {
				return nil, fmt.Errorf("records are put back under the key of hashes of ingest; copy its file from there: %w", noKey)
			}
			if err = auditor.Repair(ctx, report, printed.action); err == nil {
				report, err = auditor.Check(ctx)
			}
		}
		return report, err
	})
	shown.Close()
	if err != nil {
		return err
	}
	if err := printed.report(found); err != nil {
		return err
	}
	if all := found.findings(); len(all) > 0 {
		return &findings{fmt.Sprintf("%d findings; the first: %s", len(all), findingRange(&all[0]))}
	}
	return nil
}

// auditAll has check audit one topic after the other, and then holds the packs against their index.
func auditAll(ctx context.Context, r *role, stores *connections, records ingest.RecordDeps, progress func(int), check func(*audit.Audit) (*audit.Report, error)) (*allAudited, error) {
	found := &allAudited{}
	room := ingest.NewRoom(int64(r.config.Ingest.Memory))
	for _, stream := range r.ingestStreams(stores, records) {
		auditor, err := newAuditor(r, stores, stream, records.Keys, room, progress)
		if err != nil {
			return nil, err
		}
		report, err := check(auditor)
		if err != nil {
			return nil, err
		}
		found.topics = append(found.topics, report)
	}
	if !r.hasObjects(stores.rules.schedule) {
		return found, nil
	}
	objects, err := openObjects(r, stores.rules, prometheus.NewRegistry())
	if err != nil {
		return nil, err
	}
	defer objects.Close()
	found.packs, err = audit.CheckPacks(ctx, stores.rules.schedule, wallClock, auditedIndex{stores.clickhouse}, auditedPacks{objects})
	return found, err
}

// newAuditor makes the audit of one topic.
func newAuditor(r *role, stores *connections, stream ingestStream, keys ingest.Keys, room *ingest.Room, progress func(int)) (*audit.Audit, error) {
	c, topic := r.config, stream.Topic()
	blocks, err := ingest.NewRebuilder(ingest.Config{
		BlockRows: c.Ingest.BlockRows, BlockBytes: int(c.Ingest.BlockBytes), BlockAge: c.Ingest.BlockAge, Rules: stream.rules,
	}, ingest.Deps{
		Log: r.log, Metrics: prometheus.NewRegistry(), Clock: wallClock, Broker: newFrontTopic(c, stores.kafka, topic), Store: rowStore{stores.clickhouse},
		Stream: stream.Stream, Room: room, Keys: keys,
	})
	if err != nil {
		return nil, err
	}
	return audit.New(audit.Config{
		Topic: topic, Rows: stream.table, Same: stream.same, Group: groupOf(c, topic), Database: c.ClickHouse.Database + "_data",
		Schedule: stores.rules.schedule, Settle: auditSettle,
	}, audit.Deps{
		Clock: wallClock, Kafka: auditedTopic{stores.kafka, topic, groupOf(c, topic)}, Store: auditedStore{stores.clickhouse, stream.Stream}, Blocks: auditedBlocks{blocks}, Progress: progress,
	})
}

// findingRange says in one sentence what and where.
func findingRange(f *audit.Finding) string {
	if f.Partition < 0 {
		return f.Text
	}
	return fmt.Sprintf("topic %s partition %d, offsets %d to %d: %s", f.Topic, f.Partition, f.First, f.Last, f.Text)
}
