-- The rows of the ids in the external table wanted. since is the earliest at, Unix milliseconds; it also rules out older slots.
SELECT id, part, parts, places, topic, partition, offset, toUnixTimestamp64Milli(at) AS at, device,
    stored, duplicate, rejected, expired, reasons, msgGrpId, msgSerNbr, totMsgCnt
FROM {{table "batches"}}
WHERE id IN (SELECT key FROM wanted)
    AND ({topic:String} = '' OR topic = {topic:String})
    AND at >= fromUnixTimestamp64Milli({since:Int64})
    AND slot > fromUnixTimestamp64Milli({since:Int64}) - toIntervalSecond({{slotSeconds "batches"}})
ORDER BY id, topic, partition, offset
