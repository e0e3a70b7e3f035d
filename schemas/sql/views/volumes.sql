CREATE VIEW {{.Name}}
(
    `retention_class` LowCardinality(String) COMMENT 'class of the retention schedule (schemas/retention)',
    `slot` DateTime('UTC') COMMENT 'start of the slot in which the scans are destroyed, UTC',
    `hour` DateTime('UTC') COMMENT 'hour of the scans, UTC',
    `scanLocaleKey` LowCardinality(String) COMMENT 'locale key of the facility of the scans (USPS facility file)',
    `scanEventCode` LowCardinality(String) COMMENT 'operation code of three digits, or event code of a package (IV-MTR)',
    `object` LowCardinality(String) COMMENT 'what was scanned: the symbology of the barcode that names it',
    `events` UInt64 COMMENT 'number of scan events'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
-- The rows are counted when the view is read. A materialized view that kept sums took a
-- microsecond of the server's time an event: a second set of up to 40 parts a block, to be written and merged, and to be audited.
AS SELECT
    retention_class,
    slot,
    toStartOfHour(scanDatetime) AS hour,
    scanLocaleKey,
    scanEventCode,
    object,
    count() AS events
FROM {{table "scans"}}
WHERE {{visible "scans"}}
GROUP BY retention_class, slot, hour, scanLocaleKey, scanEventCode, object
COMMENT 'Number of scan events by hour, facility, event code and kind of object. Nothing past its limit is visible.'
