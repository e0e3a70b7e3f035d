SELECT table, countIf(active) AS parts, sumIf(rows, active) AS rows, sumIf(bytes_on_disk, active) AS bytes, max(in_partition) AS most_parts
FROM
(
    SELECT table, active, rows, bytes_on_disk, countIf(active) OVER (PARTITION BY table, partition_id) AS in_partition
    FROM system.parts
    WHERE database = {{text .Data}}
)
GROUP BY table
ORDER BY table
