CREATE TABLE {{.Name}}
(
    `topic` LowCardinality(String) COMMENT 'name of the Kafka topic',
    `label` String COMMENT 'name under which its rows and receipts stand: the name itself for the first topic of that name, name#2 for the second ...',
    `since` DateTime64(3, 'UTC') COMMENT 'when the label was given, UTC'
)
ENGINE = MergeTree
ORDER BY (topic, since)
SETTINGS non_replicated_deduplication_window = {{window}}
COMMENT 'Topics that were made anew: their offsets begin at 0 again, so they are counted apart. No records in it, so no limit. Base table: mailtrail only.'
