-- An identity is offset and index: 24 bits are room for every index, since a message of 16 MiB holds fewer events.
SELECT topic, partition, retention_class, toInt64(toUnixTimestamp(slot)) AS slot_start, count() AS rows,
    uniqExact(bitShiftLeft(toUInt64(offset), 24) + index) AS identities
FROM {{table "scans"}}
WHERE {{visible "scans"}}
GROUP BY topic, partition, retention_class, slot
ORDER BY topic, partition, retention_class, slot
SETTINGS max_bytes_before_external_group_by = 500000000
