CREATE VIEW {{.Name}}
(
    `topic` LowCardinality(String) COMMENT 'Kafka topic',
    `partition` Int32 COMMENT 'Kafka partition',
    `first` Int64 COMMENT 'first offset of the block',
    `last` Int64 COMMENT 'last offset of the block, within it',
    `at` DateTime64(3, 'UTC') COMMENT 'clock that decided about the events of the block, UTC, milliseconds',
    `epoch` String COMMENT 'hash of everything else that decided',
    `events` UInt64 COMMENT 'number of events in the block',
    `control` UInt64 COMMENT 'number of offsets that are transaction markers',
    `aborted` UInt64 COMMENT 'number of offsets whose transaction was taken back',
    `outcomes.class` Array(LowCardinality(String)) COMMENT 'retention class of each count of outcomes; empty where it was not told',
    `outcomes.outcome` Array(LowCardinality(String)) COMMENT 'stored, duplicate, rejected or expired',
    `outcomes.reason` Array(LowCardinality(String)) COMMENT 'reason of a reject, else empty',
    `outcomes.events` Array(UInt64) COMMENT 'number of events of that class, outcome and reason',
    `slots.class` Array(LowCardinality(String)) COMMENT 'retention class of each count of rows',
    `slots.slot` Array(DateTime('UTC')) COMMENT 'start of the slot, UTC',
    `slots.rows` Array(UInt64) COMMENT 'number of rows stored in that class and slot'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT
    topic, partition, first, last, at, epoch, events, control, aborted,
    `outcomes.class`, `outcomes.outcome`, `outcomes.reason`, `outcomes.events`,
    `slots.class`, `slots.slot`, `slots.rows`
FROM {{table "blocks"}}
WHERE {{visible "blocks"}}
COMMENT 'Receipts: what became of each block of Kafka offsets.'
