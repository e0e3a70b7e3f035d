-- What is told of the scans of the pieces in the external table wanted (piece UInt64: event.PieceNumber of the key), newest
-- first. A number may be a hash: who asks compares the keys. It reads the base table under the views' own predicate:
-- to take apart the view, with its ninety expressions, takes the server longer than to find the scans.
SELECT
    retention_class,
    slot,
    pieceKey,
    scanDatetime,
    scanOffsetMinutes,
    object,
    scanLocaleKey,
    scanFacilityName,
    scanFacilityCity,
    scanFacilityState,
    scanFacilityZip,
    machineId,
    machineName,
    deviceId,
    scanEventCode,
    operationCode,
    handlingEventType,
    mailClassDescription,
    nullIf(predictedDeliveryDate, toDate(0)) AS predictedDeliveryDate,
    bitTest(flags, 2) AS pieceKeyNotUnique
FROM {{table "scans"}}
WHERE piece IN (SELECT piece FROM wanted) AND {{visible "scans"}}
ORDER BY scanDatetime DESC, topic, partition, offset DESC, index DESC
