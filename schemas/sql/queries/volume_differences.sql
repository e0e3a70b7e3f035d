-- Slots in which volumes does not count what scans holds.
SELECT retention_class, toInt64(toUnixTimestamp(slot)) AS slot_start, sum(held) AS rows, sum(counted) AS volume
FROM
(
    SELECT retention_class, slot, count() AS held, 0 AS counted FROM {{table "scans"}} WHERE {{visible "scans"}} GROUP BY retention_class, slot
    UNION ALL
    SELECT retention_class, slot, 0 AS held, sum(events) AS counted FROM {{table "volumes"}} WHERE {{visible "volumes"}} GROUP BY retention_class, slot
)
GROUP BY retention_class, slot
HAVING rows != volume
ORDER BY retention_class, slot
