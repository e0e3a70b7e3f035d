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
AS SELECT retention_class, slot, hour, scanLocaleKey, scanEventCode, object, sum(events) AS events
FROM {{table "volumes"}}
WHERE {{visible "volumes"}}
GROUP BY retention_class, slot, hour, scanLocaleKey, scanEventCode, object
COMMENT 'Number of scan events by hour, facility, event code and kind of object. Nothing past its limit is visible.'
