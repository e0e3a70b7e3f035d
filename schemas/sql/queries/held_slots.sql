-- What lies in each partition of the base tables and of the server's own logs, in active parts. A part that the server's own expiry
-- emptied stays active for a while; nothing lies in it. divided is how many seconds a partition spans where it is numbered, else 0.
SELECT database = 'system' AS own, parts.table AS table, partition, sum(rows) AS rows, sum(bytes_on_disk) AS bytes,
    toInt64OrZero(extract(any(partition_key), '^intDiv\\(toUnixTimestamp\\(event_time\\), (\\d+)\\)$')) AS divided
FROM system.parts AS parts
INNER JOIN (SELECT database AS of_database, name AS of_table, partition_key FROM system.tables) AS tables ON of_database = database AND of_table = parts.table
WHERE active AND database IN ({{text .Data}}, 'system')
GROUP BY own, table, partition
HAVING rows > 0
ORDER BY own, table, partition
