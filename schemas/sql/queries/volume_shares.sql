-- What volumes lacks of one slot of scans, by its keys; below 0 where it counts too much. A sum that was brought down is
-- stored as its complement to 2^64, which is how sums of UInt64 wrap.
SELECT toInt64(toUnixTimestamp(hour)) AS hour_start, scanLocaleKey, scanEventCode, object, toInt64(sum(held) - sum(counted)) AS lacking
FROM
(
    SELECT toStartOfHour(scanDatetime) AS hour, scanLocaleKey, scanEventCode, object, count() AS held, toUInt64(0) AS counted
    FROM {{table "scans"}}
    WHERE retention_class = {class:String} AND slot = toDateTime({slot:Int64}, 'UTC')
    GROUP BY hour, scanLocaleKey, scanEventCode, object
    UNION ALL
    SELECT hour, scanLocaleKey, scanEventCode, object, toUInt64(0) AS held, events AS counted
    FROM {{table "volumes"}}
    WHERE retention_class = {class:String} AND slot = toDateTime({slot:Int64}, 'UTC')
)
GROUP BY hour, scanLocaleKey, scanEventCode, object
HAVING lacking != 0
ORDER BY hour, scanLocaleKey, scanEventCode, object
