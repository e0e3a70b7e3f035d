-- Of the pieces first seen at a facility, how many have a final scan
--
-- definition: A piece counts at the facility of its first scan. It has a final scan where one of its codes is a final machine run, a delivery or an
--   attempt (parameter final), or where an event is logical and its code is not known. Handling units, containers and keys that several pieces may
--   share are left out; assumed events make no piece seen.
-- unit: pieces; percent to one decimal
-- source: view scans; names from the USPS facility file; codes from the table of operations (schemas/operation)
-- complete: from complete_from of the classes of scans on (view retention_status); pieces of the last days are still under way
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter final Array(String) = @final_codes: codes of final machine runs and deliveries
-- parameter known Array(String) = @known_codes: all codes whose meaning is known
-- parameter limit UInt64 = 10000: at most so many rows
SELECT
    first.1 AS firstLocaleKey,
    any(place.name) AS facility,
    first.2 AS class,
    first.3 AS shape,
    count() AS pieces,
    countIf(final) AS finals,
    pieces - finals AS missing,
    round(100 * finals / pieces, 1) AS percent
FROM
(
    SELECT
        argMin((scanLocaleKey, mailClassDescription, mailShapeDescription), (scanDatetime, partition, offset, index)) AS first,
        max(has({final:Array(String)}, code) OR handlingEventType = 'L' AND NOT has({known:Array(String)}, code)) AS final
    FROM
    (
        SELECT *, if(scanEventCode != '', scanEventCode, operationCode) AS code
        FROM {{view "scans"}}
        WHERE
            scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
            AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
            AND object IN ('imb', 'impb', 's10') AND NOT pieceKeyNotUnique AND handlingEventType IN ('', 'A', 'L')
    )
    GROUP BY piece
) AS seen
LEFT JOIN {{view "facilities"}} AS place ON place.localeKey = seen.first.1
GROUP BY firstLocaleKey, class, shape
ORDER BY missing DESC, pieces DESC, firstLocaleKey, class, shape
LIMIT {limit:UInt64}
