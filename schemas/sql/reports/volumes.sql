-- Scans a day by facility, class and shape of mail
--
-- definition: Scan events and different piece keys, by the day on the clock of the facility. Actual, assumed and logical events are counted apart.
-- unit: events; pieces
-- source: view scans
-- complete: from complete_from of the classes of scans on (view retention_status); later days grow while late scans come in
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter mid Array(String) = []: only pieces of these mailer identifiers; without any: of all
-- parameter facility Array(String) = []: only these facilities, by locale key; without any: all
-- parameter limit UInt64 = 10000: at most so many rows
SELECT
    toDate(scanLocalDatetime) AS day,
    scanLocaleKey,
    any(scanFacilityName) AS facility,
    mailClassDescription,
    mailShapeDescription,
    countIf(handlingEventType IN ('', 'A')) AS actual,
    countIf(handlingEventType = 'S') AS assumed,
    countIf(handlingEventType = 'L') AS logical,
    count() - actual - assumed - logical AS other,
    uniqExact(piece) AS pieces
FROM {{view "scans"}}
WHERE
    scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
    AND (empty({mid:Array(String)}) OR has({mid:Array(String)}, imbMid))
    AND (empty({facility:Array(String)}) OR has({facility:Array(String)}, scanLocaleKey))
GROUP BY day, scanLocaleKey, mailClassDescription, mailShapeDescription
ORDER BY day, actual DESC, scanLocaleKey, mailClassDescription, mailShapeDescription
LIMIT {limit:UInt64}
