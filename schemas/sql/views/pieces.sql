CREATE VIEW {{.Name}}
(
    `pieceKey` String COMMENT 'what stays the same of a piece: STID class, MID and serial number of an Intelligent Mail barcode, else the barcode itself',
    `retention_class` LowCardinality(String) COMMENT 'class of the retention schedule (schemas/retention)',
    `firstScan` DateTime64(3, 'UTC') COMMENT 'time of the first scan that is still kept, UTC, milliseconds',
    `lastScan` DateTime64(3, 'UTC') COMMENT 'time of the last scan, UTC, milliseconds',
    `scans` UInt64 COMMENT 'number of scans that are still kept',
    `lastLocaleKey` String COMMENT 'locale key of the facility of the last scan (USPS facility file)',
    `lastFacilityName` String COMMENT 'name of the facility of the last scan (IV-MTR)',
    `lastEventCode` String COMMENT 'scanEventCode of the last scan (IV-MTR)',
    `pieceKeyNotUnique` Bool COMMENT 'several pieces may share the piece key (reply mail)'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
AS SELECT
    pieceKey,
    retention_class,
    min(scanDatetime) AS firstScan,
    max(scanDatetime) AS lastScan,
    count() AS scans,
    argMax(scanLocaleKey, (scanDatetime, topic, partition, offset, index)) AS lastLocaleKey,
    argMax(scanFacilityName, (scanDatetime, topic, partition, offset, index)) AS lastFacilityName,
    argMax(scanEventCode, (scanDatetime, topic, partition, offset, index)) AS lastEventCode,
    max(bitTest(flags, 2)::Bool) AS pieceKeyNotUnique
FROM {{table "scans"}}
WHERE {{visible "scans"}}
GROUP BY pieceKey, retention_class
COMMENT 'Pieces by their scans, one row for each piece key and retention class. Nothing past its limit is visible.'
