-- Scans that no documentation matches
--
-- definition: Events of Intelligent Mail barcodes that bear no job of electronic documentation (edocJobId), by mailer identifier. They are kept for as long as
--   all scans are, and match when the feed sends them with a job, or when documentation comes in.
-- unit: events; pieces; percent of the mailer's events to one decimal
-- source: view scans
-- complete: from complete_from of the classes of scans on (view retention_status)
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter limit UInt64 = 1000: at most so many rows
SELECT
    imbMid,
    countIf(edocJobId = '') AS unmatched,
    round(100 * unmatched / count(), 1) AS percent,
    uniqExactIf(piece, edocJobId = '') AS pieces,
    minIf(scanDatetime, edocJobId = '') AS oldest,
    maxIf(scanDatetime, edocJobId = '') AS newest
FROM {{view "scans"}}
WHERE
    scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
    AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
    AND object = 'imb' AND imbMid != ''
GROUP BY imbMid
HAVING unmatched > 0
ORDER BY unmatched DESC, imbMid
LIMIT {limit:UInt64}
