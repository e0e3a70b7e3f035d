-- Serial numbers that seem to be on more than one piece
--
-- definition: A mailer identifier and serial number is to be used once in 45 days within a class of mail. It was used more often where its scans bear different
--   routing codes (barcodes that the post made for redirected pieces, 93, aside), different service types of one class, or different jobs. Two pieces with
--   the same routing code, service type and job cannot be told from one by their scans.
-- unit: number of different routing codes, service types and jobs
-- source: view scans
-- complete: from complete_from of the classes of scans on (view retention_status), which is less than 45 days: what was used before that is seen only in documentation
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter limit UInt64 = 1000: at most so many rows
SELECT
    if(bitTest(piece, 63), otherKey, {{packedKey}}) AS pieceKey,
    if(bitTest(piece, 63), '', splitByChar('-', pieceKey)[2]) AS imbMid,
    routingCodes,
    serviceTypes,
    jobs,
    scans,
    firstScan,
    lastScan
FROM
(
    SELECT
        piece,
        any(if(bitTest(piece, 63), pieceKey, '')) AS otherKey,
        uniqExactIf(imbRoutingCode, imbRoutingCode != '' AND imbBarcodeId != '93') AS routingCodes,
        uniqExact(imbStid) AS serviceTypes,
        uniqExactIf((edocSubmitterCrid, edocJobId), edocJobId != '') AS jobs,
        count() AS scans,
        min(scanDatetime) AS firstScan,
        max(scanDatetime) AS lastScan
    FROM {{view "scans"}}
    WHERE
        scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
        AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
        AND object = 'imb' AND NOT pieceKeyNotUnique
    GROUP BY piece
)
WHERE routingCodes > 1 OR serviceTypes > 1 OR jobs > 1
ORDER BY scans DESC, pieceKey
LIMIT {limit:UInt64}
