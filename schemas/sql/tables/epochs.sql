CREATE TABLE {{.Name}}
(
    `epoch` String COMMENT 'hash of all tables of the epoch',
    `name` LowCardinality(String) COMMENT 'name of the table',
    `content` String COMMENT 'the table itself; of the known barcodes the SHA-256, since they have a limit' CODEC(ZSTD)
)
ENGINE = ReplacingMergeTree
ORDER BY (epoch, name)
SETTINGS non_replicated_deduplication_window = {{window}}
COMMENT 'The tables that decided about blocks: schedule, reference tables, classifier version. No records in it, so no limit. Base table: mailtrail only.'
