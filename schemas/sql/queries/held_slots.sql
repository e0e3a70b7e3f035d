-- What lies in each partition of the base tables and of the server's own logs, in active parts.
SELECT database = 'system' AS own, table, partition, sum(rows) AS rows, sum(bytes_on_disk) AS bytes
FROM system.parts
WHERE active AND database IN ({{text .Data}}, 'system')
GROUP BY own, table, partition
ORDER BY own, table, partition
