package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/pipeline/rejects"
	"mailtrail/schemas/event"
	"mailtrail/sinks/kafka"
)

func newRejectsCommand(a *app) *cobra.Command {
	group := newGroup(&cobra.Command{
		Use:   "rejects",
		Short: "List, show and replay dead letters",
		Long: `Dead letters are events that could not be stored, in the topic mail.rejects, with the reason. They live as long
as the topic's life (retention plan says how long). Replay sends them through ingest again, which stores each once,
however often it is sent.`,
		Example: "  mailtrail rejects list --reason unknown_zone",
	})
	group.AddCommand(newRejectsListCommand(a), newRejectsShowCommand(a), newRejectsReplayCommand(a))
	return group
}

// rejectColumns are what a list tells of a reject: nothing of the piece.
var rejectColumns = []string{"id", "rejected_at", "stage", "reason", "field", "class", "clock", "bytes", "content_type", "device", "times", "state"}

func rejectRow(r *rejects.Reject) []any {
	return []any{
		r.ID, time.UnixMilli(r.RejectedAt), string(r.Stage), r.Reason, r.Field, r.Class, time.UnixMilli(r.Clock), r.Bytes, r.ContentType, r.Device, r.Times, string(r.State),
	}
}

func newRejectsListCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, each once, with what is wrong",
		Long: `list shows each dead letter as it was rejected last, the oldest first, and whether a replay has stored it
since. It never shows a payload or a barcode. For very many, take --format json or csv.`,
		Example: "  mailtrail rejects list --reason contradiction --state rejected --format csv",
		Args:    cobra.NoArgs,
	}
	format := addFormatFlag(command)
	var filter rejects.Filter
	command.Flags().StringVar(&filter.Reason, "reason", "", "only this `reason`")
	state := command.Flags().String("state", "", "only this `state`: rejected or stored")
	command.RunE = func(c *cobra.Command, _ []string) error {
		filter.State = rejects.State(*state)
		if filter.State != "" && filter.State != rejects.Rejected && filter.State != rejects.Stored {
			return wrongUsage("--state %s: expected rejected or stored", *state)
		}
		return a.withRejects(func(letters *rejects.Rejects) error {
			rows, err := newRowWriter(a.stdout, *format, rejectColumns...)
			if err != nil {
				return err
			}
			unreadable, err := letters.List(c.Context(), filter, func(r *rejects.Reject) error { return rows.Row(rejectRow(r)...) })
			if err != nil {
				return err
			}
			a.tellUnreadable(unreadable)
			return rows.Close()
		})
	}
	return command
}

func newRejectsShowCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Show everything of one dead letter, its payload too",
		Long: `show prints one dead letter as it was rejected last: what a list tells, its headers, and the event as JSON under
the fields' names. Bytes that cannot be read follow in hexadecimal. The payload is opened under its slot's key, until
that is destroyed.`,
		Example: "  mailtrail rejects show mail.scans/0/4711/0",
		Args:    cobra.ExactArgs(1),
	}
	format := addFormatFlag(command)
	command.RunE = func(c *cobra.Command, args []string) error {
		if _, err := event.ParseIdentity(args[0]); err != nil {
			return wrongUsage("%q is no ID: expected TOPIC/PARTITION/OFFSET/INDEX, as `mailtrail rejects list` prints it", args[0])
		}
		return a.withRejects(func(letters *rejects.Rejects) error {
			shown, err := letters.Show(c.Context(), args[0])
			if shown == nil {
				return err
			}
			return errors.Join(printReject(a.stdout, *format, shown), err)
		})
	}
	return command
}

func newRejectsReplayCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "replay",
		Short: "Send dead letters through ingest again",
		Long: `replay sends the dead letters that are not stored to mail.scans once more, with their identity and their clock.
What is now right is stored, once, also when replay is run twice or days later; what is still wrong becomes a dead
letter again; what is past its limit by now expires. A payload travels sealed, as it lies in mail.rejects.`,
		Example: "  mailtrail rejects replay --reason unknown_zone --dry-run",
		Args:    cobra.NoArgs,
	}
	reason := command.Flags().String("reason", "", "only this `reason`")
	dryRun := command.Flags().Bool("dry-run", false, "say what would be sent, and send nothing")
	command.RunE = func(c *cobra.Command, _ []string) error {
		return a.withRejects(func(letters *rejects.Rejects) error {
			done, err := letters.Replay(c.Context(), *reason, *dryRun)
			a.tellUnreadable(done.Unreadable)
			_, printErr := fmt.Fprintln(a.stdout, replayedSentence(done, *dryRun))
			return errors.Join(err, printErr)
		})
	}
	return command
}

func replayedSentence(done rejects.Replayed, dryRun bool) string {
	verb := "sent"
	if dryRun {
		verb = "would send"
	}
	text := fmt.Sprintf("%s %d rejects to %s", verb, done.Sent, event.ScansTopic)
	if done.Events > done.Sent {
		text += fmt.Sprintf(" with %d events", done.Events)
	}
	text += fmt.Sprintf("; %d were stored by an earlier replay", done.Stored)
	if done.Ended > 0 {
		text += fmt.Sprintf("; the slot of %d is over, so nobody can read them any more", done.Ended)
	}
	if done.Empty > 0 {
		text += fmt.Sprintf("; %d have no payload", done.Empty)
	}
	return text
}

func (a *app) tellUnreadable(messages int) {
	if messages > 0 {
		fmt.Fprintf(a.stderr, "%d messages of %s are no rejects and were passed over: mailtrail did not write them\n", messages, event.RejectsTopic)
	}
}

// withRejects runs work with the dead letters of the configured stores.
func (a *app) withRejects(work func(*rejects.Rejects) error) error {
	r, err := a.plainRole()
	if err != nil {
		return err
	}
	stores, err := r.connect(embedded.Writer)
	if err != nil {
		return err
	}
	defer stores.close()
	producer := stores.kafka.NewProducer(int(r.config.Kafka.MaxMessage))
	defer producer.Close() // nothing waits in it: Produce returns when all is written
	reader := &shownReader{app: a, client: stores.kafka}
	defer reader.close()
	sealer, err := r.newSealer(prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer sealer.holder.Close()
	return work(rejects.New(rejects.Deps{
		Reader: reader, Producer: producer, Store: stores.clickhouse, Keys: rejectKeys(sealer), SealedBy: sealedBy(stores.rules.schedule),
	}))
}

// shownReader reads topics and shows how far it has come.
type shownReader struct {
	app      *app
	client   *kafka.Client
	progress *progress
}

func (s *shownReader) Size(ctx context.Context, topic string) (int64, error) {
	return s.client.Size(ctx, topic)
}

func (s *shownReader) Scan(ctx context.Context, topic string, each func(*event.Message) error) error {
	if s.progress == nil {
		s.progress = s.app.newProgress("reading "+topic, "messages", -1)
	}
	return s.client.Scan(ctx, topic, func(m *event.Message) error {
		s.progress.Add(1)
		return each(m)
	})
}

func (s *shownReader) close() {
	if s.progress != nil {
		s.progress.Close()
	}
}

// printReject prints one reject: for people with a line for each thing and the event below, else as one row.
func printReject(out io.Writer, format rowFormat, shown *rejects.Shown) error {
	if format == "table" {
		return printRejectForPeople(out, shown)
	}
	columns := append(append([]string{}, rejectColumns...), "partition", "offset", "seal", "headers", "payload", "rest")
	rows, err := newRowWriter(out, format, columns...)
	if err != nil {
		return err
	}
	headers := map[string]string{}
	for _, h := range shown.Headers {
		headers[h.Key] = string(h.Value)
	}
	row := append(rejectRow(&shown.Reject), shown.Partition, shown.Offset, shown.Seal)
	if format == "csv" {
		row = append(row, jsonText(headers), jsonText(shown.Payload.Events), hex.EncodeToString(shown.Payload.Rest))
	} else {
		row = append(row, headers, shown.Payload.Events, hex.EncodeToString(shown.Payload.Rest))
	}
	return errors.Join(rows.Row(row...), rows.Close())
}

func printRejectForPeople(out io.Writer, shown *rejects.Shown) error {
	rows, err := newRowWriter(out, "table", "what", "value")
	if err != nil {
		return err
	}
	for i, value := range rejectRow(&shown.Reject) {
		err = errors.Join(err, rows.Row(rejectColumns[i], value))
	}
	err = errors.Join(err, rows.Row("stands at", fmt.Sprintf("%s/%d/%d", event.RejectsTopic, shown.Partition, shown.Offset)))
	for _, h := range shown.Headers {
		err = errors.Join(err, rows.Row("header "+h.Key, string(h.Value)))
	}
	if err = errors.Join(err, rows.Close()); err != nil {
		return err
	}
	for _, e := range shown.Payload.Events {
		if err := printLines(out, indented(e)); err != nil {
			return err
		}
	}
	if len(shown.Payload.Rest) > 0 {
		return printLines(out, "cannot be read, or not to the end:\n"+hex.Dump(shown.Payload.Rest))
	}
	return nil
}

// printLines prints text with control characters disarmed, line by line.
func printLines(out io.Writer, text string) error {
	for line := range strings.Lines(text) {
		if _, err := fmt.Fprintln(out, tableCell(strings.TrimSuffix(line, "\n"))); err != nil {
			return err
		}
	}
	return nil
}

func indented(e json.RawMessage) string {
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return string(e)
	}
	return string(text)
}
