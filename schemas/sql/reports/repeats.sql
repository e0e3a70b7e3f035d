-- Scans of one operation in succession, by facility and code
--
-- definition: A scan is a repeat where the scan of the piece before it was made at the same facility under the same code. Some are normal, such as sorting for post
--   office boxes; a share far above the others' is a tray that runs twice, or a machine that rejects.
-- unit: scans; percent to one decimal
-- source: actual scans of pieces with a key of their own (view scans); names from the USPS facility file
-- complete: from complete_from of the classes of scans on (view retention_status)
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter limit UInt64 = 1000: at most so many rows
SELECT
    scan.1 AS scanLocaleKey,
    any(place.name) AS facility,
    scan.2 AS code,
    count() AS scans,
    countIf(scan.3) AS repeats,
    round(100 * repeats / scans, 1) AS percent
FROM
(
    SELECT
        arraySort(groupArray((scanDatetime, partition, offset, index, scanLocaleKey, if(scanEventCode != '', scanEventCode, operationCode)))) AS seen,
        arrayJoin(arrayMap((scan, i) -> (scan.5, scan.6, i > 1 AND scan.5 = seen[i - 1].5 AND scan.6 = seen[i - 1].6), seen, arrayEnumerate(seen))) AS scan
    FROM {{view "scans"}}
    WHERE
        scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
        AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
        AND object IN ('imb', 'impb', 's10') AND NOT pieceKeyNotUnique AND handlingEventType IN ('', 'A') AND scanLocaleKey != ''
        AND (scanEventCode != '' OR operationCode != '')
    GROUP BY piece
) AS each
LEFT JOIN {{view "facilities"}} AS place ON place.localeKey = each.scan.1
GROUP BY scanLocaleKey, code
HAVING repeats > 0
ORDER BY repeats DESC, scanLocaleKey, code
LIMIT {limit:UInt64}
