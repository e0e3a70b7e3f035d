-- The receipts whose rows are not what they say, by class and slot. Each row of scans finds its receipt by an ASOF JOIN, which
-- keeps the receipts of one partition sorted in memory and reads scans once. Rows in no receipt come with covered = 0, under
-- the offset where the gap begins. Blocks and scans at offset before and behind it count on neither side, nor do slots that are due. An identity is packed as in row_counts.sql.
SELECT begin, covered, class, slot_start, sum(said) AS expected, sum(found) AS rows, sum(singles) AS identities
FROM
(
    SELECT first AS begin, 1 AS covered, retention_class AS class, toInt64(toUnixTimestamp(slot)) AS slot_start, said, 0 AS found, 0 AS singles
    FROM
    (
        SELECT first, part.class AS retention_class, part.slot AS slot, part.rows AS said
        FROM (SELECT first, slots.class, slots.slot, slots.rows FROM {{table "blocks"}} WHERE topic = {topic:String} AND partition = {partition:Int32} AND first < {before:Int64})
        ARRAY JOIN slots.class AS `part.class`, slots.slot AS `part.slot`, slots.rows AS `part.rows`
    )
    WHERE {{visible .Rows}}
    UNION ALL
    SELECT multiIf(known = 0, 0, offset <= last, first, last + 1) AS begin, known = 1 AND offset <= last AS covered,
        retention_class AS class, toInt64(toUnixTimestamp(slot)) AS slot_start,
        0 AS said, count() AS found, uniqExact(bitShiftLeft(toUInt64(offset), 24) + index) AS singles
    FROM
    (
        SELECT partition, offset, index, retention_class, slot
        FROM {{table .Rows}}
        WHERE topic = {topic:String} AND partition = {partition:Int32} AND offset < {before:Int64} AND {{visible .Rows}}
    ) AS scan
    ASOF LEFT JOIN
    (
        SELECT partition, first, last, 1 AS known
        FROM {{table "blocks"}}
        WHERE topic = {topic:String} AND partition = {partition:Int32} AND first < {before:Int64}
    ) AS block
    ON scan.partition = block.partition AND scan.offset >= block.first
    GROUP BY begin, covered, class, slot_start
)
GROUP BY begin, covered, class, slot_start
HAVING expected != rows OR rows != identities
ORDER BY begin, covered, class, slot_start
SETTINGS max_bytes_before_external_group_by = 500000000
