-- Where days are lost: legs between facilities, ranked
--
-- definition: A leg is the way of a piece from one facility to the next that saw it, from its first scan there to its first scan here: its time at the
--   first and the transport. lost is what its pieces took longer than the leg's median, summed; pieces that were faster make up for nothing. delayed
--   are those that took at least the parameter delay longer. worstDay is the day (UTC) of the first scan on which most was lost. A facility that loses
--   time makes all legs that begin there longer than they were: a leg that is always slow has a slow median and loses nothing here.
-- unit: pieces; hours to one decimal; days of 24 hours to two decimals
-- source: actual scans of pieces with a key of their own (view scans); names from the USPS facility file
-- complete: from complete_from of the classes of scans on (view retention_status); a leg is known once its second facility has seen the piece
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter delay UInt32 = 86400: from how many seconds beyond the median on a piece is called delayed
-- parameter longest UInt32 = 864000: legs of a piece that took more seconds are left out: it is a serial number used again, or a barcode read wrongly
-- parameter pieces UInt64 = 10: legs of fewer pieces are left out
-- parameter limit UInt64 = 100: at most so many rows
SELECT
    origin,
    here.name AS originFacility,
    destination,
    there.name AS destinationFacility,
    length(took) AS pieces,
    round(median / 3600, 1) AS medianHours,
    round(arrayElement(arraySort(took), toUInt64(intDiv(9 * length(took), 10)) + 1) / 3600, 1) AS p90Hours,
    round(arraySum(seconds -> greatest(seconds - median, 0), took) / 86400, 2) AS lostDays,
    arrayCount(seconds -> seconds >= median + {delay:UInt32}, took) AS delayed,
    arraySort(day -> (-arraySum((began, seconds) -> if(began = day, greatest(seconds - median, 0), 0), days, took), day), arrayDistinct(days))[1] AS worstDay
FROM
(
    SELECT
        leg.1 AS origin,
        leg.2 AS destination,
        groupArray(leg.4) AS took,
        quantileExact(0.5)(leg.4) AS median,
        groupArray(toDate(leg.3)) AS days
    FROM
    (
        SELECT arrayJoin(arrayMap(i -> (visits[i].5, visits[i + 1].5, visits[i].1,
            toInt64(dateDiff('second', visits[i].1, visits[i + 1].1))), range(1, length(visits)))) AS leg
        FROM
        (
            SELECT
                arraySort(groupArray((scanDatetime, partition, offset, index, scanLocaleKey))) AS seen,
                arrayFilter((scan, i) -> i = 1 OR scan.5 != seen[i - 1].5, seen, arrayEnumerate(seen)) AS visits
            FROM {{view "scans"}}
            WHERE
                scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
                AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
                AND object IN ('imb', 'impb', 's10') AND NOT pieceKeyNotUnique AND handlingEventType IN ('', 'A') AND scanLocaleKey != ''
            GROUP BY piece
        )
    )
    WHERE leg.4 <= {longest:UInt32}
    GROUP BY origin, destination
) AS legs
LEFT JOIN {{view "facilities"}} AS here ON here.localeKey = legs.origin
LEFT JOIN {{view "facilities"}} AS there ON there.localeKey = legs.destination
WHERE length(took) >= {pieces:UInt64}
ORDER BY lostDays DESC, pieces DESC, origin, destination
LIMIT {limit:UInt64}
