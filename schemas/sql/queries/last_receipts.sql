SELECT partition, max(last)
FROM {{table "blocks"}}
WHERE topic = {topic:String}
GROUP BY partition
