-- Delivery day by day of each job
--
-- definition: A piece of a job is delivered on the day, on the clock of the facility, of its first final scan (as in scan_rates). sinceStart are the days of the calendar
--   from the earliest start-the-clock date that the feed gives for the job. percent is the share of the job's pieces that were seen at all.
-- unit: pieces; days; percent to one decimal
-- source: view scans (edocJobId, startTheClockDate of the feed); codes from the table of operations (schemas/operation)
-- complete: from complete_from of the classes of scans on (view retention_status); a job that began before has lost its first scans
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter job Array(String) = []: only these jobs, by edocJobId; without any: all
-- parameter final Array(String) = @final_codes: codes of final machine runs and deliveries
-- parameter known Array(String) = @known_codes: all codes whose meaning is known
-- parameter limit UInt64 = 10000: at most so many rows
SELECT
    edocSubmitterCrid,
    edocJobId,
    day,
    if(start IS NULL, NULL, dateDiff('day', start, day)) AS sinceStart,
    delivered,
    soFar,
    pieces,
    round(100 * soFar / pieces, 1) AS percent
FROM
(
    SELECT
        edocSubmitterCrid,
        edocJobId,
        day,
        min(min(started)) OVER (PARTITION BY edocSubmitterCrid, edocJobId) AS start,
        count() AS delivered,
        sum(count()) OVER (PARTITION BY edocSubmitterCrid, edocJobId) AS pieces,
        -- Those without a day come last.
        sum(count()) OVER (PARTITION BY edocSubmitterCrid, edocJobId ORDER BY day NULLS LAST ROWS UNBOUNDED PRECEDING) AS soFar
    FROM
    (
        SELECT
            edocSubmitterCrid,
            edocJobId,
            min(startTheClockDate) AS started,
            if(max(final), argMinIf(toDate(scanLocalDatetime), (scanDatetime, partition, offset, index), final), NULL) AS day
        FROM
        (
            SELECT
                *,
                if(scanEventCode != '', scanEventCode, operationCode) AS code,
                has({final:Array(String)}, code) OR handlingEventType = 'L' AND NOT has({known:Array(String)}, code) AS final
            FROM {{view "scans"}}
            WHERE
                scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
                AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
                AND object IN ('imb', 'impb', 's10') AND NOT pieceKeyNotUnique AND handlingEventType IN ('', 'A', 'L')
                AND edocJobId != '' AND (empty({job:Array(String)}) OR has({job:Array(String)}, edocJobId))
        )
        GROUP BY edocSubmitterCrid, edocJobId, piece
    )
    GROUP BY edocSubmitterCrid, edocJobId, day
)
WHERE day IS NOT NULL
ORDER BY edocSubmitterCrid, edocJobId, day
LIMIT {limit:UInt64}
