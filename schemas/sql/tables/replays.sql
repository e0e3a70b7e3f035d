CREATE TABLE {{.Name}}
(
    `slot` DateTime('UTC') COMMENT 'start of the slot of at in which the row is destroyed, UTC; the partition',
    `origin` String COMMENT 'where the reject first stood, TOPIC/PARTITION/OFFSET/INDEX',
    `topic` LowCardinality(String) COMMENT 'Kafka topic from which it was stored',
    `partition` Int32 COMMENT 'Kafka partition from which it was stored',
    `offset` Int64 COMMENT 'Kafka offset from which it was stored',
    `at` DateTime64(3, 'UTC') COMMENT 'clock that decided, UTC, milliseconds'
)
ENGINE = MergeTree
PARTITION BY slot
ORDER BY origin
TTL {{ttl "replays"}}
SETTINGS {{settings "replays"}}
COMMENT 'Identities of replayed rejects, so that a reject is stored once. Base table: mailtrail only.'
