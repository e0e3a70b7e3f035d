CREATE VIEW {{.Name}}
(
    `retention_class` LowCardinality(String) COMMENT 'class of the retention schedule (schemas/retention)',
    `slot` DateTime('UTC') COMMENT 'start of the slot in which the row is destroyed, UTC; with retention_class the partition',
    `piece` UInt64 COMMENT 'number of the piece, by which look-ups are fast: of pieceKey F-900123456-000012 it is bitShiftLeft(toUInt64(1000 + ascii(\'F\') - ascii(\'A\')), 50) + 900123456000012; of a key without MID and serial number bitOr(xxHash64(pieceKey), bitShiftLeft(1::UInt64, 63))',
    `pieceKey` String COMMENT 'what stays the same of a piece: STID class, MID and serial number of an Intelligent Mail barcode, else the barcode itself',
    `scanDatetime` DateTime64(3, 'UTC') COMMENT 'time of the scan, UTC, milliseconds (IV-MTR); the local wall time is scanOffsetMinutes later',
    `scanOffsetMinutes` Int16 COMMENT 'distance of the local clock from UTC at the scan, minutes east',
    `object` LowCardinality(String) COMMENT 'what was scanned: the symbology of the barcode that names it',
    `scanLocaleKey` LowCardinality(String) COMMENT 'locale key of the facility of the scan (USPS facility file)',
    `scanFacilityName` LowCardinality(String) COMMENT 'name of the facility of the scan (IV-MTR)',
    `scanFacilityCity` LowCardinality(String) COMMENT 'city of the facility of the scan (IV-MTR)',
    `scanFacilityState` LowCardinality(String) COMMENT 'state of the facility of the scan, two letters (IV-MTR)',
    `scanFacilityZip` LowCardinality(String) COMMENT 'ZIP Code of the facility of the scan, 5 or 9 digits (IV-MTR)',
    `machineId` LowCardinality(String) COMMENT 'mail processing equipment that made the scan (IV-MTR)',
    `machineName` LowCardinality(String) COMMENT 'name of the mail processing equipment (IV-MTR)',
    `deviceId` LowCardinality(String) COMMENT 'handheld or other device that made the scan (IV-MTR bundle)',
    `scanEventCode` LowCardinality(String) COMMENT 'operation code of three digits, or event code of a package (IV-MTR)',
    `operationCode` LowCardinality(String) COMMENT 'operation code where the feed sends it apart from scanEventCode, three digits (MODS Handbook M-32)',
    `handlingEventType` LowCardinality(String) COMMENT 'A actual, S assumed, L logical (IV-MTR)',
    `mailClassDescription` LowCardinality(String) COMMENT 'class of mail in words (IV-MTR)',
    `predictedDeliveryDate` Nullable(Date) COMMENT 'predicted delivery date (IV-MTR); NULL where it is absent',
    `pieceKeyNotUnique` Bool COMMENT 'several pieces may share the piece key (reply mail)',
    `repairedBars` UInt8 COMMENT 'bars that were read wrongly or not at all, lost or too many, where imb was repaired from damaged bars; else 0',
    `repairConfidence` Float32 COMMENT 'probability that imb is what was printed, 0 to 1 in steps of 0.0001 rounded down, where it was repaired from damaged bars; else 0',
    `topic` LowCardinality(String) COMMENT 'Kafka topic from which the event was read',
    `partition` Int32 COMMENT 'Kafka partition of the message',
    `offset` Int64 COMMENT 'Kafka offset of the message',
    `index` UInt32 COMMENT 'place of the event within the message, from 0'
)
DEFINER = {{.Definer}} SQL SECURITY DEFINER
-- What is told of a piece's scans. To take apart the view scans, with its ninety expressions, takes the server longer than
-- to find the few rows of a piece.
AS SELECT
    `retention_class`,
    `slot`,
    `piece`,
    `pieceKey`,
    `scanDatetime`,
    `scanOffsetMinutes`,
    `object`,
    `scanLocaleKey`,
    `scanFacilityName`,
    `scanFacilityCity`,
    `scanFacilityState`,
    `scanFacilityZip`,
    `machineId`,
    `machineName`,
    `deviceId`,
    `scanEventCode`,
    `operationCode`,
    `handlingEventType`,
    `mailClassDescription`,
    nullIf(predictedDeliveryDate, toDate(0)) AS `predictedDeliveryDate`,
    bitTest(flags, 2)::Bool AS `pieceKeyNotUnique`,
    `repairedBars`,
    `repairConfidence`,
    `topic`,
    `partition`,
    `offset`,
    `index`
FROM {{table "scans"}}
WHERE {{visible "scans"}}
COMMENT 'Scan events in few columns, for the histories of single pieces: ask by piece. Nothing past its limit is visible.'
