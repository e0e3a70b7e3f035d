-- Machines: scans an hour, damaged reads, and cameras that degrade
--
-- definition: Actual scans by machine (machineId, else deviceId). An hour counts as worked where the machine made a scan in it. Damaged is the share of scans of
--   Intelligent Mail barcodes that had to be repaired from damaged bars. recent and before are that share after and before the moment since; change is the
--   difference in percentage points, and z how many standard errors of the difference it is, both taken as one share. A machine is degrading where its
--   share grew and z is at least threshold. The most striking come first. What could not be read at all is a reject, which bears no machine here
--   (view rejects_summary).
-- unit: scans; hours; scans an hour; percent to two decimals; percentage points
-- source: view scans (repairedBars)
-- complete: from complete_from of the classes of scans on (view retention_status)
-- parameter from DateTime('UTC') = 1970-01-01 00:00:00: scans from this moment on, UTC
-- parameter to DateTime('UTC') = 2100-01-01 00:00:00: scans before this moment, UTC
-- parameter since DateTime('UTC') = @yesterday: where recent begins, UTC
-- parameter facility Array(String) = []: only these facilities, by locale key; without any: all
-- parameter threshold Float64 = 4: from which z on a machine is called degrading
-- parameter limit UInt64 = 1000: at most so many rows
SELECT
    scanLocaleKey,
    facility,
    machine,
    scans,
    hours,
    round(scans / hours) AS hourly,
    reads,
    repaired,
    round(100 * repaired / greatest(reads, 1), 2) AS damaged,
    readsBefore,
    repairedBefore,
    round(100 * shareBefore, 2) AS before,
    round(100 * shareRecent, 2) AS recent,
    round(100 * (shareRecent - shareBefore), 2) AS change,
    if(error = 0, 0, round((shareRecent - shareBefore) / error, 1)) AS z,
    (change > 0 AND z >= {threshold:Float64})::Bool AS degrading
FROM
(
    SELECT
        scanLocaleKey,
        any(scanFacilityName) AS facility,
        if(machineId != '', machineId, deviceId) AS machine,
        count() AS scans,
        uniqExact(toStartOfHour(scanDatetime)) AS hours,
        countIf(object = 'imb') AS reads,
        countIf(repairedBars > 0) AS repaired,
        countIf(object = 'imb' AND scanDatetime < {since:DateTime('UTC')}) AS readsBefore,
        countIf(repairedBars > 0 AND scanDatetime < {since:DateTime('UTC')}) AS repairedBefore,
        repairedBefore / greatest(readsBefore, 1) AS shareBefore,
        (repaired - repairedBefore) / greatest(reads - readsBefore, 1) AS shareRecent,
        repaired / greatest(reads, 1) AS share,
        if(readsBefore = 0 OR reads = readsBefore, 0, sqrt(share * (1 - share) * (1 / readsBefore + 1 / (reads - readsBefore)))) AS error
    FROM {{view "scans"}}
    WHERE
        scanDatetime >= {from:DateTime('UTC')} AND scanDatetime < {to:DateTime('UTC')}
        AND handlingEventType IN ('', 'A') AND (machineId != '' OR deviceId != '')
        AND (empty({facility:Array(String)}) OR has({facility:Array(String)}, scanLocaleKey))
    GROUP BY scanLocaleKey, machine
)
ORDER BY degrading DESC, z DESC, scans DESC, scanLocaleKey, machine
LIMIT {limit:UInt64}
