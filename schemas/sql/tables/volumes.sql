-- Counts of scans, filled by the materialized view volumes_of_scans. audit compares their sum with scans.
CREATE TABLE {{.Name}}
(
    `retention_class` LowCardinality(String) COMMENT 'class of the retention schedule (schemas/retention)',
    `slot` DateTime('UTC') COMMENT 'start of the slot in which the row is destroyed, UTC; with retention_class the partition',
    `hour` DateTime('UTC') COMMENT 'hour of the scans, UTC',
    `scanLocaleKey` LowCardinality(String) COMMENT 'locale key of the facility of the scans (USPS facility file)',
    `scanEventCode` LowCardinality(String) COMMENT 'operation code of three digits, or event code of a package (IV-MTR)',
    `object` LowCardinality(String) COMMENT 'what was scanned: the symbology of the barcode that names it',
    `events` UInt64 COMMENT 'number of scan events'
)
ENGINE = SummingMergeTree(events)
PARTITION BY (retention_class, slot)
ORDER BY (retention_class, slot, hour, scanLocaleKey, scanEventCode, object)
TTL {{ttl "volumes"}}
SETTINGS {{settings}}
COMMENT 'Number of scan events by hour, facility, event code and kind of object; rows of equal keys are to be summed. Base table: mailtrail only.'
