package expiry

import (
	"context"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	embedded "mailtrail/deploy/local/clickhouse"
	"mailtrail/schemas/event"
	"mailtrail/schemas/retention"
)

const (
	partitions = 4
	// batchEvery is how often a record batch goes out, each to the next partition.
	batchEvery = 100 * time.Millisecond
	// plantEvery is how often canaries are planted, one of each kind.
	plantEvery = time.Second
)

// load sends mail for so long, to mailtrail and to the plain stores.
func (w *watch) load(ctx context.Context) error {
	transport := &kafkago.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafkago.Client{Addr: kafkago.TCP(w.stack.Broker.Addr()), Transport: transport, Timeout: time.Minute}
	owner, err := w.stack.Connect(embedded.Owner)
	if err != nil {
		return err
	}
	tick := time.NewTicker(batchEvery)
	defer tick.Stop()
	planted := w.began
	for n := 0; time.Since(w.began) < w.scale.load; n++ {
		b := w.batch(n)
		if time.Since(planted) >= plantEvery {
			planted = planted.Add(plantEvery)
			w.plant(b)
		}
		if err := b.produce(ctx, client, event.ScansTopic, n%partitions); err != nil {
			return err
		}
		for _, c := range b.canaries {
			w.flock.plant(c)
		}
		if err := b.produce(ctx, client, plainTopic, 0); err != nil {
			return err
		}
		into, err := owner.PrepareBatch(ctx, "INSERT INTO "+plainTable)
		if err != nil {
			return err
		}
		for _, text := range b.texts {
			if err := into.Append(b.captured, text); err != nil {
				return err
			}
		}
		if err := into.Send(); err != nil {
			return fmt.Errorf("insert into the plain table: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// batch is events that go out together.
type batch struct {
	captured time.Time
	texts    []string
	canaries []*canary
	last     []int // place of each canary's last copy among the texts
}

func (w *watch) batch(n int) *batch {
	// Equipment is a little behind.
	b := &batch{captured: time.Now().Add(-w.scale.behind()).Truncate(time.Millisecond)}
	events := int(float64(w.scale.rate) * batchEvery.Seconds())
	for i := range events {
		text := fmt.Sprintf(`{"imb":"00270123456%09d10118112501","scanDatetime":%q,"scanEventCode":"918","scanLocaleKey":"V19160","machineId":"DBCS-0421"`, n*events+i, b.stamp())
		if i%4 == 0 {
			text += `,"specialService":"Certified Mail"`
		}
		b.texts = append(b.texts, text+"}")
	}
	return b
}

func (b *batch) stamp() string { return b.captured.UTC().Format("2006-01-02T15:04:05.000Z") }

// plant adds a canary of each kind.
func (w *watch) plant(b *batch) {
	for kind := range kinds {
		w.marks++
		text := fmt.Sprintf(`{"imb":"0027098765%010d10118112501","scanDatetime":%q,"scanEventCode":"918","machineId":"DBCS-0421","eventId":%q`, w.marks, b.stamp(), w.flock.mark(w.marks))
		class := w.schedule.Row(retention.MailTracking)
		switch kind {
		case service:
			text += `,"specialService":"Certified Mail"`
			class = w.schedule.Row(retention.SpecialServiceTracking)
		case rejected:
			text += `,"imbMid":"000001"` // which the barcode contradicts
		}
		for range copies {
			b.texts = append(b.texts, text+"}")
		}
		// The limit is the record's own; that of its slot is earlier.
		limit := time.Duration(class.LimitAt(0)) * time.Second
		b.canaries = append(b.canaries, &canary{number: w.marks, kind: kind, clock: b.captured, slot: class.SlotOf(b.captured.UnixMilli()), limit: b.captured.Add(limit)})
		b.last = append(b.last, len(b.texts)-1)
	}
}

// produce writes the events, each a message, without compression, and notes where the canaries stand in mail.scans.
func (b *batch) produce(ctx context.Context, client *kafkago.Client, topic string, partition int) error {
	records := make([]kafkago.Record, len(b.texts))
	for i, text := range b.texts {
		records[i].Value = kafkago.NewBytes([]byte(text))
	}
	began := time.Now()
	answer, err := client.Produce(ctx, &kafkago.ProduceRequest{Topic: topic, Partition: partition, RequiredAcks: kafkago.RequireAll, Records: kafkago.NewRecordReader(records...)})
	if err == nil {
		err = answer.Error
	}
	if err != nil {
		return fmt.Errorf("write to %s: %w", topic, err)
	}
	if topic == event.ScansTopic {
		for i, c := range b.canaries {
			c.partition, c.offset, c.began = partition, answer.BaseOffset+int64(b.last[i]), began
		}
	}
	return nil
}

// The plain stores have the defaults of their makers, with the limit as their retention.
const (
	plainTopic = "plain"
	plainTable = "mailtrail_data.plain"
)

// makePlain makes the plain stores. Apache Kafka's defaults are 7 days for both retention.ms and segment.ms, so here both are
// the limit. ClickHouse's table has an expiry, and no other setting.
func (w *watch) makePlain() {
	client := &kafkago.Client{Addr: kafkago.TCP(w.stack.Broker.Addr()), Transport: &kafkago.Transport{}, Timeout: time.Minute}
	defer client.Transport.(*kafkago.Transport).CloseIdleConnections()
	limit := w.scale.mail.limit
	ms := fmt.Sprint(limit.Milliseconds())
	made, err := client.CreateTopics(w.t.Context(), &kafkago.CreateTopicsRequest{Topics: []kafkago.TopicConfig{{
		Topic: plainTopic, NumPartitions: 1, ReplicationFactor: 1,
		ConfigEntries: []kafkago.ConfigEntry{{ConfigName: "retention.ms", ConfigValue: ms}, {ConfigName: "segment.ms", ConfigValue: ms}},
	}}})
	require.NoError(w.t, err)
	require.NoError(w.t, made.Errors[plainTopic])
	owner, err := w.stack.Connect(embedded.Owner)
	require.NoError(w.t, err)
	require.NoError(w.t, owner.Exec(w.t.Context(), fmt.Sprintf(
		"CREATE TABLE %s (captured DateTime64(3, 'UTC'), text String CODEC(NONE)) ENGINE = MergeTree ORDER BY captured TTL toDateTime(captured) + toIntervalSecond(%d)", plainTable, int(limit.Seconds()))))
	// So that a raw search finds what is stored. What was written before keeps its own.
	require.NoError(w.t, owner.Exec(w.t.Context(), "ALTER TABLE mailtrail_data.scans MODIFY COLUMN more CODEC(NONE)"))
}
