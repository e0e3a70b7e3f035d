-- Where an image lies and what is known of it, while its slot is not due. The slot is that of its capture, or a little earlier
-- where the machine's clock is ahead.
SELECT *
FROM {{table "images"}}
WHERE id = unhex({id:String}) AND slot BETWEEN toDateTime({from:Int64}, 'UTC') AND toDateTime({until:Int64}, 'UTC') AND {{visible "images"}}
ORDER BY topic, partition, offset
LIMIT 1
