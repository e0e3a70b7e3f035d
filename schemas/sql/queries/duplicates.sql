-- Identities that stand more than once within a range of offsets.
SELECT offset, index, count() AS copies
FROM {{table .Rows}}
WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset BETWEEN {first:Int64} AND {last:Int64}
GROUP BY offset, index
HAVING copies > 1
ORDER BY offset, index
LIMIT {limit:UInt64}
SETTINGS max_bytes_before_external_group_by = 500000000
