-- Where the scans of a range of offsets lie, in slots that are not due. A position that stands more than once comes once.
SELECT offset, index, any(retention_class) AS class, toInt64(toUnixTimestamp(any(slot))) AS slot_start
FROM
(
    SELECT offset, index, retention_class, slot
    FROM {{table .Rows}}
    WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset BETWEEN {first:Int64} AND {last:Int64} AND {{visible .Rows}}
)
GROUP BY offset, index
ORDER BY offset, index
SETTINGS max_bytes_before_external_group_by = 500000000
