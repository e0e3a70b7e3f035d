-- Pieces without a final scan that are late or at risk
--
-- definition: A piece is late where the predicted delivery date of its newest event that has one lies before the day and it has no final scan (as in
--   scan_rates); it is at risk where that date is the day or the day after and no machine of its destination has seen it (parameter destination).
--   Pieces without a predicted date are not judged.
-- unit: days after the predicted date, days of the calendar
-- source: view scans (predictedDeliveryDate of the feed); names from the USPS facility file; codes from the table of operations (schemas/operation)
-- complete: from complete_from of the classes of scans on (view retention_status); of a piece whose scans were destroyed nothing is known
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter day Date = @today: the day on which it is asked
-- parameter final Array(String) = @final_codes: codes of final machine runs and deliveries
-- parameter destination Array(String) = @destination_codes: codes of processing at the destination and of delivery
-- parameter known Array(String) = @known_codes: all codes whose meaning is known
-- parameter limit UInt64 = 1000: at most so many rows
SELECT
    if(bitTest(piece, 63), otherKey, {{packedKey}}) AS pieceKey,
    if(bitTest(piece, 63), '', splitByChar('-', pieceKey)[2]) AS imbMid,
    job AS edocJobId,
    if(predicted < {day:Date}, 'late', 'at risk') AS state,
    predicted AS predictedDeliveryDate,
    greatest(dateDiff('day', predicted, {day:Date}), 0) AS daysLate,
    if(seen, last.1, NULL) AS lastScan,
    last.2 AS lastLocaleKey,
    place.name AS lastFacility,
    last.3 AS lastCode
FROM
(
    SELECT
        piece,
        any(if(bitTest(piece, 63), pieceKey, '')) AS otherKey,
        max(edocJobId) AS job,
        argMax(predictedDeliveryDate, (scanDatetime, partition, offset, index)) AS predicted,
        max(handlingEventType IN ('', 'A')) AS seen,
        argMaxIf((scanDatetime, scanLocaleKey, code), (scanDatetime, partition, offset, index), handlingEventType IN ('', 'A')) AS last,
        max(has({final:Array(String)}, code) AND handlingEventType != 'S' OR handlingEventType = 'L' AND NOT has({known:Array(String)}, code)) AS final,
        max(has({destination:Array(String)}, code) AND handlingEventType != 'S') AS arrived
    FROM
    (
        SELECT *, if(scanEventCode != '', scanEventCode, operationCode) AS code
        FROM {{view "scans"}}
        WHERE
            scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
            AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
            AND object IN ('imb', 'impb', 's10') AND NOT pieceKeyNotUnique
    )
    GROUP BY piece
    HAVING NOT final AND predicted IS NOT NULL AND (predicted < {day:Date} OR predicted <= {day:Date} + 1 AND NOT arrived)
) AS missing
LEFT JOIN {{view "facilities"}} AS place ON place.localeKey = missing.last.2
ORDER BY daysLate DESC, predicted, pieceKey
LIMIT {limit:UInt64}
