CREATE TABLE {{.Name}}
(
    `slot` DateTime('UTC') COMMENT 'start of the slot of at in which the row is destroyed, UTC; the partition',
    `id` String COMMENT 'id of the request',
    `part` UInt32 COMMENT 'number of this message among those of the request, from 1',
    `parts` UInt32 COMMENT 'number of messages of the request',
    `places` String COMMENT 'places in the request of the events of the message, as inclusive ranges such as 0-3,5',
    `topic` LowCardinality(String) COMMENT 'Kafka topic of the message',
    `partition` Int32 COMMENT 'Kafka partition of the message',
    `offset` Int64 COMMENT 'Kafka offset of the message',
    `at` DateTime64(3, 'UTC') COMMENT 'clock that decided about the events, UTC, milliseconds',
    `device` LowCardinality(String) COMMENT 'device that sent the request',
    `stored` UInt64 COMMENT 'number of events stored',
    `duplicate` UInt64 COMMENT 'number of events that had been stored before',
    `rejected` UInt64 COMMENT 'number of events rejected',
    `expired` UInt64 COMMENT 'number of events whose time was over when they came',
    `reasons` Map(LowCardinality(String), UInt64) COMMENT 'number of rejected events by reason',
    `msgGrpId` String COMMENT 'push envelope: message group (IV-MTR); empty without one',
    `msgSerNbr` UInt32 COMMENT 'push envelope: number of the part, from 1 (IV-MTR); 0 without one',
    `totMsgCnt` UInt32 COMMENT 'push envelope: number of parts of the group (IV-MTR); 0 without one'
)
ENGINE = MergeTree
PARTITION BY slot
ORDER BY (id, topic, partition, offset)
TTL {{ttl "batches"}}
SETTINGS {{settings "batches"}}
COMMENT 'What became of each message of a request, so that a repeat is stored once. Base table: mailtrail only.'
