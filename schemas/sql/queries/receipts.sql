SELECT topic, partition, first, last, toUnixTimestamp64Milli(at) AS at, epoch, events, control, aborted,
    `outcomes.class`, `outcomes.outcome`, `outcomes.reason`, `outcomes.events`,
    `slots.class`, arrayMap(s -> toInt64(toUnixTimestamp(s)), `slots.slot`) AS slots, `slots.rows`
FROM {{table "blocks"}}
WHERE topic = {topic:String} AND partition = {partition:Int32}
ORDER BY first, last
