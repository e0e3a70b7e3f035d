-- Records of all kinds besides scans and images, one row each. What is about a person lies here as ciphertext under the key of
-- its slot, and is found by keyed hashes alone; no view reads it. Of documentation, which names no person, the payload is clear.
CREATE TABLE {{.Name}}
(
    `retention_class` LowCardinality(String) COMMENT 'class of the retention schedule (schemas/retention)' CODEC(ZSTD(1)),
    `slot` DateTime('UTC') COMMENT 'start of the slot in which the row is destroyed, UTC; with retention_class the partition' CODEC(ZSTD(1)),
    `kind` LowCardinality(String) COMMENT 'kind of the record (schemas/event/records)' CODEC(ZSTD(1)),
    `topic` LowCardinality(String) COMMENT 'Kafka topic from which the record was read',
    `partition` Int32 COMMENT 'Kafka partition of the message',
    `offset` Int64 COMMENT 'Kafka offset of the message' CODEC(T64),
    `index` UInt32 COMMENT 'place of the record within the message, from 0',
    `captured` DateTime64(3, 'UTC') COMMENT 'when what the record tells of happened, UTC, milliseconds; its receipt where it does not say' CODEC(T64, ZSTD(1)),
    `received` DateTime64(3, 'UTC') COMMENT 'time of receipt, UTC, milliseconds: the clock of the gateway, or the timestamp of the message' CODEC(T64),
    `origin` String COMMENT 'of a replayed reject where it first stood, TOPIC/PARTITION/OFFSET/INDEX; else empty' CODEC(ZSTD(1)),
    `device` LowCardinality(String) COMMENT 'device that sent the record to the gateway; empty where it came straight through Kafka',
    `key_names` Array(LowCardinality(String)) COMMENT 'retrieval keys that the record gives, by the names of schemas/event/records' CODEC(ZSTD(1)),
    `key_hashes` Array(FixedString(16)) COMMENT 'for each of key_names a keyed hash of its value: the first 16 bytes of an HMAC-SHA256' CODEC(NONE),
    `sealed` Bool COMMENT 'whether the payload is ciphertext under the key of class and slot (pipeline/keys/README.md)',
    `payload` String COMMENT 'the record: a JSON object, or its ciphertext' CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY (retention_class, slot)
ORDER BY (kind, topic, partition, offset, index)
TTL {{ttl "records"}}
SETTINGS {{settings "records"}}
COMMENT 'Records of all kinds besides scans and images. Base table: mailtrail only.'
