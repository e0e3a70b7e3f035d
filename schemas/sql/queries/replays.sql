-- The rows of the origins in the external table wanted.
SELECT origin, topic, partition, offset, toUnixTimestamp64Milli(at) AS at
FROM {{table "replays"}}
WHERE origin IN (SELECT key FROM wanted) AND {{visible "replays"}}
ORDER BY origin, topic, partition, offset
