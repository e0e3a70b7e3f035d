CREATE MATERIALIZED VIEW {{.Name}} TO {{table "volumes"}}
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT
    retention_class,
    slot,
    toStartOfHour(scanDatetime) AS hour,
    scanLocaleKey,
    scanEventCode,
    object,
    count() AS events
FROM {{table "scans"}}
GROUP BY retention_class, slot, hour, scanLocaleKey, scanEventCode, object
COMMENT 'Counts each block of scans into volumes.'
