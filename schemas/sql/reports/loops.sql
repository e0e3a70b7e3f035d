-- Pieces that came back to a facility which they had left
--
-- definition: loops counts how often a piece was seen again at a facility after another one had seen it: mail that was missorted, misrouted, or forwarded. path
--   are the facilities in their order.
-- unit: returns
-- source: actual scans of pieces with a key of their own (view scans)
-- complete: from complete_from of the classes of scans on (view retention_status)
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter limit UInt64 = 1000: at most so many rows
SELECT
    if(bitTest(piece, 63), otherKey, {{packedKey}}) AS pieceKey,
    if(bitTest(piece, 63), '', splitByChar('-', pieceKey)[2]) AS imbMid,
    length(path) - length(arrayDistinct(path)) AS loops,
    path,
    firstScan,
    lastScan
FROM
(
    SELECT
        piece,
        any(if(bitTest(piece, 63), pieceKey, '')) AS otherKey,
        min(scanDatetime) AS firstScan,
        max(scanDatetime) AS lastScan,
        arrayMap(scan -> scan.5, arraySort(groupArray((scanDatetime, partition, offset, index, scanLocaleKey)))) AS places,
        arrayFilter((place, i) -> i = 1 OR place != places[i - 1], places, arrayEnumerate(places)) AS path
    FROM {{view "scans"}}
    WHERE
        scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
        AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
        AND object IN ('imb', 'impb', 's10') AND NOT pieceKeyNotUnique AND handlingEventType IN ('', 'A') AND scanLocaleKey != ''
    GROUP BY piece
)
WHERE loops > 0
ORDER BY loops DESC, lastScan DESC, pieceKey
LIMIT {limit:UInt64}
