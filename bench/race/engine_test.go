package race

import (
	"fmt"
	"strings"
)

// kafkaEngine is the Kafka table engine of ClickHouse itself: a queue table, and a view that moves what is read from it.
type kafkaEngine struct{}

const (
	engineTable = `CREATE TABLE race.scans
(
    imb String,
    scanDatetime DateTime64(3, 'UTC'),
    scanOffsetMinutes Int16,
    scanEventCode LowCardinality(String),
    handlingEventType LowCardinality(String),
    handlingEventTypeDescription LowCardinality(String),
    mailPhase LowCardinality(String),
    scanLocaleKey LowCardinality(String),
    scanFacilityName LowCardinality(String),
    scanFacilityCity LowCardinality(String),
    scanFacilityState LowCardinality(String),
    scanFacilityZip LowCardinality(String),
    machineId LowCardinality(String),
    machineName LowCardinality(String),
    scannerType LowCardinality(String),
    mailClassDescription LowCardinality(String),
    mailShapeDescription LowCardinality(String),
    idTag String,
    startTheClockDate Date,
    predictedDeliveryDate Date,
    edocJobId LowCardinality(String),
    edocMailingGroupId LowCardinality(String),
    edocSubmitterCrid LowCardinality(String)
)
ENGINE = MergeTree PARTITION BY toDate(scanDatetime) ORDER BY (imb, scanDatetime)`

	// engineSettings are the quickest of those that were tried, see README.md in the folder above.
	engineSettings = `kafka_format = 'JSONEachRow', kafka_num_consumers = 2, kafka_thread_per_consumer = 1, ` +
		`kafka_max_block_size = 262144, kafka_poll_max_batch_size = 65536, kafka_flush_interval_ms = 1500`

	engineView = `CREATE MATERIALIZED VIEW race.mover TO race.scans AS SELECT
    * EXCEPT (scanDatetime, startTheClockDate, predictedDeliveryDate),
    parseDateTime64BestEffort(queue.scanDatetime, 3, 'UTC') AS scanDatetime,
    toInt16(substring(queue.scanDatetime, 24, 3)) * 60 AS scanOffsetMinutes,
    toDate(queue.startTheClockDate) AS startTheClockDate,
    toDate(queue.predictedDeliveryDate) AS predictedDeliveryDate
FROM race.queue`
)

// checkedParts are fields that say again what the barcode says: nobody stores them.
var checkedParts = map[string]string{"imbMid": "substring(imb, 6, 9)", "imbRoutingCode": "substring(imb, 21)"}

func (kafkaEngine) prepare(r *run) {
	var columns []string
	for _, field := range fields {
		if checkedParts[field] == "" {
			columns = append(columns, field+" String")
		}
	}
	r.server.exec("CREATE DATABASE race")
	r.server.exec(engineTable)
	r.server.exec(fmt.Sprintf("CREATE TABLE race.queue (%s) ENGINE = Kafka SETTINGS kafka_broker_list = '%s', kafka_topic_list = '%s', kafka_group_name = '%s', %s",
		strings.Join(columns, ", "), r.stage.broker.Addr(), topic, r.group, engineSettings))
}

// start makes the view: from then on the engine reads.
func (kafkaEngine) start(r *run) int {
	r.server.exec(engineView)
	return 0
}

func (kafkaEngine) ended() <-chan struct{} { return nil }

func (kafkaEngine) stop(r *run) { r.server.exec("DROP DATABASE race SYNC") }

func (kafkaEngine) goods() goods {
	return goods{stored: "race.scans", columns: map[string]string{
		"imbMid": checkedParts["imbMid"], "imbRoutingCode": checkedParts["imbRoutingCode"],
		"scanDatetime":          "replaceOne(toString(scanDatetime + toIntervalMinute(scanOffsetMinutes)), ' ', 'T'), " + offsetSQL("scanOffsetMinutes"),
		"startTheClockDate":     "toString(startTheClockDate)",
		"predictedDeliveryDate": "toString(predictedDeliveryDate)",
	}}
}
