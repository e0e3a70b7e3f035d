-- Receipts: what became of each block of offsets.
CREATE TABLE {{.Name}}
(
    `slot` DateTime('UTC') COMMENT 'start of the slot of at in which the receipt is destroyed, UTC; the partition',
    `topic` LowCardinality(String) COMMENT 'Kafka topic',
    `partition` Int32 COMMENT 'Kafka partition',
    `first` Int64 COMMENT 'first offset of the block',
    `last` Int64 COMMENT 'last offset of the block, within it',
    `at` DateTime64(3, 'UTC') COMMENT 'clock that decided about the events of the block, UTC, milliseconds',
    `epoch` String COMMENT 'hash of everything else that decided; the tables themselves stand in epochs',
    `events` UInt64 COMMENT 'number of events in the block',
    `control` UInt64 COMMENT 'number of offsets that are transaction markers',
    `aborted` UInt64 COMMENT 'number of offsets whose transaction was taken back',
    `outcomes` Nested(class LowCardinality(String), outcome LowCardinality(String), reason LowCardinality(String), events UInt64) COMMENT 'number of events by retention class, outcome (stored, duplicate, rejected, expired) and reason of a reject',
    `slots` Nested(class LowCardinality(String), slot DateTime('UTC'), rows UInt64) COMMENT 'number of rows stored by retention class and slot'
)
ENGINE = MergeTree
PARTITION BY slot
ORDER BY (topic, partition, first)
TTL {{ttl "blocks"}}
SETTINGS {{settings "blocks"}}
COMMENT 'Receipts: what became of each block of Kafka offsets. No personal data. Base table: mailtrail only.'
